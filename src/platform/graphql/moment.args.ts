import { ArgsType, Field } from 'type-graphql';
import type { AskedMoment } from '../moment.js';

/** The moments that what is read may be asked as of. */
@ArgsType()
export class MomentArgs implements AskedMoment {
  @Field(() => Date, { nullable: true, description: 'As the database knew it then, and so all fields beneath: only what had been recorded, before any later correction. Not in the future.' })
  asOf?: Date | null;

  @Field(() => Date, { nullable: true, description: 'As it was in the world then, and so all fields beneath: only what was true by then, as it is known now, or was known at `asOf`. Predictions and what people decide are true from when they are recorded. Not in the future.' })
  effectiveAt?: Date | null;
}
