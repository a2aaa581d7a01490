import { openLogKey, TransparencyLog } from '../../audit/index.js';
import { AssayError, messageOf, readConfig, Stages } from '../../platform/index.js';
import { verifyLog } from '../../evidence/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';

/** Verifies the log of this machine's database. @throws REFUSED with the first of what does not fit */
export async function verifyWholeLog(json: boolean): Promise<void> {
  const runtime = await openRuntime(readConfig());
  try {
    const stages = new Stages(process.stderr);
    const found = await stages.run('verify', 'Verify the transparency log: tree and rows', (progress) => runtime.db.snapshot((db) => verifyLog(db, (done, of) => progress.advance(done, of, 'entries'))), ({ entries, tiles, heads, predictions, rows, waiting }) =>
      `${entries.toLocaleString('en')} entries, ${tiles.toLocaleString('en')} tiles, ${heads.toLocaleString('en')} heads, ${predictions.toLocaleString('en')} predictions, ${rows.toLocaleString('en')} rows of governance${waiting > 0 ? `; ${waiting.toLocaleString('en')} events wait` : ''}`);
    const problems = [...found.problems, ...(await growthProblems(runtime))];
    for (const text of problems) process.stderr.write(`✗ ${text}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ ...found, problems })}\n`);
    if (problems.length > 0) throw new AssayError('REFUSED', `The log does not fit what is stored: ${Math.max(found.problemCount, problems.length)} problems, the first of them above.`);
  } finally {
    await runtime.close();
  }
}

/** Whether the log grew out of the checkpoint that is kept outside the database: one that was cut off at its end fits itself. */
async function growthProblems({ config, db }: Runtime): Promise<string[]> {
  const log = new TransparencyLog(await openLogKey(config), config.logOrigin, config.logCheckpointFile);
  return log.checkpoint(db).then(() => [], (error: unknown) => [messageOf(error)]);
}
