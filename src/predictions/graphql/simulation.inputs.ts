import { ArrayMaxSize, ArrayMinSize } from 'class-validator';
import { Field, InputType, ObjectType } from 'type-graphql';
import { AttributeValue } from '../../platform/index.js';
import type { GatheredValue } from '../../scoring/index.js';
import { PredictionType } from '../history/prediction.types.js';
import { MOST_CHANGES } from '../simulation/changes.js';
import { ScoreLoanInput } from './scoring.inputs.js';

@InputType({ description: 'One changed value of a what-if.' })
export class LoanChangeInput {
  @Field(() => String, { description: 'What is changed: `loan.<field>`, `customer.<field>` or `repayments[<period>].<field>` with period 0 the newest; or the name of a feature that is such a field. The live version must look at it.' })
  path!: string;

  @Field(() => AttributeValue, { nullable: true, description: 'The value instead; null for missing. Amounts are in the currency of the loan.' })
  value?: GatheredValue;
}

@InputType({ description: 'A loan with changed values.' })
export class SimulateLoanInput extends ScoreLoanInput {
  @ArrayMinSize(1, { message: 'changes: name at least one.' })
  @ArrayMaxSize(MOST_CHANGES, { message: `changes: at most ${MOST_CHANGES}.` })
  @Field(() => [LoanChangeInput], { description: `What is changed, 1 to ${MOST_CHANGES}, in order; each is made upon those before it.` })
  changes!: LoanChangeInput[];
}

@ObjectType({ description: 'A what-if that was scored.', simpleResolvers: true })
export class SimulateLoanPayload {
  @Field(() => PredictionType, { description: 'The recorded what-if: what the model says after all changes, and in `simulation` the way there. Its status may be REFUSED or FAILED.' }) prediction!: PredictionType;
}
