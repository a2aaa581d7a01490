import { trainingLoans, type SplitPart, type TrainingLoan } from '../../loans/index.js';
import { refused, type Queryable } from '../../platform/index.js';
import { buildVersion, type BuildProgress, type FeatureSpec, type HyperParametersInput, type LabelledRecords, type Override, type PolicyRequest, type SearchWish, type VersionBundle, type VersionRequest } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import type { Dossier } from '../dossier.js';
import type { LoadedVersion } from '../live-versions.js';
import { championOn } from './champion.js';
import { groupsOf, protectedColumns, type Groups } from './groups.js';
import { recordsOf, type LabelledLoans } from './records.js';
import type { Split } from './splits.js';

/** On which loans a version is made and measured, trained here or elsewhere. */
export interface BookPlan {
  readonly products: readonly string[];
  /** Outcomes known later are not looked at. */
  readonly knownBefore: Date;
  readonly split: Split;
  /** Without one: a policy around the default rate of the training loans. */
  readonly policy?: PolicyRequest;
  /** A registered version to compare with on the same hold-out. */
  readonly champion?: LoadedVersion;
  /** Grave findings of the data-quality report that do not stop this version, and why. */
  readonly overrides?: readonly Override[];
  readonly seed: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

export interface TrainingPlan extends BookPlan {
  readonly specs: readonly FeatureSpec[];
  readonly hyperParameters?: Omit<HyperParametersInput, 'seed'>;
  /** Search for better hyper-parameters first, from the given ones. */
  readonly search?: SearchWish;
  /** Folds of the training loans to judge the settings on as well. */
  readonly folds?: number;
}

export interface TrainedVersion {
  readonly bundle: VersionBundle;
  readonly train: LabelledLoans;
  readonly holdout: LabelledLoans;
  readonly seconds: number;
  /** Of a model that was trained elsewhere. */
  readonly source?: NonNullable<Dossier['source']>;
}

const FEWEST_OF_A_KIND = 20;

/**
 * Trains a version on the book as it stands in the database: every loan with a known outcome, gathered as of its own
 * decision by the code that serves, so that training and serving cannot drift apart.
 * @throws REFUSED when there is too little to learn from
 */
export function trainVersion(db: Queryable, keys: KeyRing, plan: TrainingPlan): Promise<TrainedVersion> {
  const { specs, hyperParameters, search, folds } = plan;
  return makeVersion(db, keys, plan, (request) => buildVersion({ ...request, specs, ...(hyperParameters && { hyperParameters }), ...(search && { search }), ...(folds !== undefined && { folds }) }));
}

/** Makes a version of the book's loans, however it comes by its model. */
export async function makeVersion(db: Queryable, keys: KeyRing, plan: BookPlan, make: (request: VersionRequest) => Promise<VersionBundle>): Promise<TrainedVersion> {
  const started = performance.now();
  const parts = await divideLoans(db, plan);
  const train = await withoutErased(keys, parts.train);
  const holdout = await withoutErased(keys, parts.holdout);
  requireEnough(train, plan);
  const bundle = await make(await requestOf(db, keys, plan, { train, holdout }));
  return { bundle, train, holdout, seconds: (performance.now() - started) / 1_000 };
}

async function requestOf(db: Queryable, keys: KeyRing, { policy, champion, overrides, seed, onProgress, signal }: BookPlan, { train, holdout }: Record<SplitPart, LabelledLoans>): Promise<VersionRequest> {
  const held = holdout.loans.length > 0;
  const protectedOf = await protectedColumns(db, keys, train.loans);
  const heldGroups = groupsOf(protectedOf, await protectedColumns(db, keys, holdout.loans));
  return {
    ...labelledRecords(db, keys, train, groupsOf(protectedOf, protectedOf)),
    ...(held && { holdout: labelledRecords(db, keys, holdout, heldGroups) }),
    ...(policy && { policy }),
    ...(champion && { champion: await championOn(db, keys, holdout, champion) }),
    ...(overrides && { overrides }),
    seed,
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  };
}

/** The known loans of these products, by the part of the split that they belong to; in an order that a new import of the same book gives again. */
export async function divideLoans(db: Queryable, { products, knownBefore, split }: Pick<BookPlan, 'products' | 'knownBefore' | 'split'>): Promise<Record<SplitPart, TrainingLoan[]>> {
  const loans: TrainingLoan[] = [];
  for await (const batch of trainingLoans(db, { products, knownBefore })) loans.push(...batch);
  loans.sort(byExternalIds);
  const assigned = split.partsOf(loans);
  const of = (part: SplitPart): TrainingLoan[] => loans.filter((_, index) => assigned[index] === part);
  return { train: of('train'), holdout: of('holdout') };
}

const byExternalIds = (a: TrainingLoan, b: TrainingLoan): number => compare(a.customerExternalId, b.customerExternalId) || compare(a.externalId, b.externalId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function withoutErased(keys: KeyRing, loans: readonly TrainingLoan[]): Promise<LabelledLoans> {
  const dataKeys = await keys.keysOf(loans.map(({ customerId }) => customerId));
  const kept = loans.filter((_, index) => dataKeys[index] !== undefined);
  return { loans: kept, labels: Uint8Array.from(kept, ({ defaulted }) => (defaulted ? 1 : 0)) };
}

function requireEnough({ labels }: LabelledLoans, { products }: BookPlan): void {
  const bads = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(bads, labels.length - bads) >= FEWEST_OF_A_KIND) return;
  throw refused(
    `Loans of ${products.join(', ')} with a known outcome to learn from: ${labels.length}; defaults among them: ${bads}. ` +
      `At least ${FEWEST_OF_A_KIND} defaults and ${FEWEST_OF_A_KIND} others are needed: import more loans, or record their outcomes.`,
  );
}

const labelledRecords = (db: Queryable, keys: KeyRing, { loans, labels }: LabelledLoans, groups: Groups): LabelledRecords => ({
  records: recordsOf(db, keys, loans),
  labels,
  times: loans.map(({ decisionAt }) => decisionAt),
  customers: loans.map(({ customerExternalId }) => customerExternalId),
  outcomeTimes: loans.map(({ knownAt }) => knownAt),
  groups,
});
