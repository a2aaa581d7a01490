import { readdir } from 'node:fs/promises';
import { readMapping, type Mapping } from '../../loans/index.js';
import { parseSplit, specsFrom, specsOfMapping, type ModelCard, type Split } from '../../models/index.js';
import { badInput, expectId } from '../../platform/index.js';
import { parseDecisionPolicy, parseHyperParameters, parseThresholdRule, type FeatureSpec, type HyperParametersInput, type PolicyRequest, type SearchWish } from '../../scoring/index.js';
import { time, whole } from '../support/flags.js';
import { readJson } from '../support/json-file.js';

export interface TrainFlags {
  readonly out?: string;
  readonly mapping?: string;
  readonly features?: string;
  readonly printFeatures?: boolean;
  readonly product: readonly string[];
  readonly family?: NonNullable<HyperParametersInput['family']>;
  readonly settings?: string;
  readonly search?: string;
  readonly space?: string;
  readonly resume?: boolean;
  readonly against?: string;
  readonly split: string;
  readonly calibrate?: NonNullable<HyperParametersInput['calibration']>;
  readonly policy?: string;
  readonly costRatio?: string;
  readonly approvalRate?: string;
  readonly knownBefore?: string;
  readonly seed: string;
  readonly intendedUse?: string;
  readonly limitations?: string;
  readonly json?: boolean;
}

/** What `assay train` was asked for, every flag and file checked. */
export interface TrainPlan {
  readonly folder: string;
  readonly specs: readonly FeatureSpec[];
  readonly products: readonly string[];
  readonly source: string;
  readonly hyperParameters: Omit<HyperParametersInput, 'seed'>;
  readonly search: Omit<SearchWish, 'folder'> | undefined;
  /** Row id of the version to compare with. */
  readonly against: string | undefined;
  readonly split: Split;
  readonly policy: PolicyRequest | undefined;
  readonly knownBefore: Date;
  readonly seed: number;
  readonly modelCard: ModelCard;
}

/** @throws BAD_INPUT for the first thing that is wrong, before any work is done */
export async function planOf(flags: TrainFlags): Promise<TrainPlan> {
  const seed = whole(flags.seed, '--seed');
  const mapping = flags.mapping === undefined ? undefined : await readMapping(flags.mapping);
  const products = productsOf(flags, mapping);
  const source = mapping?.title ?? `recorded loans of ${products.join(', ')}`;
  return {
    folder: await folderFor(flags),
    specs: await specsOf(flags),
    products,
    source,
    hyperParameters: await settingsOf(flags),
    search: await searchOf(flags),
    against: flags.against === undefined ? undefined : expectId(flags.against, 'ModelVersion', false).id,
    split: await parseSplit(flags.split, seed),
    policy: await policyOf(flags),
    knownBefore: flags.knownBefore === undefined ? new Date() : time(flags.knownBefore, '--known-before'),
    seed,
    modelCard: cardOf(flags, products, mapping),
  };
}

/** The features that are named, or proposed from the mapping. */
export async function specsOf({ features, mapping }: Pick<TrainFlags, 'features' | 'mapping'>): Promise<FeatureSpec[]> {
  if (features !== undefined) return specsFrom(await readJson(features), features);
  if (mapping === undefined) throw badInput('Say what the model may see: --features FILE, or --mapping FILE to have features proposed from the mapping of the book.');
  return specsOfMapping(await readMapping(mapping), mapping);
}

function productsOf({ product }: TrainFlags, mapping: Mapping | undefined): readonly string[] {
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

/** A policy as it stands, or the rule that its approval line follows from: one of the three. */
async function policyOf({ policy, costRatio, approvalRate }: TrainFlags): Promise<PolicyRequest | undefined> {
  if ([policy, costRatio, approvalRate].filter((flag) => flag !== undefined).length > 1) throw badInput('Give one of --policy, --cost-ratio and --approval-rate: each of them sets the approval line.');
  if (policy !== undefined) return { policy: parseDecisionPolicy(await readJson(policy)) };
  if (costRatio !== undefined) return { rule: parseThresholdRule({ costRatio: Number(costRatio) }) };
  return approvalRate === undefined ? undefined : { rule: parseThresholdRule({ approvalRate: Number(approvalRate) }) };
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

const cardOf = ({ intendedUse, limitations }: TrainFlags, products: readonly string[], mapping: Mapping | undefined): ModelCard => ({
  intendedUse: intendedUse ?? `Probability of default of loans of ${products.join(', ')}${mapping?.model ? `: ${mapping.model.name}` : ''}.`,
  limitations:
    limitations ??
    (mapping?.synthetic
      ? 'Trained on invented data. It must not be used for decisions about people.'
      : 'For loans like those it was trained on. Its limits have not been written down by its owner yet.'),
});
