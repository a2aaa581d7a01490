import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { EvidenceBin, FeatureDescription } from '../scoring/index.js';

@ObjectType({ description: 'The range beyond which a value is clipped and flagged.', simpleResolvers: true })
export class FeatureBounds {
  @Field(() => Float, { description: 'Smallest value that counts as it is.' }) min!: number;
  @Field(() => Float, { description: 'Largest value that counts as it is.' }) max!: number;
}

@ObjectType({ description: 'A bin of a feature under weight of evidence. A range from and below numbers, a group of categories, or the bin of missing values.', simpleResolvers: true })
export class FeatureBin {
  @Field(() => Int, { description: 'The period of a sequence it is of, 0 the newest; else 0.' }) period!: number;
  @Field(() => Float, { nullable: true, description: 'Values from here on; null for everything below `below`.' }) from!: number | null;
  @Field(() => Float, { nullable: true, description: 'Values below this; null for everything above `from`.' }) below!: number | null;
  @Field(() => [String], { description: 'The categories in it; empty for ranges.' }) categories!: readonly string[];
  @Field(() => Boolean, { description: 'Whether it is the bin of missing values.' }) missing!: boolean;
  @Field(() => Int, { description: 'Training rows in it.' }) rows!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) bads!: number;
  @Field(() => Float, { description: 'Weight of evidence: ln(share of bads ÷ share of goods); higher is riskier.' }) woe!: number;
}

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
  @Field(() => [String], { description: 'What a missing value is taken for, one for each period of a sequence; empty where nothing stands in for it.' }) fill!: string[];
  @Field(() => [String], { description: 'Raw values that stand for missing.' }) sentinels!: string[];
  @Field(() => String, { nullable: true, description: 'increasing: a higher value means a higher risk; decreasing: a lower one; null where nothing is declared.' }) monotone!: string | null;
  @Field(() => Boolean, { description: 'Whether the applicant could change it.' }) mutable!: boolean;
  @Field(() => [FeatureBounds], { description: 'Of a number its range, one for each period of a sequence.' }) bounds!: readonly FeatureBounds[];
  @Field(() => [String], { description: 'The categories that training saw often enough; any other is flagged.' }) categories!: readonly string[];
  @Field(() => [FeatureBin], { description: 'Under weight of evidence: what was learned for each bin.' }) bins!: readonly FeatureBin[];
  @Field(() => [Float], { description: 'Under weight of evidence: information value, one for each period of a sequence.' }) informationValue!: number[];
  @Field(() => [String], { description: 'The columns of the model input that it fills, in order.' }) columns!: readonly string[];
}

/** A described feature as the API tells it. */
export function toFeature({ labels, missing, fill, bins, ...described }: FeatureDescription): FeatureSummary {
  return Object.assign(new FeatureSummary(), described, {
    labelZh: labels.zh ?? null,
    missing: missing.rule,
    fill: fill.map(String),
    sentinels: (missing.sentinels ?? []).map(String),
    bins: bins.flatMap((evidence, period) => evidence.bins.map((bin) => toBin(bin, period))),
    informationValue: bins.map(({ iv }) => iv),
  });
}

function toBin(bin: EvidenceBin, period: number): FeatureBin {
  const { kind, rows, bads, woe } = bin;
  const { from, below } = kind === 'range' ? bin : { from: null, below: null };
  return { period, from, below, categories: kind === 'categories' ? bin.categories : [], missing: kind === 'missing', rows, bads, woe };
}
