import { mkdir } from 'node:fs/promises';
import { ArtefactStore, LiveVersions, progressText, trainVersion, type BookPlan, type LoadedVersion, type TrainedVersion } from '../../models/index.js';
import { notFound, readConfig, type Stages } from '../../platform/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';
import { writeVersion, type WrittenVersion } from '../version-folder/write.js';
import { describeTrained } from './describe.js';
import type { TrainPlan } from './plan.js';

export interface TrainResult extends WrittenVersion {
  readonly seconds: Readonly<Record<string, number>>;
}

/** Trains as planned and writes the folder. What stops it, a mistake or Ctrl-C, leaves no half-written version. */
export async function train(plan: TrainPlan, stages: Stages, signal: AbortSignal): Promise<TrainResult> {
  const { folder, specs, hyperParameters, search, folds, book } = plan;
  if (search) await mkdir(folder, { recursive: true });
  const written = await onTheBook(plan, stages, signal, ({ db, keys }, options) =>
    stages.run(
      'train',
      `Train on the recorded book (${specs.length} features)`,
      (progress) =>
        trainVersion(db, keys, { ...book, ...options, specs, hyperParameters, ...(search && { search: { ...search, folder } }), ...(folds !== undefined && { folds }), onProgress: (at) => progress.update(progressText(at)) }),
      describeTrained,
    ),
  );
  return { ...written, seconds: stages.seconds };
}

type MakeOptions = Pick<BookPlan, 'champion' | 'signal'>;

/** Opens the book and the champion, lets `make` make a version of them, and writes it. */
export async function onTheBook(
  plan: Pick<TrainPlan, 'folder' | 'against' | 'book' | 'specs' | 'source' | 'modelCard'>,
  stages: Stages,
  signal: AbortSignal,
  make: (runtime: Runtime, options: MakeOptions) => Promise<TrainedVersion>,
): Promise<WrittenVersion> {
  const runtime = await stages.run('database', 'Open the book', () => openRuntime(readConfig()));
  const versions = new LiveVersions(new ArtefactStore());
  try {
    if (runtime.note) stages.say(`  note: ${runtime.note}`);
    const champion = plan.against === undefined ? undefined : await championOf(runtime, versions, plan.against);
    const trained = await make(runtime, { signal, ...(champion && { champion }) });
    return await stages.run('write', `Write ${plan.folder}`, () => writeVersion(plan.folder, { ...plan, trained }));
  } finally {
    await versions.close();
    await runtime.close();
  }
}

async function championOf({ db }: Runtime, versions: LiveVersions, id: string): Promise<LoadedVersion> {
  const [found] = await db.query('SELECT id FROM model_versions WHERE id = $1', [id]);
  if (!found) throw notFound('--against: there is no such model version here. Give the id that register or the API told.');
  return versions.load(db, id);
}
