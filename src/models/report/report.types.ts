import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { AttributeValue } from '../../platform/index.js';
import type { GatheredValue } from '../../scoring/index.js';

export enum Severity {
  HIGH = 'HIGH',
  MEDIUM = 'MEDIUM',
  LOW = 'LOW',
}
registerEnumType(Severity, {
  name: 'FindingSeverity',
  description: 'How grave a finding of the data-quality report is.',
  valuesConfig: {
    HIGH: { description: 'Stops training, unless overridden with a reason.' },
    MEDIUM: { description: 'To be looked at.' },
    LOW: { description: 'Good to know.' },
  },
});

export enum TrialStatus {
  FINISHED = 'FINISHED',
  DROPPED = 'DROPPED',
  FAILED = 'FAILED',
}
registerEnumType(TrialStatus, {
  name: 'TrialStatus',
  description: 'How a trial of the search ended.',
  valuesConfig: {
    FINISHED: { description: 'It came through the last rung.' },
    DROPPED: { description: 'Others were better before.' },
    FAILED: { description: 'It could not be trained.' },
  },
});

@ObjectType({ description: 'How much a feature moved scores, over a sample of applicants.', simpleResolvers: true })
export class FeatureImportance {
  @Field(() => String, { description: "The feature's name." }) feature!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => Float, { description: 'Mean size of its attribution, log-odds.' }) meanAbsolute!: number;
  @Field(() => Float, { description: 'Its share of that of all features.' }) share!: number;
  @Field(() => Float, { description: 'Mean attribution with its sign: positive pushes toward default.' }) meanSigned!: number;
}

@ObjectType({ description: 'Mean scores with a feature set to one value for everybody.', simpleResolvers: true })
export class DependencePoint {
  @Field(() => AttributeValue, { nullable: true, description: 'The value; null for missing.' }) value!: GatheredValue;
  @Field(() => Float, { description: 'Mean PD.' }) meanPd!: number;
  @Field(() => Float, { description: 'Mean log-odds.' }) meanLogit!: number;
  @Field(() => Float, { description: 'One applicant in ten has a lower PD.' }) p10!: number;
  @Field(() => Float, { description: 'One applicant in ten has a higher PD.' }) p90!: number;
}

@ObjectType({ description: 'How the PD depends on a feature, all others as they are (partial dependence).', simpleResolvers: true })
export class PartialDependence {
  @Field(() => String, { description: "The feature's name." }) feature!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => String, { description: 'What was set: value; of a sequence mean-of-periods, all known periods shifted together to this mean, or newest-period.' }) varies!: string;
  @Field(() => [DependencePoint], { description: 'Along the values of the feature.' }) points!: readonly DependencePoint[];
}

@ObjectType({ description: 'Something the data-quality report found in the training data.', simpleResolvers: true })
export class QualityFinding {
  @Field(() => String, { description: 'Which check found it.' }) check!: string;
  @Field(() => Severity, { description: 'How grave it is.' }) severity!: `${Severity}`;
  @Field(() => String, { nullable: true, description: 'The feature, where it is about one.' }) feature?: string | undefined;
  @Field(() => String, { description: 'What, where, and what to do.' }) message!: string;
  @Field(() => Float, { nullable: true, description: 'What was measured.' }) value?: number | null | undefined;
  @Field(() => Float, { nullable: true, description: 'The line it crossed.' }) threshold?: number | null | undefined;
}

