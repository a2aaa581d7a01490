import { replayRange, type ReplayRange, type ReplayReport } from '../../evidence/index.js';
import { ArtefactStore, LiveVersions } from '../../models/index.js';
import { AssayError, badInput, expectId, readConfig, Stages } from '../../platform/index.js';
import { Evidence } from '../../predictions/index.js';
import { openRuntime } from '../../runtime.js';
import { interrupted } from '../interrupt.js';
import { time } from '../support/flags.js';
import { localContext } from '../support/local-account.js';

export interface ReplayFlags {
  readonly from?: string;
  readonly to?: string;
  readonly prediction?: string;
  readonly version?: string;
}

/** Versions in memory at a time. */
const MOST_VERSIONS = 8;

/** @throws BAD_INPUT for what names no range */
export function rangeOf({ from, to, prediction, version }: ReplayFlags): ReplayRange {
  const range = {
    from: from === undefined ? undefined : time(from, '--from'),
    to: to === undefined ? undefined : time(to, '--to'),
    prediction: prediction === undefined ? undefined : expectId(prediction, 'Prediction', true),
    versionId: version === undefined ? undefined : expectId(version, 'ModelVersion', false).id,
  };
  if (range.from && range.to && range.from >= range.to) throw badInput(`--to ${to}: is not after --from ${from}. Predictions are replayed from the first moment up to, but not including, the second.`);
  return range;
}

/** Replays recorded predictions of this machine's database. @throws REFUSED where one came out otherwise, or was changed; UNAVAILABLE where it was stopped before the end */
export async function verifyReplays(flags: ReplayFlags, json: boolean): Promise<void> {
  const range = rangeOf(flags);
  const { signal } = interrupted();
  const runtime = await openRuntime(readConfig());
  const versions = new LiveVersions(new ArtefactStore(), runtime.config.scoringRuntime, MOST_VERSIONS);
  try {
    const ctx = await localContext(runtime, ['AUDITOR']);
    const stages = new Stages(process.stderr);
    const evidence = new Evidence(runtime.keys, versions);
    const report = await stages.run('replay', 'Replay recorded predictions', (progress) =>
      replayRange(ctx, evidence, range, { signal, progress: (done, of) => progress.advance(done, of, 'predictions') }), described);
    tell(report);
    if (json) process.stdout.write(`${JSON.stringify({ ...report, seconds: stages.seconds })}\n`);
    if (range.prediction && report.predictions === 0) throw new AssayError('NOT_FOUND', `--prediction ${flags.prediction}: there is no such prediction with a score.`);
    if (report.problemCount > 0) throw new AssayError('REFUSED', `${count(report.problemCount)} of ${count(report.predictions)} predictions did not come out as they were recorded, the first of them above.`);
    if (report.next) throw new AssayError('UNAVAILABLE', `Stopped as you asked, before it was done. Go on with --from ${report.next.toISOString()}.`);
  } finally {
    await versions.close();
    await runtime.close();
  }
}

const count = (value: number): string => value.toLocaleString('en-US');

function described({ predictions, verdicts: { IDENTICAL, WITHIN_TOLERANCE, DIFFERENT, NOT_REPLAYABLE }, erased }: ReplayReport): string {
  return `${count(predictions)} predictions: ${count(IDENTICAL)} identical, ${count(WITHIN_TOLERANCE)} within tolerance, ${count(DIFFERENT)} different, ${count(NOT_REPLAYABLE)} not replayable (${count(erased)} of erased customers)`;
}

/** On which runtimes, how far off, and what is wrong. */
function tell({ runtimes, replayedBy, problems }: ReplayReport): void {
  for (const by of replayedBy) process.stderr.write(`  replayed on ${by}\n`);
  for (const { runtime, verdicts, largest } of runtimes) {
    const { pd, scorePoints, attributions } = largest;
    const told = Object.entries(verdicts).filter(([, of]) => of > 0).map(([verdict, of]) => `${count(of)} ${verdict}`).join(', ');
    process.stderr.write(`  recorded on ${runtime}: ${told}; largest differences: PD ${pd}, score points ${scorePoints}, attributions ${attributions}\n`);
  }
  for (const { says } of problems) process.stderr.write(`✗ ${says}\n`);
}
