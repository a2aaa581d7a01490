import { readdir } from 'node:fs/promises';
import { readMapping, type Mapping } from '../../loans/index.js';
import { parseSplit, specsFrom, specsOfMapping, type BookPlan, type ModelCard } from '../../models/index.js';
import { badInput, expectId } from '../../platform/index.js';
import { isCheckName, parseDecisionPolicy, parseHyperParameters, type FeatureSpec, type HyperParametersInput, type Override, type PolicyRequest, type SearchWish } from '../../scoring/index.js';
import { numberWithin, time, whole } from '../support/flags.js';
import { readJson } from '../support/json-file.js';

/** The flags that say which loans, how they are split and where the approval line is. */
export interface BookFlags {
  readonly product: readonly string[];
  readonly split: string;
  readonly policy?: string;
  readonly costRatio?: string;
  readonly approvalRate?: string;
  readonly knownBefore?: string;
  readonly override: readonly string[];
  readonly seed: string;
}

export interface TrainFlags extends BookFlags {
  readonly out?: string;
  readonly mapping?: string;
  readonly features?: string;
  readonly printFeatures?: boolean;
  readonly family?: NonNullable<HyperParametersInput['family']>;
  readonly settings?: string;
  readonly search?: string;
  readonly space?: string;
  readonly resume?: boolean;
  readonly folds?: string;
  readonly against?: string;
  readonly calibrate?: NonNullable<HyperParametersInput['calibration']>;
  readonly intendedUse?: string;
  readonly limitations?: string;
  readonly ethics?: string;
  readonly contact?: string;
  readonly json?: boolean;
}

/** What `assay train` was asked for, every flag and file checked. */
export interface TrainPlan {
  readonly folder: string;
  readonly specs: readonly FeatureSpec[];
  readonly source: string;
  readonly hyperParameters: Omit<HyperParametersInput, 'seed'>;
  readonly search: Pick<SearchWish, 'budget' | 'space'> | undefined;
  /** Folds to judge the settings on. */
  readonly folds: number | undefined;
  /** Row id of the version to compare with. */
  readonly against: string | undefined;
  readonly book: BookPlan;
  readonly modelCard: ModelCard;
}

/** @throws BAD_INPUT for the first thing that is wrong, before any work is done */
export async function planOf(flags: TrainFlags): Promise<TrainPlan> {
  const mapping = flags.mapping === undefined ? undefined : await readMapping(flags.mapping);
  const book = await bookOf(flags, mapping);
  return {
    folder: await folderFor(flags),
    specs: await specsOf(flags),
    source: mapping?.title ?? `recorded loans of ${book.products.join(', ')}`,
    hyperParameters: await settingsOf(flags),
    search: await searchOf(flags),
    folds: flags.folds === undefined ? undefined : foldsOf(flags.folds),
    against: flags.against === undefined ? undefined : expectId(flags.against, 'ModelVersion', false).id,
    book,
    modelCard: cardOf(flags, book.products, mapping),
  };
}

/** Which loans a version is made of and measured on. */
export async function bookOf(flags: BookFlags, mapping: Mapping | undefined): Promise<BookPlan> {
  const seed = whole(flags.seed, '--seed');
  const products = productsOf(flags, mapping);
  const policy = await policyOf(flags);
  return {
    products,
    split: await parseSplit(flags.split),
    knownBefore: flags.knownBefore === undefined ? new Date() : time(flags.knownBefore, '--known-before'),
    seed,
    overrides: flags.override.map(overrideOf),
    ...(policy && { policy }),
  };
}

/** `check=reason` or `check:feature=reason`, as the data-quality report names them. */
function overrideOf(text: string): Override {
  const [, check, feature, reason] = /^([a-z-]+)(?::([^=]+))?=(.*)$/s.exec(text) ?? [];
  if (check === undefined || !isCheckName(check) || reason === undefined || reason.trim() === '') throw badInput(`--override ${text}: write the check, the feature where the finding has one, and the reason: leaking-values:customer.bureauScore="known at application".`);
  return { check, ...(feature !== undefined && { feature }), reason };
}

