import { Field, Float, Int, ObjectType } from 'type-graphql';
import { columnsOf, describeSource, type FittedFeature } from '../scoring/index.js';

@ObjectType({ description: 'A model input, as the feature schema of the version declares it and as it was learned from the training rows.', simpleResolvers: true })
export class FeatureSummary {
  @Field(() => String, { description: 'Its name.' }) name!: string;
  @Field(() => String, { description: 'What people call it.' }) label!: string;
  @Field(() => String, { nullable: true, description: 'What people call it in Chinese, where it is told.' }) labelZh!: string | null;
  @Field(() => String, { description: 'numeric, categorical, boolean or sequence.' }) type!: string;
  @Field(() => String, { nullable: true, description: 'Its unit.' }) unit!: string | null;
  @Field(() => String, { description: 'How it becomes numbers.' }) transform!: string;
  @Field(() => String, { description: 'The code of the reason it gives.' }) reasonCode!: string;
  @Field(() => String, { description: 'Where its value comes from: a path into the gathered record, with what is done to it.' }) source!: string;
  @Field(() => String, { description: 'What is done where it is missing: median, constant, indicator or required.' }) missing!: string;
  @Field(() => [String], { description: 'Raw values that stand for missing.' }) sentinels!: string[];
  @Field(() => String, { nullable: true, description: 'increasing: a higher value means a higher risk; decreasing: a lower one; null where nothing is declared.' }) monotone!: string | null;
  @Field(() => Boolean, { description: 'Whether the applicant could change it.' }) mutable!: boolean;
  @Field(() => Float, { nullable: true, description: 'Smaller values are clipped to it and flagged; of a sequence the smallest over its periods.' }) min!: number | null;
  @Field(() => Float, { nullable: true, description: 'Larger values are clipped to it and flagged; of a sequence the largest over its periods.' }) max!: number | null;
  @Field(() => [String], { description: 'The categories that training saw often enough; any other is flagged.' }) categories!: readonly string[];
  @Field(() => Int, { description: 'Columns of the model input that it fills.' }) columns!: number;
}

/** A feature of a fitted schema as the API tells it. */
export function toFeature(feature: FittedFeature): FeatureSummary {
  const { spec, numeric, categories = [] } = feature;
  const { name, label, labels, type, unit, transform, reasonCode, source, missing, monotone, mutable = false } = spec;
  return {
    name, label, labelZh: labels?.zh ?? null, type, unit: unit ?? null, transform, reasonCode, source: describeSource(source), missing: missing.rule,
    sentinels: (missing.sentinels ?? []).map(String), monotone: monotone ?? null, mutable,
    min: numeric ? Math.min(...numeric.map(({ min }) => min)) : null,
    max: numeric ? Math.max(...numeric.map(({ max }) => max)) : null,
    categories, columns: columnsOf(feature),
  };
}
