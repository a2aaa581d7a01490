import { GraphQLScalarType } from 'graphql';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node, type Moment } from '../../platform/index.js';
import type { InputValue } from '../../scoring/index.js';
import type { PredictionRow } from './prediction.queries.js';

export enum PredictionPurpose {
  ORIGINATION = 'ORIGINATION',
  ACCOUNT_REVIEW = 'ACCOUNT_REVIEW',
  WHAT_IF = 'WHAT_IF',
}
registerEnumType(PredictionPurpose, {
  name: 'PredictionPurpose',
  description: 'What a prediction is for.',
  valuesConfig: {
    ORIGINATION: { description: 'To decide an application.' },
    ACCOUNT_REVIEW: { description: 'To review a loan on the book.' },
    WHAT_IF: { description: 'A simulation over changed values; never a decision.' },
  },
});

export enum Status {
  SCORED = 'SCORED',
  REFUSED = 'REFUSED',
  FAILED = 'FAILED',
}
registerEnumType(Status, {
  name: 'PredictionStatus',
  description: 'What became of an act of scoring. All of them are recorded.',
  valuesConfig: {
    SCORED: { description: 'There is a PD and, unless it is a what-if, a decision.' },
    REFUSED: { description: 'A rule said no: no live model, a suspended one, missing or impossible inputs. `problem` says which.' },
    FAILED: { description: 'The model could not be run. `problem` says why.' },
  },
});

export enum DecisionValue {
  APPROVE = 'APPROVE',
  REFER = 'REFER',
  DECLINE = 'DECLINE',
}
registerEnumType(DecisionValue, {
  name: 'Decision',
  description: "What the version's decision policy says.",
  valuesConfig: {
    APPROVE: { description: 'PD below the approval line.' },
    REFER: { description: 'To be decided by a person.' },
    DECLINE: { description: 'PD at or above the decline line.' },
  },
});

export const InputValueScalar = new GraphQLScalarType<InputValue, InputValue>({
  name: 'InputValue',
  description: 'The raw value of a model input: a string, number, boolean or null; a list of them, newest first, for a sequence.',
  serialize: (value) => value as InputValue,
});

@ObjectType({ description: 'A principal reason, in the order of its weight.', simpleResolvers: true })
export class PredictionReason {
  @Field(() => String, { description: 'Stable reason code.' }) code!: string;
  @Field(() => String, { description: 'The reason as the applicant was told it, with their value and what is typical of approved applicants.' }) text!: string;
  @Field(() => String, { description: 'The feature behind it.' }) feature!: string;
}

@ObjectType({ description: 'A model input as it was recorded.', simpleResolvers: true })
export class PredictionInput {
  @Field(() => String, { description: "The feature's name in the version's feature schema." }) name!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => InputValueScalar, { nullable: true, description: 'The raw value, before any transform.' }) value!: InputValue;
  @Field(() => String, { nullable: true, description: 'Unit of the value.' }) unit!: string | null;
  @Field(() => String, { description: 'Where the value came from: a path into the gathered record.' }) source!: string;
  @Field(() => [String], { description: 'What was unusual: MISSING, SENTINEL, OUT_OF_RANGE, UNKNOWN_CATEGORY.' }) flags!: readonly string[];
}

@ObjectType({ description: "A feature's share of the difference in log-odds between this applicant and the reference set.", simpleResolvers: true })
export class Attribution {
  @Field(() => String, { description: "The feature's name." }) feature!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => Float, { description: 'Log-odds; positive pushes toward default.' }) contribution!: number;
  @Field(() => Float, { nullable: true, description: 'Standard error of the contribution, where the method samples.' }) standardError!: number | null;
}

@ObjectType({ description: 'Why the PD is what it is. baselineLogit + Σ contribution + residual = logit.', simpleResolvers: true })
export class PredictionExplanation {
  @Field(() => String, { description: 'How the attributions were computed.' }) method!: string;
  @Field(() => String, { description: 'SHA-256 of the reference set: approved applicants near the line, stored with the version.' }) referenceSet!: string;
  @Field(() => Float, { description: 'Mean log-odds of the reference set.' }) baselineLogit!: number;
  @Field(() => Float, { description: "The applicant's log-odds." }) logit!: number;
  @Field(() => Float, { description: 'What the attributions leave unexplained, in log-odds.' }) residual!: number;
  @Field(() => [Attribution], { description: 'One for each feature, in the order of the feature schema.' }) attributions!: Attribution[];
}

