import { mkdir } from 'node:fs/promises';
import { ArtefactStore, draftDossier, LiveVersions, parseDossier, progressText, trainVersion, type LoadedVersion, type TrainedVersion } from '../../models/index.js';
import { notFound, readConfig, type Stages } from '../../platform/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';
import { accountIdentity } from '../support/local-account.js';
import { writeVersionFolder } from '../version-folder/write.js';
import type { TrainPlan } from './plan.js';
import { describeTrained } from './describe.js';

export interface TrainResult {
  readonly folder: string;
  readonly dossierDigest: string;
  readonly rows: { readonly train: number; readonly holdout: number };
  readonly metrics: unknown;
  readonly comparison?: unknown;
  readonly seconds: Readonly<Record<string, number>>;
}

interface Tools {
  readonly runtime: Runtime;
  readonly stages: Stages;
  readonly signal: AbortSignal;
}

/** Trains as planned and writes the folder. What stops it, a mistake or Ctrl-C, leaves no half-written version. */
export async function train(plan: TrainPlan, stages: Stages, signal: AbortSignal): Promise<TrainResult> {
  const runtime = await stages.run('database', 'Open the book', () => openRuntime(readConfig()));
  const tools = { runtime, stages, signal };
  try {
    if (runtime.note) stages.say(`  note: ${runtime.note}`);
    const trained = await trainBeside(plan, tools);
    const dossier = dossierOf(plan, trained);
    await stages.run('write', `Write ${plan.folder}`, () => writeVersionFolder(plan.folder, { trained, dossier, specs: plan.specs, title: plan.source }));
    return {
      folder: plan.folder,
      dossierDigest: parseDossier(JSON.stringify(dossier)).digest,
      rows: { train: trained.train.loans.length, holdout: trained.holdout.loans.length },
      metrics: dossier['metrics'],
      ...('comparison' in dossier && { comparison: dossier['comparison'] }),
      seconds: stages.seconds,
    };
  } finally {
    await runtime.close();
  }
}

/** Trains, beside the version it shall be compared with where one is named; that one is loaded before the work, not after it. */
async function trainBeside(plan: TrainPlan, tools: Tools): Promise<TrainedVersion> {
  if (plan.against === undefined) return trainStage(plan, tools);
  const versions = new LiveVersions(new ArtefactStore());
  try {
    return await trainStage(plan, tools, await championOf(plan.against, versions, tools.runtime));
  } finally {
    await versions.close();
  }
}

async function championOf(id: string, versions: LiveVersions, { db }: Runtime): Promise<LoadedVersion> {
  const [found] = await db.query('SELECT id FROM model_versions WHERE id = $1', [id]);
  if (!found) throw notFound('--against: there is no such model version here. Give the id that register or the API told.');
  return versions.load(db, id);
}

async function trainStage(plan: TrainPlan, { runtime: { db, keys }, stages, signal }: Tools, champion?: LoadedVersion): Promise<TrainedVersion> {
  const { folder, specs, products, knownBefore, split, hyperParameters, policy, search, seed } = plan;
  if (search) await mkdir(folder, { recursive: true });
  return stages.run(
    'train',
    `Train on the recorded book (${specs.length} features)`,
    (progress) =>
      trainVersion(db, keys, {
        specs, products, knownBefore, split, hyperParameters, seed, signal,
        ...(policy && { policy }),
        ...(search && { search: { ...search, folder } }),
        ...(champion && { champion }),
        onProgress: (at) => progress.update(progressText(at)),
      }),
    describeTrained,
  );
}

/** Who trained it stands in the dossier, so that whoever registers the folder can name them. */
function dossierOf({ split, source, knownBefore, seed, modelCard }: TrainPlan, trained: TrainedVersion): Record<string, unknown> {
  return draftDossier({ trained, split, source, knownBefore, seed, modelCard, trainedBy: accountIdentity().name });
}
