import { mkdir } from 'node:fs/promises';
import { ArtefactStore, compareVersions, draftDossier, LiveVersions, parseDossier, trainVersion, type Comparison, type TrainedVersion } from '../../models/index.js';
import { notFound, readConfig, type Stages } from '../../platform/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';
import { accountIdentity } from '../support/local-account.js';
import { writeVersionFolder } from '../version-folder/write.js';
import type { TrainPlan } from './plan.js';
import { describeComparison, describeSearch, describeTrained, describeTraining } from './progress.js';

export interface TrainResult {
  readonly folder: string;
  readonly dossierDigest: string;
  readonly rows: { readonly train: number; readonly holdout: number };
  readonly metrics: unknown;
  readonly comparison?: Comparison;
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
    if (plan.against !== undefined) await requireVersion(runtime, plan.against);
    const trained = await trainStage(plan, tools);
    const comparison = plan.against === undefined ? undefined : await compareStage(plan.against, trained, tools);
    const dossier = dossierOf(plan, trained, comparison);
    await stages.run('write', `Write ${plan.folder}`, () => writeVersionFolder(plan.folder, { trained, dossier, specs: plan.specs, title: plan.source }));
    return {
      folder: plan.folder,
      dossierDigest: parseDossier(JSON.stringify(dossier)).digest,
      rows: { train: trained.train.loans.length, holdout: trained.holdout.loans.length },
      metrics: dossier['metrics'],
      ...(comparison && { comparison }),
      seconds: stages.seconds,
    };
  } finally {
    await runtime.close();
  }
}

/** Before the work, not after it. */
async function requireVersion({ db }: Runtime, id: string): Promise<void> {
  const [found] = await db.query('SELECT id FROM model_versions WHERE id = $1', [id]);
  if (!found) throw notFound('--against: there is no such model version here. Give the id that register or the API told.');
}

async function trainStage(plan: TrainPlan, { runtime: { db, keys }, stages, signal }: Tools): Promise<TrainedVersion> {
  const { folder, specs, products, knownBefore, split, hyperParameters, policy, search, seed } = plan;
  if (search) await mkdir(folder, { recursive: true });
  return stages.run(
    'train',
    `Train on the recorded book (${specs.length} features)`,
    (progress) =>
      trainVersion(db, keys, {
        specs, products, knownBefore, split, hyperParameters, seed, signal,
        ...(policy && { policy }),
        ...(search && { search: { ...search, folder, onProgress: (at) => progress.update(describeSearch(at)) } }),
        onProgress: (at) => progress.update(describeTraining(at)),
      }),
    describeTrained,
  );
}

async function compareStage(championId: string, { bundle, holdout }: TrainedVersion, { runtime: { db, keys }, stages }: Tools): Promise<Comparison> {
  const versions = new LiveVersions(new ArtefactStore());
  try {
    return await stages.run('compare', 'Compare on the same hold-out', async () => compareVersions(db, keys, holdout, bundle, await versions.load(db, championId)), describeComparison);
  } finally {
    await versions.close();
  }
}

/** Who trained it stands in the dossier, so that whoever registers the folder can name them. */
function dossierOf({ split, source, knownBefore, seed, modelCard }: TrainPlan, trained: TrainedVersion, comparison: Comparison | undefined): Record<string, unknown> {
  return draftDossier({ trained, split, source, knownBefore, seed, modelCard, trainedBy: accountIdentity().name, ...(comparison && { comparison }) });
}
