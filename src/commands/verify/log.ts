import { readFile } from 'node:fs/promises';
import { epochsOf, keptCheckpoint, keptReceipt, openTransparencyLog, witnessAnchors, type TransparencyLog } from '../../audit/index.js';
import { AssayError, badInput, messageOf, readConfig, Stages } from '../../platform/index.js';
import { verifyLog, type LogVerification } from '../../evidence/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';

/**
 * Verifies the log of this machine's database, against checkpoints and receipts that somebody kept and what the witnesses show.
 * @throws REFUSED with the first of what does not fit
 */
export async function verifyWholeLog(files: { checkpoints: readonly string[]; receipts: readonly string[] }, json: boolean): Promise<void> {
  const runtime = await openRuntime(readConfig());
  try {
    const log = await openTransparencyLog(runtime.config);
    const anchors = await Promise.all(files.checkpoints.map(async (path) => keptCheckpoint(log, await readText('--checkpoint', path), `The checkpoint in ${path}`)));
    const receipts = await Promise.all(files.receipts.map(async (path) => keptReceipt(log, await readText('--receipt', path), `The receipt in ${path}`)));
    const shown = await witnessAnchors(log.knowledge, (await epochsOf(runtime.db)).map(({ epoch }) => epoch));
    for (const text of shown.silent) process.stderr.write(`! ${text}\n`);
    const stages = new Stages(process.stderr);
    const found = await stages.run('verify', 'Verify the transparency log: tree and rows', (progress) => runtime.db.snapshot((db) => verifyLog(db, (done, of) => progress.advance(done, of, 'entries'), { anchors: [...anchors, ...shown.anchors], receipts })), described);
    const problems = [...found.problems, ...(await growthProblems(runtime, log))];
    for (const text of problems) process.stderr.write(`✗ ${text}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ ...found, problems })}\n`);
    if (problems.length > 0) throw new AssayError('REFUSED', `The log does not fit what is stored: ${Math.max(found.problemCount, problems.length)} problems, the first of them above.`);
  } finally {
    await runtime.close();
  }
}

const count = (value: number): string => value.toLocaleString('en');

function described({ epochs, entries, tiles, heads, signatures, checkpoints, predictions, rows, waiting, lost }: LogVerification): string {
  const more = [...(epochs > 1 ? [`${epochs} epochs`] : []), ...(checkpoints > 0 ? [`${count(checkpoints)} checkpoints from elsewhere fit`] : []), ...(lost > 0 ? [`${count(lost)} entries of earlier epochs are lost, as their openings say`] : []), ...(waiting > 0 ? [`${count(waiting)} events wait`] : [])];
  return `${count(entries)} entries, ${count(tiles)} tiles, ${count(heads)} heads, ${count(predictions)} predictions, ${count(rows)} rows of governance, ${count(signatures)} signatures${more.map((text) => `; ${text}`).join('')}`;
}

const readText = (option: string, path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${option} ${path}: cannot be read: ${messageOf(error)}`);
  });

/** Whether the log grew out of what file and witnesses know: one that was cut off at its end fits itself. */
async function growthProblems({ db }: Runtime, log: TransparencyLog): Promise<string[]> {
  return log.checkpoint(db).then(() => [], (error: unknown) => [messageOf(error)]);
}