@ObjectType({ description: 'A grave finding that somebody trained in spite of.', simpleResolvers: true })
export class QualityOverride {
  @Field(() => String, { description: 'Which check.' }) check!: string;
  @Field(() => String, { nullable: true, description: 'For which feature; every one, unless given.' }) feature?: string | undefined;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@ObjectType({ description: 'What the data-quality report said before training.', simpleResolvers: true })
export class DataQuality {
  @Field(() => [QualityFinding], { description: 'What it found. What is about groups of people needs model:fairness, and is left out otherwise.' }) findings!: readonly QualityFinding[];
  @Field(() => [QualityOverride], { description: 'What was overridden, and why. What is about groups of people needs model:fairness, and is left out otherwise.' }) overrides!: readonly QualityOverride[];
}

@ObjectType({ description: 'How the settings did on one fold, by a model that learned from the others.', simpleResolvers: true })
export class CrossValidationFold {
  @Field(() => Int, { description: 'Loans of the fold.' }) rows!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) bads!: number;
  @Field(() => Float, { description: 'Area under the ROC curve.' }) auc!: number;
  @Field(() => Float, { description: 'Kolmogorov–Smirnov: the largest gap between the PD distributions of bad and good loans.' }) ks!: number;
  @Field(() => Float, { description: 'Mean squared error of the PD.' }) brier!: number;
  @Field(() => Float, { description: 'Mean negative log-likelihood of the outcomes.' }) logLoss!: number;
  @Field(() => Float, { description: 'Expected calibration error.' }) ece!: number;
}

@ObjectType({ description: 'The settings of a version, judged on folds of its training loans.', simpleResolvers: true })
export class CrossValidation {
  @Field(() => Float, { description: 'Mean AUC over the folds.' }) auc!: number;
  @Field(() => Float, { description: 'Standard deviation of the AUC between folds.' }) aucDeviation!: number;
  @Field(() => Float, { description: 'Mean KS over the folds.' }) ks!: number;
  @Field(() => Float, { description: 'Mean Brier score over the folds.' }) brier!: number;
  @Field(() => [CrossValidationFold], { description: 'Each fold, in the order in which they were judged.' }) folds!: readonly CrossValidationFold[];
}

@ObjectType({ description: 'A setting that the search for hyper-parameters tried.', simpleResolvers: true })
export class Trial {
  @Field(() => Int, { description: 'Its number, in the order in which they were drawn.' }) trial!: number;
  @Field(() => TrialStatus, { description: 'How it ended.' }) status!: `${TrialStatus}`;
  @Field(() => String, { description: 'The setting, JSON text.' }) settings!: string;
  @Field(() => Int, { description: 'Rungs of successive halving that it completed.' }) rungs!: number;
  @Field(() => Float, { nullable: true, description: 'Mean log loss over the inner folds of its last rung.' }) logLoss!: number | null;
  @Field(() => Float, { nullable: true, description: 'Mean Brier score there.' }) brier!: number | null;
  @Field(() => Float, { nullable: true, description: 'Mean AUC there.' }) auc!: number | null;
  @Field(() => String, { nullable: true, description: 'Why it failed.' }) message!: string | null;
}

@ObjectType({ description: 'A bin of a scorecard: what an applicant whose value lies in it gets.', simpleResolvers: true })
export class ScorecardBin {
  @Field(() => String, { description: 'The values that lie in it.' }) label!: string;
  @Field(() => Int, { description: 'Training loans in it.' }) rows!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) bads!: number;
  @Field(() => Float, { description: 'Weight of evidence: above 0 is riskier than the average applicant.' }) woe!: number;
  @Field(() => Float, { description: 'Score points it adds to the base points.' }) points!: number;
}

@ObjectType({ description: 'An attribute of a scorecard: a feature, or one period of a history.', simpleResolvers: true })
export class ScorecardFeature {
  @Field(() => String, { description: "The feature's name." }) feature!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => Int, { nullable: true, description: 'Of a history: which period, 0 the newest.' }) period?: number | undefined;
  @Field(() => Float, { description: 'Information value: below 0.02 useless, from 0.3 strong.' }) informationValue!: number;
  @Field(() => Float, { description: 'Log-odds per unit of evidence; 0 where other features already say it.' }) coefficient!: number;
  @Field(() => [ScorecardBin], { description: 'Its bins.' }) bins!: readonly ScorecardBin[];
}

@ObjectType({ description: 'A scorecard: base points and the points of one bin of each attribute add up to the score.', simpleResolvers: true })
export class Scorecard {
  @Field(() => Float, { description: 'Points of the average applicant.' }) basePoints!: number;
  @Field(() => [ScorecardFeature], { description: 'What is added, in the order of the feature schema.' }) features!: readonly ScorecardFeature[];
}
