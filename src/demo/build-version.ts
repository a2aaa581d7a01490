import { draftDossier, progressText, trainVersion, uploadsOf, type TrainedVersion, type TrainingPlan } from '../models/index.js';
import type { Stages } from '../platform/index.js';
import type { Runtime } from '../runtime.js';
import type { Book } from './book.js';
import type { Clients } from './clients.js';
import { approveAndDeploy, registerVersion, type DeployedVersion } from './governance.js';
import { PEOPLE } from './people.js';

export interface VersionPlan {
  readonly runtime: Pick<Runtime, 'db' | 'keys'>;
  /** The people of the demonstration, over a running API; roles granted. */
  readonly clients: Clients;
  readonly book: Book;
  /** Outcomes known by then may be learned from. */
  readonly knownBefore: Date;
  readonly seed: number;
  readonly stages: Stages;
  readonly hyperParameters?: NonNullable<TrainingPlan['hyperParameters']>;
  readonly signal?: AbortSignal;
}

/** Trains on the recorded book, registers the version and takes it live, each step by the person whose step it is. */
export async function buildDeployedVersion(plan: VersionPlan): Promise<DeployedVersion> {
  const { stages, clients, book, signal } = plan;
  const trained = await train(plan);
  const draft = await stages.run('register', 'Register model and version', () => registerVersion(clients, book, uploadsOf(trained.bundle), dossierOf(plan, trained)));
  signal?.throwIfAborted();
  return stages.run(
    'govern',
    'Submit, validate, approve and deploy, by different people',
    (progress) => approveAndDeploy(clients, draft, progress),
    ({ version, state, dossierDigest, waived }) => `version ${version} ${state}, dossier ${dossierDigest.slice(0, 16)}…${waived.length > 0 ? `, waived: ${waived.join(', ')}` : ''}`,
  );
}

function train({ runtime, book, knownBefore, seed, stages, hyperParameters, signal }: VersionPlan): Promise<TrainedVersion> {
  return stages.run(
    'train',
    `Train on the recorded book (${book.specs.length} features)`,
    (progress) =>
      trainVersion(runtime.db, runtime.keys, {
        products: book.model.products,
        knownBefore,
        split: book.split,
        specs: book.specs,
        seed,
        ...(hyperParameters && { hyperParameters }),
        ...(signal && { signal }),
        onProgress: (at) => progress.update(progressText(at)),
      }),
    ({ bundle: { report: { evaluation }, backend, trainingData, parity } }) =>
      `${trainingData.rows} loans, TensorFlow.js ${backend}, ${evaluation.measuredOn} AUC ${evaluation.metrics.auc.toFixed(4)}, parity ${parity.maxAbsDifference.toExponential(1)}`,
  );
}

function dossierOf({ book, knownBefore, seed }: VersionPlan, trained: TrainedVersion): Record<string, unknown> {
  const { title, synthetic } = book.mapping;
  return draftDossier({
    trained,
    split: book.split,
    source: title,
    knownBefore,
    seed,
    modelCard: {
      intendedUse: `${book.model.purpose}: ${book.model.name}. Trained by the demonstration on: ${title}.`,
      limitations: synthetic
        ? 'Trained on invented data. It must not be used for decisions about people.'
        : 'Trained by a demonstration with default settings. Not reviewed for use in decisions about people.',
      ethics: 'Protected attributes are no inputs of the model; the dossier compares groups where the book knows them. Nobody has weighed what its decisions would do to people.',
      contact: PEOPLE.owner.name,
    },
  });
}
