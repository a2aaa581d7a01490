import { draftDossier, parseDossier, progressText, trainVersion, type TrainedVersion } from '../../models/index.js';
import { readConfig, type Stages } from '../../platform/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';
import { accountIdentity } from '../support/local-account.js';
import { writeVersionFolder } from '../version-folder/write.js';
import type { TrainPlan } from './plan.js';

export interface TrainResult {
  readonly folder: string;
  readonly dossierDigest: string;
  readonly rows: { readonly train: number; readonly holdout: number };
  readonly metrics: unknown;
  readonly seconds: Readonly<Record<string, number>>;
}

/** Trains as planned and writes the folder. What stops it, a mistake or Ctrl-C, leaves no half-written version. */
export async function train(plan: TrainPlan, stages: Stages, signal: AbortSignal): Promise<TrainResult> {
  const runtime = await stages.run('database', 'Open the book', () => openRuntime(readConfig()));
  try {
    if (runtime.note) stages.say(`  note: ${runtime.note}`);
    const trained = await trainStage(runtime, plan, stages, signal);
    const dossier = dossierOf(plan, trained);
    await stages.run('write', `Write ${plan.folder}`, () => writeVersionFolder(plan.folder, { trained, dossier, specs: plan.specs, title: plan.source }));
    return {
      folder: plan.folder,
      dossierDigest: parseDossier(JSON.stringify(dossier)).digest,
      rows: { train: trained.train.loans.length, holdout: trained.holdout.loans.length },
      metrics: dossier['metrics'],
      seconds: stages.seconds,
    };
  } finally {
    await runtime.close();
  }
}

const trainStage = ({ db, keys }: Runtime, { specs, products, knownBefore, split, hyperParameters, policy, seed }: TrainPlan, stages: Stages, signal: AbortSignal): Promise<TrainedVersion> =>
  stages.run(
    'train',
    `Train on the recorded book (${specs.length} features)`,
    (progress) =>
      trainVersion(db, keys, {
        specs, products, knownBefore, split, hyperParameters, seed, signal,
        ...(policy && { policy }),
        onProgress: (at) => progress.update(progressText(at)),
      }),
    ({ bundle: { report, backend, trainingData } }) => `${trainingData.rows} loans, TensorFlow.js ${backend}, ${report.evaluation.measuredOn} AUC ${report.evaluation.metrics.auc.toFixed(4)}`,
  );

/** Who trained it stands in the dossier, so that whoever registers the folder can name them. */
function dossierOf({ split, source, knownBefore, seed, modelCard }: TrainPlan, trained: TrainedVersion): Record<string, unknown> {
  return draftDossier({ trained, split, source, knownBefore, seed, modelCard, trainedBy: accountIdentity().name });
}
