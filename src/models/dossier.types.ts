import { Field, Float, Int, ObjectType } from 'type-graphql';
import { Requires } from '../security/index.js';

const share = { nullable: true as const };

@ObjectType({ description: 'How well a version does on the hold-out, or where there was none on the training loans (measuredOn of the evaluation), with the threshold of its decision policy.', simpleResolvers: true })
export class ModelMetrics {
  @Field(() => Int, { description: 'Loans it was measured on.' }) rows!: number;
  @Field(() => Float, { description: 'Area under the ROC curve.' }) auc!: number;
  @Field(() => Float, { description: '2·AUC − 1.' }) gini!: number;
  @Field(() => Float, { description: 'Kolmogorov–Smirnov: the largest gap between the PD distributions of bad and good loans.' }) ks!: number;
  @Field(() => Float, { description: 'Mean squared error of the PD.' }) brier!: number;
  @Field(() => Float, { description: 'Share of predicted defaults that defaulted.' }) precision!: number;
  @Field(() => Float, { description: 'Share of defaults that were predicted.' }) recall!: number;
  @Field(() => Float, { description: 'Harmonic mean of precision and recall.' }) f1!: number;
  @Field(() => Float, { ...share, description: 'Share of loans predicted right.' }) accuracy?: number | undefined;
  @Field(() => Float, { ...share, description: 'Mean negative log-likelihood of the outcomes.' }) logLoss?: number | undefined;
  @Field(() => Float, { ...share, description: 'Expected calibration error.' }) ece?: number | undefined;
  @Field(() => Float, { ...share, description: 'A PD at or above it counts as a predicted default.' }) threshold?: number | undefined;
}

@ObjectType({ description: 'Whether the compiled model agrees with the trained one.', simpleResolvers: true })
export class ParityResult {
  @Field(() => Int, { description: 'Rows compared.' }) rows!: number;
  @Field(() => Float, { description: 'Largest difference between the two PDs.' }) maxAbsDifference!: number;
  @Field(() => Float, { description: 'The largest difference allowed.' }) bar!: number;
  @Field(() => Boolean, { description: 'Whether it is met.' }) passed!: boolean;
}

@ObjectType({ description: 'What a version was trained on.', simpleResolvers: true })
export class TrainingData {
  @Field(() => String, { description: 'SHA-256 over the canonical training rows.' }) fingerprint!: string;
  @Field(() => Int, { description: 'How many there are.' }) rows!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) defaults!: number;
  @Field(() => String, { description: 'Where they are from.' }) source!: string;
  @Field(() => String, { nullable: true, description: 'Outcomes known after this moment were not looked at.' }) asOf?: string | undefined;
}

@ObjectType({ description: 'A band of PD.', simpleResolvers: true })
export class GradeBand {
  @Field(() => String, { description: 'Its name.' }) grade!: string;
  @Field(() => Float, { description: 'PDs below this, and not in a better grade.' }) below!: number;
}

@ObjectType('DecisionPolicy', { description: 'How a PD becomes a grade and a decision.', simpleResolvers: true })
export class DecisionPolicyType {
  @Field(() => Int, { description: 'Its version.' }) version!: number;
  @Field(() => Float, { description: 'A PD below this is approved.' }) approveBelow!: number;
  @Field(() => Float, { description: 'A PD from this on is declined; in between a person decides.' }) declineFrom!: number;
  @Field(() => [GradeBand], { description: 'The grades, best first.' }) grades!: GradeBand[];
  @Field(() => [String], { description: 'Flags on inputs that send a loan to a person.' }) referWhen!: string[];
}

@ObjectType({ description: 'What a model is for, and what it is not for.', simpleResolvers: true })
export class ModelCard {
  @Field(() => String, { description: 'What it may be used for.' }) intendedUse!: string;
  @Field(() => String, { description: 'Where it must not be relied on.' }) limitations!: string;
  @Field(() => String, { nullable: true, description: 'Fairness and other ethical considerations.' }) ethics?: string | undefined;
  @Field(() => String, { nullable: true, description: 'Whom to ask.' }) contact?: string | undefined;
}

