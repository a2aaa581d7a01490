import type { CardGate } from '../source.js';
import type { QualityFinding } from './findings.zh.js';
import { NAMES_EN } from './names.en.js';

const plural = (count: number, one: string, many = `${one}s`): string => `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;

/** Percent to two digits after the point; more of what would vanish. */
export const percentDigits = (x: number): number => Number(Math.abs(x) < 1e-3 ? (100 * x).toPrecision(2) : (100 * x).toFixed(2));

/** What a card says, in English; the other languages say the same. */
export const EN = {
  html: 'en',
  names: NAMES_EN,
  notRecorded: 'not recorded',
  none: 'none',
  percent: (x: number): string => `${percentDigits(x)} %`,
  colon: ': ',
  sentences: (...parts: readonly string[]): string => parts.join(' '),
  bracketed: (text: string): string => ` (${text})`,
  joined: (parts: readonly string[]): string => parts.join(', '),
  range: (low: string, high: string): string => `${low} to ${high}`,
  interval: (level: number): string => `${100 * level} % interval`,
  inQuotes: (text: string): string => `“${text}”`,
  /** Words of ours as dossiers and reports keep them, which is in English. */
  stored: (text: string): string => text,

  cardTitle: (model: string, version: number): string => `${model}, version ${version}`,
  subtitle: 'Model card',
  contents: 'Contents',
  notRegistered: 'This version is not registered yet: nothing about its governance is known.',
  figure: (at: number, caption: string): string => `Figure ${at}. ${caption}`,
  plotElsewhere: 'Drawn in the HTML card.',

  tiles: {
    auc: 'AUC', ks: 'KS', ece: 'Calibration error', measured: 'Loans measured', line: 'Approved below a PD of', ratio: 'Lowest approval ratio', parity: 'Largest difference to the trained model',
    defaults: (count: number): string => plural(count, 'default'), goal: (least: number): string => `at least ${least} is the convention`, bar: (bar: string): string => `at most ${bar}`,
    separation: 'greatest gap between bad and good loans', eceNote: 'mean gap between PD and default rate', otherwise: 'otherwise a person decides, or it is declined',
  },

  details: {
    title: 'Model details', model: 'Model', version: 'Version', state: 'State', purpose: 'What its number means', decision: 'Decision it serves', products: 'Products', horizon: 'Horizon',
    months: (count: number): string => plural(count, 'month'), tier: 'Materiality tier', owner: 'Owner', contact: 'Contact', registered: 'Registered', review: 'Next review', overdue: (day: string): string => `${day}, overdue`, family: 'Kind of model', source: 'Trained with',
    sourceFile: 'File that was handed in', adapted: 'Done to fit it in', features: 'Features', served: 'Served as', servedAs: 'one ONNX graph: probability, log-odds and their gradient', calibration: 'Calibration', platt: (slope: string, intercept: string): string => `Platt scaling: log-odds × ${slope} ${intercept}`,
    isotonic: (knots: number): string => `isotonic, ${knots} knots`, artefacts: 'What it is made of', artefact: 'Artefact', digest: 'SHA-256', training: 'Training', backend: 'Arithmetic', seed: 'Seed', seconds: 'Seconds', trainedBy: 'Trained by', settings: 'Hyper-parameters',
    parity: 'Agreement of the served with the trained model', parityFound: (rows: number, difference: string, bar: string): string => `on ${plural(rows, 'row')} the PDs differ by at most ${difference} (bar ${bar})`,
  },
  use: {
    title: 'Intended use', owner: 'In the words of its maker:', permitted: 'Permitted use', limits: 'Limits of use', decides: (decision: string, products: string, months: number): string =>
      `It gives the probability that a loan defaults within ${plural(months, 'month')}. The decision it serves: ${decision}. Products: ${products}.`,
    beyond: 'Any other use is out of scope: other products, other horizons, and people unlike those it learned from. What it must not be relied on for stands under “Caveats and limitations”.',
    human: 'This policy turns a PD into a decision. Between the lines, and where the policy says so, a person decides; a person may also override a decision, with a reason.',
  },
  factors: {
    title: 'Factors', text: 'Performance is looked at by group of people and by the time of the decision. Protected attributes are never inputs: they are kept apart from what the model may see, and are read only to measure groups by, as of each decision.',
    attribute: 'Protected attribute', groups: 'Groups measured', skipped: 'Too small to judge', noAttributes: 'The book knew no protected attribute, so nothing could be measured by group.', vintages: 'Quarters of the decision',
  },
  metrics: {
    title: 'Metrics', head: ['Metric', 'Value', 'What it says'], text: (threshold: string): string => `A loan with a PD of ${threshold} or more counts as a predicted default: this is the approval line.`,
    names: {
      auc: ['AUC', 'chance that a bad loan has a higher PD than a good one; 0.5 is none, 1 is perfect'], gini: ['Gini', '2 · AUC − 1'], ks: ['KS', 'greatest gap between the distributions of bad and good loans'],
      brier: ['Brier score', 'mean squared error of the PD; lower is better'], logLoss: ['Log loss', 'mean negative log-likelihood of the outcomes; lower is better'], ece: ['Calibration error (ECE)', 'mean gap between PD and default rate over ten bins'],
      accuracy: ['Accuracy', 'loans predicted right'], precision: ['Precision', 'of the predicted defaults, those that defaulted'], recall: ['Recall', 'of the defaults, those that were predicted'], f1: ['F1', 'harmonic mean of precision and recall'],
    },
    confusion: 'At the approval line', confusionHead: ['', 'Defaulted', 'Did not default'], predictedBad: 'Not approved (PD at or above the line)', predictedGood: 'Approved (PD below the line)',
    bootstrap: (resamples: number): string => `Intervals by bootstrap, ${plural(resamples, 'resample')}.`,
  },
  evaluationData: {
    title: 'Evaluation data', measuredOn: 'Measured on', holdout: 'held-out loans, which training never saw', training: 'the training loans themselves', loans: 'Loans', defaults: 'Defaults among them', split: 'Split', described: 'As described', seed: 'Seed of the split', trainLoans: 'Loans to learn from', heldLoans: 'Loans held out',
    psi: 'Stability of the PD, training against hold-out (PSI)', psiNote: 'By convention a PSI below 0.1 is stable, from 0.25 on one acts.', flatter: 'There was no hold-out: figures on the loans that a model has learned from flatter it.',
  },
  trainingData: {
    title: 'Training data', source: 'Source', asOf: 'Outcomes known by', loans: 'Loans', defaults: 'Defaults among them', fingerprint: 'Fingerprint (SHA-256 over the canonical rows)', quality: 'Data quality', counts: 'Findings: high, medium, low', clean: 'Nothing was found.',
    head: ['Severity', 'Check', 'Feature', 'Measured', 'Limit', 'Finding'], overrides: 'Grave findings that were overridden', overrideHead: ['Check', 'Feature', 'Reason'], hidden: 'Findings about groups of people are left out here: they need the permission model:fairness.',
    found: ({ message }: QualityFinding): string => message,
    asDecided: 'Each loan is read as it stood at its own decision, by the code that also serves.',
  },
  analyses: {
    title: 'Quantitative analyses', calibration: 'Calibration', calibrationHead: ['Loans', 'Mean PD', 'Default rate'], vintages: 'By quarter of the decision', sliceHead: ['', 'Loans', 'Defaults', 'Default rate', 'Mean PD', 'AUC', 'Approved'],
    champion: 'Against the champion', championName: 'Champion of the time', both: 'Held-out loans that both can score', thisAuc: 'AUC of this version', championAuc: 'AUC of the champion', difference: 'Difference', error: 'Standard error of the difference (DeLong)', z: 'z', p: 'p, two-sided',
    crossValidation: 'Cross-validation on the training loans', foldHead: ['', 'Loans', 'Defaults', 'AUC', 'KS', 'Brier score', 'ECE'], fold: (at: number): string => `fold ${at}`, mean: 'mean', deviation: (auc: string): string => `Standard deviation of the AUC between folds: ${auc}.`,
    search: 'Search for hyper-parameters', searched: (trials: number, failed: number, folds: number, criterion: string): string => `${plural(trials, 'trial')}, ${failed} failed, judged on ${folds} folds of the training loans by ${criterion}; the hold-out was never looked at.`,
    trialHead: ['Trial', 'Status', 'Rungs', 'Log loss', 'AUC', 'Settings'], best: 'chosen', shownTrials: (shown: number, all: number): string => `The ${shown} best of ${plural(all, 'trial')}; the report has all.`,
  },
  groups: {
    title: 'Quantitative analyses by group', head: ['Group', 'Loans', 'Defaults', 'Default rate', 'Mean PD', 'AUC', 'Approved', 'Approval ratio'], text: (least: number): string =>
      `Approval ratio: the approval rate of a group ÷ that of the group approved most often. By the four-fifths convention a ratio below ${least} asks for a reason; the line in the bars marks it. It is a rule of thumb, not a limit set by statute.`,
    skipped: (names: string): string => `Too small to judge: ${names}.`, forbidden: 'How groups of people fare is told to holders of the permission model:fairness only.', lowest: (ratio: string, verdict: string): string => `Lowest ratio: ${ratio}, ${verdict}.`, above: 'at or above the convention', below: 'below the convention',
    summary: 'In the dossier that votes sign', summaryHead: ['Protected attribute', 'Groups measured', 'Too small to judge', 'Lowest approval ratio'], nobody: 'Nobody was approved, or no group was large enough: there is no ratio.',
  },
  explanation: {
    title: 'Explanations and reasons', method: 'Method', rows: 'Loans explained to find out', residual: '95 % of the residuals are below', logOdds: (x: string): string => `${x} log-odds`,
    text: 'Every prediction is explained by attributions: shares, in log-odds, of the difference between the applicant and a recorded set of approved applicants near the approval line. They add up to the score but for the residual, which is recorded too.',
    reasons: 'An applicant is told the strongest attributions toward default as reasons: the reason code of the feature, its own value, and what approved applicants usually have. The same record can be replayed at any time.',
    head: ['Feature', 'Mean size of the attribution', 'Share', 'Mean attribution'], importance: 'What it looks at',
    example: 'The explanation of the riskiest applicant of the sample. No value of anyone is shown.',
  },
  policy: {
    title: 'Decision policy', approve: 'Approve below a PD of', decline: 'Decline from a PD of', refer: 'Refer to a person, whatever the PD, where', version: 'Version of the policy', rule: 'The approval line was chosen by', cost: (ratio: number): string => `cost: a missed default costs ${ratio} times a refused good loan`, approval: (share: string): string => `approval rate: ${share} of the applicants are approved`,
    given: 'a policy that was given, or the default rate of the book', head: ['PD', 'Grade', 'Decision'], bandFrom: (low: string): string => `${low} and above`, bandBelow: (high: string): string => `below ${high}`, between: (low: string, high: string): string => `${low} to below ${high}`,
  },
  scorecard: {
    title: 'Scorecard', head: ['Attribute', 'Bin', 'Loans', 'Defaults', 'Weight of evidence', 'Points'], period: (label: string, period: number): string => `${label}, ${period === 0 ? 'newest period' : `${period} periods earlier`}`,
    text: (base: string, points: number, odds: number, doubling: number): string => `Points = ${base} + the points of one bin of each attribute. ${points} points stand for odds of default of 1 : ${odds}; ${doubling} points more halve the odds.`,
  },
  ethics: {
    title: 'Ethical considerations', owner: 'In the words of its maker:', law: 'Scoring the creditworthiness of people is a high-risk use under Annex III of the EU AI Act.', apart: 'Protected attributes are no inputs, but other features may stand for them: that is why groups are measured.',
    rights: 'Applicants can be told the reasons, what would have changed the result, and can have a person look at it.', privacy: 'The artefacts hold no names. The reference set and the parity sample hold feature values of single applicants and are kept to holders of prediction:detail.',
  },
  caveats: {
    title: 'Caveats and limitations', owner: 'In the words of its maker:', found: 'What the figures themselves say:', noneFound: 'The figures on record give no further reason for caution.',
    flatter: 'There was no hold-out: the figures flatter.', wide: (low: string, high: string): string => `The interval of the AUC is wide: ${low} to ${high}.`, unstable: (psi: string): string => `The PD shifts between training and hold-out (PSI ${psi}).`,
    overrides: (count: number): string => `${plural(count, 'grave finding')} in the data overridden, with reasons.`, few: (count: number): string => `Measured on only ${plural(count, 'default')}.`, skipped: (count: number): string => `${plural(count, 'group')} too small to judge.`,
    low: (attribute: string, ratio: string): string => `By ${attribute} the lowest approval ratio is ${ratio}, below the four-fifths convention.`, noGroups: 'Nothing was measured by group of people.', elsewhere: 'Trained elsewhere: whether its maker had trained on some of the measured loans is not known here.',
    noReport: 'There is no report of its making: curves, importance and groups are not recorded.', drift: (features: string): string => `Drifting between the earlier and the later half of the training loans: ${features}.`,
  },
  governance: {
    title: 'Gates and approvals', makers: 'Made by', makersNote: 'None of them may vote on it, without exception; the database refuses it as well.', makerHead: ['Person', 'Part', 'When'], votes: 'Votes', voteHead: ['Person', 'As', 'Verdict', 'When', 'What it rests on', 'Dossier seen'], noVotes: 'Nobody has voted yet.',
    missing: (votes: string): string => `Still needed: ${votes}.`, missingOf: (count: number, role: string): string => `${count} × ${role}`, steps: 'Its life so far', by: (who: string): string => `by ${who}`, deployments: 'Deployments', deploymentHead: ['Role', 'From', 'Until', 'By', 'Reason'], noDeployments: 'It was never live.', still: 'still',
    gates: 'Gates', noGates: 'The gates are evaluated when it is submitted.', gateHead: ['Gate', 'Verdict', 'Measured', 'Threshold', 'Unit', 'Source', 'What was found'], findings: 'Findings', findingHead: ['Severity', 'Finding', 'Owner', 'Due', 'Resolution'], noFindings: 'Nobody has raised a finding.', open: 'open', waivers: 'Waivers', waiverHead: ['Gate', 'Reason', 'By', 'Second person', 'Expires'], noWaivers: 'No gate was waived.', lapsed: (day: string): string => `${day}, lapsed`, otherDossier: 'another dossier: does not count', expired: 'expired: does not count', suspended: (what: 'model' | 'version', since: string, by: string): string => `Nothing is decided with ${what === 'model' ? 'any version of this model' : 'this version'}: stopped by ${by} on ${since}.`,
    /** What a gate found, and where it fails what would satisfy it; `isHidden` where the reader may not see what it rests on. */
    found: ({ text }: CardGate, _isHidden: boolean): string => text,
    share: (percent: string): string => ` (${percent})`,
    reviews: 'Periodic reviews of the model', reviewHead: ['Outcome', 'By', 'When', 'What it rests on', 'Next by'], noReviews: 'Nobody has reviewed it yet.', unfit: (on: string, by: string): string => `The last periodic review found this model unfit: it should not decide any more. By ${by} on ${on}.`, unfitBadge: 'unfit at its last review', suspendedBadge: 'nothing is decided with it',
  },
  features: { title: 'Inputs', head: ['Feature', 'Source', 'Type', 'Unit', 'Transform', 'A missing value', 'Risk as it rises', 'Reason code'], count: (count: number): string => `It looks at ${plural(count, 'feature')}, and at nothing else.`, periods: (count: number): string => (count === 1 ? 'newest period' : `newest ${count} periods`), allPeriods: 'all periods', earlier: (lag: number): string => `${plural(lag, 'period')} earlier`, orElse: ' or else ', ratio: 'ratio' },
  verify: {
    title: 'Replay and verify', digest: 'Dossier digest', text: 'Votes sign this digest: the SHA-256 of the dossier in canonical JSON (RFC 8785), which names every artefact by its own SHA-256. Change one byte of anything, and the votes no longer count. Anyone can check it, with nothing of Assay installed:',
    commands: (id: string): string => `assay export --version ${id} --out version\ncd version && sha256sum -c SHA256SUMS && sha256sum dossier.json`, more: 'With Assay, the parity sample is scored again too:', verify: 'assay verify --folder version',
    folder: 'sha256sum dossier.json', replay: 'Each prediction keeps its inputs and its version, and replays to the same number from these artefacts:', replayQuery: 'query { prediction(id: "…") { replay { reproduced maxAbsDifference runtime } } }',
  },
  readers: {
    title: 'Where examiners find what they ask', head: ['Asked by', 'Where it stands here'], beyond: 'Not in a card: the risk-management system, the quality-management system, the declaration of conformity and the plan of monitoring after it is in use. The provider keeps them elsewhere.',
    annexIv1: 'EU AI Act, Annex IV 1: general description, intended purpose', annexIv2: 'Annex IV 2: design, data, validation and testing, human oversight', annexIv3: 'Annex IV 3: capabilities, limits, accuracy for groups of people', annexIv4: 'Annex IV 4: why these metrics', annexIv6: 'Annex IV 6: changes through the lifecycle',
    art13: 'EU AI Act, Art. 13(3): identity and contact, purpose, accuracy, groups, inputs, how to read the output', art14: 'EU AI Act, Art. 14: human oversight and a stop', art86: 'EU AI Act, Art. 86; Reg B § 1002.9: explanation of single decisions, specific reasons',
    development: 'Model-risk guidance (SR 11-7 and what followed it): development and conceptual soundness', outcomes: 'Outcomes analysis, benchmarking against the champion', validation: 'Independent validation, effective challenge, approvals', inventory: 'Inventory: owner, purpose, use, tier, review date', reproducible: 'Documentation that lets others repeat it',
  },
  plots: {
    roc: 'Bad loans found against good loans refused, over all lines.', calibration: 'On the diagonal a PD of 5 % means that 5 % default.', gains: 'How many of all defaults lie among the riskiest loans.', distribution: 'Score points of good and of bad loans; the less they overlap, the better.',
    importance: 'Mean size of the attributions, in log-odds.', prediction: 'How the log-odds of one applicant come about.', dependence: 'Mean PD with one feature set to a value, the others as they are.', drift: 'How far features moved between the earlier and the later loans.', history: 'Loss on the training and on the validation loans, epoch by epoch.', trials: 'The settings that were tried.',
  } as Record<string, string>,
};

export type CardTexts = typeof EN;
