import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ReadReport } from '../../scoring/index.js';
import { ModelMetrics } from '../dossier.types.js';
import { VintageSlice } from './slice.types.js';

export enum MeasuredOn {
  HOLDOUT = 'holdout',
  TRAINING = 'training',
}
registerEnumType(MeasuredOn, {
  name: 'MeasuredOn',
  description: 'Which loans a version was measured on.',
  valuesConfig: {
    HOLDOUT: { description: 'Loans that training never saw.' },
    TRAINING: { description: 'The training loans, as there was no hold-out: figures on them flatter.' },
  },
});

@ObjectType({ description: 'The bootstrap interval of a metric.', simpleResolvers: true })
export class MetricInterval {
  @Field(() => String, { description: 'The metric, as it is named in `metrics`.' }) metric!: string;
  @Field(() => Float, { description: 'Lower end.' }) low!: number;
  @Field(() => Float, { description: 'Upper end.' }) high!: number;
}

@ObjectType({ description: 'Bootstrap intervals of the metrics.', simpleResolvers: true })
export class MetricIntervals {
  @Field(() => Float, { description: 'How often such intervals hold the true value, such as 0.95.' }) level!: number;
  @Field(() => Int, { description: 'How often the rows were drawn again.' }) resamples!: number;
  @Field(() => [MetricInterval], { description: 'One for each metric.' }) of!: MetricInterval[];
}

@ObjectType({ description: 'A point of the ROC curve.', simpleResolvers: true })
export class RocPoint {
  @Field(() => Float, { description: 'Share of good loans at or above the PD.' }) falsePositiveRate!: number;
  @Field(() => Float, { description: 'Share of bad loans at or above the PD.' }) truePositiveRate!: number;
  @Field(() => Float, { description: 'The PD.' }) pd!: number;
}

@ObjectType({ description: 'A tenth of the loans by falling PD.', simpleResolvers: true })
export class LiftRow {
  @Field(() => Int, { description: '1 is the riskiest tenth.' }) decile!: number;
  @Field(() => Int, { description: 'Loans in it.' }) rows!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) bads!: number;
  @Field(() => Float, { description: 'Share of them that defaulted.' }) defaultRate!: number;
  @Field(() => Float, { description: 'Their mean PD.' }) meanPd!: number;
  @Field(() => Float, { description: 'Their default rate as a multiple of that of all loans.' }) lift!: number;
  @Field(() => Float, { description: 'Share of all defaults in this tenth and the riskier ones.' }) gain!: number;
  @Field(() => Float, { description: 'The lift of this tenth and the riskier ones together.' }) cumulativeLift!: number;
}

@ObjectType({ description: 'Loans of like PD, and how many of them defaulted.', simpleResolvers: true })
export class CalibrationPoint {
  @Field(() => Int, { description: 'How many loans.' }) count!: number;
  @Field(() => Float, { description: 'Their mean PD.' }) meanPd!: number;
  @Field(() => Float, { description: 'Share of them that defaulted.' }) defaultRate!: number;
  @Field(() => Float, { description: 'Lower end of its 95 % interval (Wilson).' }) low!: number;
  @Field(() => Float, { description: 'Upper end of its 95 % interval (Wilson).' }) high!: number;
}

@ObjectType({ description: 'Good and bad loans by score points.', simpleResolvers: true })
export class ScoreDistribution {
  @Field(() => [Float], { description: 'Edges of the bands of points, rising; one more than bands.' }) edges!: readonly number[];
  @Field(() => [Int], { description: 'Good loans in each band.' }) goods!: readonly number[];
  @Field(() => [Int], { description: 'Bad loans in each band.' }) bads!: readonly number[];
}

export type Evaluated = NonNullable<ReadReport['evaluation']>;

@ObjectType({ description: 'How a version does on the hold-out, or where there was none on the training loans (measuredOn). What its report does not tell is null or empty.', simpleResolvers: true })
export class VersionEvaluation {
  readonly groupsByAttribute!: NonNullable<Evaluated['groups']>;
  @Field(() => MeasuredOn, { nullable: true, description: 'Which loans it was measured on; null where the report does not tell.' }) measuredOn!: `${MeasuredOn}` | null;
  @Field(() => ModelMetrics, { nullable: true, description: 'Single numbers.' }) metrics!: ModelMetrics | null;
  @Field(() => MetricIntervals, { nullable: true, description: 'How sure they are.' }) intervals!: MetricIntervals | null;
  @Field(() => [RocPoint], { description: 'The ROC curve from (0, 0) to (1, 1).' }) roc!: readonly RocPoint[];
  @Field(() => [LiftRow], { description: 'Lift and gain by tenths, the riskiest first.' }) lift!: readonly LiftRow[];
  @Field(() => [CalibrationPoint], { description: 'PDs against default rates, in bins of equal size.' }) calibration!: readonly CalibrationPoint[];
  @Field(() => ScoreDistribution, { nullable: true, description: 'Good and bad loans by score points.' }) distribution!: ScoreDistribution | null;
  @Field(() => [VintageSlice], { description: 'By the period of the decision, oldest first.' }) vintages!: readonly VintageSlice[];
}

/** The evaluation of a report as the API tells it. */
export function toEvaluation({ measuredOn, metrics, curves, vintages = [], groups = {} }: Evaluated): VersionEvaluation {
  const { intervals, level, resamples } = metrics ?? {};
  return Object.assign(new VersionEvaluation(), {
    groupsByAttribute: groups,
    measuredOn: measuredOn ?? null,
    metrics: metrics ?? null,
    intervals: intervals && level !== undefined && resamples !== undefined ? { level, resamples, of: Object.entries(intervals).map(([metric, { low, high }]) => ({ metric, low, high })) } : null,
    roc: curves?.roc ?? [],
    lift: curves?.lift ?? [],
    calibration: curves?.calibration ?? [],
    distribution: curves?.distribution ?? null,
    vintages,
  });
}