async function policyOf({ policy, costRatio, approvalRate }: BookFlags): Promise<PolicyRequest | undefined> {
  if ([policy, costRatio, approvalRate].filter((flag) => flag !== undefined).length > 1) throw badInput('Give one of --policy, --cost-ratio and --approval-rate: each says where the approval line is.');
  if (policy !== undefined) return { policy: parseDecisionPolicy(await readJson(policy)) };
  if (costRatio !== undefined) return { rule: { costRatio: numberWithin(costRatio, '--cost-ratio', 0.01, 10_000) } };
  return approvalRate === undefined ? undefined : { rule: { approvalRate: numberWithin(approvalRate, '--approval-rate', 0.001, 1) } };
}

/** The features that are named, or proposed from the mapping. */
export async function specsOf({ features, mapping }: Pick<TrainFlags, 'features' | 'mapping'>): Promise<FeatureSpec[]> {
  if (features !== undefined) return specsFrom(await readJson(features), features);
  if (mapping === undefined) throw badInput('Say what the model may see: --features FILE, or --mapping FILE to have features proposed from the mapping of the book.');
  return specsOfMapping(await readMapping(mapping), mapping);
}

function productsOf({ product }: BookFlags, mapping: Mapping | undefined): readonly string[] {
  const products = product.length > 0 ? product : (mapping?.model?.products ?? []);
  if (products.length === 0) throw badInput('Say which loans to learn from: --product credit-card, once for each product.');
  return products;
}

async function settingsOf({ settings, family, calibrate }: TrainFlags): Promise<Omit<HyperParametersInput, 'seed'>> {
  const { seed: _, ...read } = (settings === undefined ? {} : await readJson(settings)) as HyperParametersInput;
  const asked = { ...read, ...(family && { family }), ...(calibrate && { calibration: calibrate }) };
  parseHyperParameters(asked);
  return asked;
}

async function searchOf({ search, space, resume }: TrainFlags): Promise<TrainPlan['search']> {
  if (search === undefined && (space !== undefined || resume)) throw badInput('--space and --resume belong to a search: say how many trials with --search 30.');
  if (search === undefined) return undefined;
  return { budget: { trials: whole(search, '--search') }, ...(space !== undefined && { space: await readJson(space) }) };
}

function foldsOf(text: string): number {
  const folds = whole(text, '--folds');
  if (folds < 2 || folds > 20) throw badInput(`--folds ${text}: give a number of folds from 2 to 20.`);
  return folds;
}

/** What a search leaves when it is stopped. */
const TRIALS_FILE = 'trials.jsonl';

/** A version is written once: what an earlier run left is never mixed with it, but for the trials of a search to be resumed. */
async function folderFor({ out, resume }: TrainFlags): Promise<string> {
  if (out === undefined && resume) throw badInput('--resume needs --out: the folder in which the search has recorded its trials.');
  const folder = out ?? `version-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`;
  const held = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw badInput(`--out ${folder}: cannot be used: ${error.message}`);
  });
  const interrupted = held.length === 1 && held[0] === TRIALS_FILE;
  if (interrupted && !resume) throw badInput(`--out ${folder}: holds the trials of a search that was stopped. Add --resume to go on with it, or name a new folder.`);
  if (held.length > 0 && !interrupted) throw badInput(`--out ${folder}: is not empty. Name a new folder for the version.`);
  if (resume && !interrupted) throw badInput(`--out ${folder}: holds no trials to go on with. Leave --resume out.`);
  return folder;
}

const cardOf = ({ intendedUse, limitations, ethics, contact }: TrainFlags, products: readonly string[], mapping: Mapping | undefined): ModelCard => ({
  intendedUse: intendedUse ?? `Probability of default of loans of ${products.join(', ')}${mapping?.model ? `: ${mapping.model.name}` : ''}.`,
  limitations:
    limitations ??
    (mapping?.synthetic
      ? 'Trained on invented data. It must not be used for decisions about people.'
      : 'For loans like those it was trained on. Its limits have not been written down by its owner yet.'),
  ...(ethics !== undefined && { ethics }),
  ...(contact !== undefined && { contact }),
});