@ObjectType({ description: 'How a version was trained.', simpleResolvers: true })
export class TrainingRun {
  @Field(() => String, { description: 'What did the arithmetic, such as wasm or tensorflow.' }) backend!: string;
  @Field(() => String, { nullable: true, description: 'The version of TensorFlow.' }) tfVersion?: string | undefined;
  @Field(() => Int, { description: 'The seed; with the same data and backend it gives the same weights.' }) seed!: number;
  @Field(() => Float, { description: 'Seconds it took.' }) seconds!: number;
}

@ObjectType({ description: 'How evenly the groups of one protected attribute are approved.', simpleResolvers: true })
export class AttributeFairness {
  @Field(() => String, { description: 'The protected attribute.' }) attribute!: string;
  @Field(() => [String], { description: 'The groups that were measured.' }) groups!: string[];
  @Field(() => [String], { description: 'Groups too small to judge.' }) skipped!: string[];
  @Field(() => Float, { nullable: true, description: 'The lowest approval rate of a group, as a share of that of the group approved most often; null where nobody was approved or no group is large enough.' }) lowestRatio!: number | null;
}

@ObjectType({ description: 'How evenly groups of people are approved. The figures of each group stand in the evaluation.', simpleResolvers: true })
export class FairnessSummary {
  @Field(() => Float, { description: 'A ratio below it asks for a reason; 0.8 is the four-fifths convention.' }) leastRatio!: number;
  @Field(() => [AttributeFairness], { description: 'By protected attribute; empty where the book knows none.' }) attributes!: AttributeFairness[];
}

@ObjectType({ description: 'How completely the explanations of a version add up.', simpleResolvers: true })
export class ExplanationQuality {
  @Field(() => String, { description: 'How attributions are computed.' }) method!: string;
  @Field(() => Int, { description: 'Loans that were explained to find out.' }) rows!: number;
  @Field(() => Float, { description: '95 % of these explanations have a smaller residual, in log-odds.' }) residual95!: number;
}

@ObjectType('Dossier', { description: 'Everything an approver relies on. Its digest is what votes sign.', simpleResolvers: true })
export class DossierType {
  @Field(() => String, { description: 'SHA-256 of `canonical` in UTF-8, hexadecimal.' }) digest!: string;
  @Requires('model:fairness')
  @Field(() => String, { description: 'The whole dossier, RFC 8785 canonical JSON.' })
  canonical!: string;

  @Field(() => ModelMetrics, { description: 'Measured on the hold-out, or where there was none on the training loans (measuredOn of the evaluation).' }) metrics!: ModelMetrics;
  @Field(() => ParityResult, { description: 'Agreement of the compiled with the trained model.' }) parity!: ParityResult;
  @Field(() => TrainingData, { description: 'What it was trained on.' }) trainingData!: TrainingData;
  @Field(() => TrainingRun, { description: 'How it was trained.' }) training!: TrainingRun;
  @Field(() => DecisionPolicyType, { description: 'How its PD becomes a decision.' }) decisionPolicy!: DecisionPolicyType;
  @Field(() => ModelCard, { description: 'What it is for, and what not.' }) modelCard!: ModelCard;
  @Field(() => ExplanationQuality, { nullable: true, description: 'How completely its explanations add up; null where it does not tell.' }) explanation?: ExplanationQuality | undefined;
  @Requires('model:fairness')
  @Field(() => FairnessSummary, { nullable: true, description: 'How evenly groups of people are approved; null where it does not tell.' })
  fairness?: FairnessSummary | undefined;

  @Field(() => String, { description: 'Its hyper-parameters, JSON text.' }) hyperParameters!: string;
  @Field(() => String, { description: 'How training and hold-out were split, JSON text.' }) split!: string;
}
