import { readdir } from 'node:fs/promises';
import { readMapping, type Mapping } from '../../loans/index.js';
import { parseSplit, specsFrom, specsOfMapping, type ModelCard, type Split } from '../../models/index.js';
import { badInput } from '../../platform/index.js';
import { parseDecisionPolicy, parseHyperParameters, type DecisionPolicy, type FeatureSpec, type HyperParametersInput } from '../../scoring/index.js';
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
  readonly split: Split;
  readonly policy: DecisionPolicy | undefined;
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
    folder: await freeFolder(flags.out ?? `version-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`),
    specs: await specsOf(flags),
    products,
    source,
    hyperParameters: await settingsOf(flags),
    split: await parseSplit(flags.split, seed),
    policy: flags.policy === undefined ? undefined : parseDecisionPolicy(await readJson(flags.policy)),
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

/** A version is written once: what an earlier run left is never mixed with it. */
async function freeFolder(folder: string): Promise<string> {
  const held = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw badInput(`--out ${folder}: cannot be used: ${error.message}`);
  });
  if (held.length > 0) throw badInput(`--out ${folder}: is not empty. Name a new folder for the version.`);
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