@ObjectType({ description: 'How unlike the applicants of the training data this one is, all values together.', simpleResolvers: true })
export class PredictionNovelty {
  @Field(() => Float, { description: 'Mahalanobis distance to the mean applicant of the training data.' }) distance!: number;
  @Field(() => Float, { description: 'From here on an applicant counts as novel: hardly any of the training data lay further off.' }) threshold!: number;
  @Field(() => Boolean, { description: 'Whether the distance is above the threshold. A policy may send novel applicants to a person.' }) novel!: boolean;
}

@ObjectType({ description: 'Why there is no score.', simpleResolvers: true })
export class PredictionProblem {
  @Field(() => String, { description: 'Stable code, e.g. NO_MODEL.' }) code!: string;
  @Field(() => String, { description: 'What is wrong, where, and what to do.' }) message!: string;
}

@ObjectType({ description: 'The stored record itself.', simpleResolvers: true })
export class PredictionRecordType {
  @Field(() => String, { description: 'The decrypted body, RFC 8785 canonical JSON (docs/record-format.md).' }) canonical!: string;
  @Field(() => String, { description: 'SHA-256 of the stored ciphertext, as in the audit leaf.' }) sha256!: string;
  @Field(() => String, { description: 'HMAC of all that the record holds under the secret inside it, as in the audit leaf; in records of format 1 of inputs, outputs and explanation.' }) commitment!: string;
}

@ObjectType('Prediction', { description: 'One act of scoring, successful or not.', implements: Node, simpleResolvers: true })
export class PredictionType extends Node {
  readonly row!: PredictionRow;
  /** As of when it is told, and so all that hangs on it. */
  readonly moment!: Moment;
  @Field(() => Status, { description: 'What became of it.' }) status!: Status;
  @Field(() => PredictionPurpose, { description: 'What it was for.' }) purpose!: PredictionPurpose;
  @Field(() => DecisionValue, { nullable: true, description: "What was decided: the policy's answer, or REFER where the model is stopped or must refer. Null for a what-if and of a challenger, which decide nothing." }) decision!: DecisionValue | null;
  @Field(() => String, { nullable: true, description: 'Band of PD.' }) grade!: string | null;
  @Field(() => Float, { nullable: true, description: 'Probability of default over the horizon of the model. Two significant digits, unless you may see predictions in full.' }) pd!: number | null;
  @Field(() => Float, { nullable: true, description: '600 points at odds 1:19, 50 points to double the odds. To the nearest 10, unless you may see predictions in full.' }) scorePoints!: number | null;
  @Field(() => Date, { description: "As of when the loan's facts counted." }) asOf!: Date;
  @Field(() => Date, { description: 'When it was recorded.' }) createdAt!: Date;
  @Field(() => String, { nullable: true, description: "The caller's idempotency key; of what a challenger said see the prediction that decided." }) requestId!: string | null;
}

@ObjectType({ description: 'Who acted.', simpleResolvers: true })
export class PredictionActor {
  @Field(() => ID, { description: 'Their id as a User.' }) id!: string;
  @Field(() => String, { description: 'Name of the person or service.' }) name!: string;
  @Field(() => String, { description: 'The roles that their token carried then, as recorded; empty where the customer was erased.' }) role!: string;
}

@ObjectType({ description: 'The recorded predictions of a version against the outcomes that are known since.', simpleResolvers: true })
export class VersionPerformance {
  @Field(() => Int, { description: 'Loans with a scored prediction and a known outcome; the newest prediction of each counts.' }) loans!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) defaults!: number;
  @Field(() => Float, { description: 'Area under the ROC curve.' }) auc!: number;
  @Field(() => Float, { description: '2·AUC − 1.' }) gini!: number;
  @Field(() => Float, { description: 'Largest distance between the score distributions of bad and good.' }) ks!: number;
  @Field(() => Float, { description: 'Mean squared error of the PD.' }) brier!: number;
  @Field(() => Float, { description: 'Share of true defaults among those at or above the approval line, approveBelow, as in the dossier.' }) precision!: number;
  @Field(() => Float, { description: 'Share of defaults that are at or above the approval line.' }) recall!: number;
  @Field(() => Float, { description: 'Harmonic mean of precision and recall.' }) f1!: number;
}
