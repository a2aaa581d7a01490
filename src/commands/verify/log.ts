import { epochsOf, formatKey, keptCheckpoint, keptReceipt, ownCheckpoint, WitnessKnowledge, witnessAnchors, witnessPolicy, type Anchor, type KeptReceipt, type LogVerifier } from '../../audit/index.js';
import { AssayError, badInput, messageOf, readConfig, Stages, type Config, type Queryable } from '../../platform/index.js';
import { verifyLog, type LogVerification } from '../../evidence/index.js';
import { openReading } from '../../runtime.js';
import { logTrust, readText, type LogTrust } from './trust.js';

export interface LogFiles {
  readonly checkpoints: readonly string[];
  readonly receipts: readonly string[];
  readonly keys: readonly string[];
}

/** What the database is compared with. */
interface Elsewhere {
  readonly anchors: readonly Anchor[];
  readonly receipts: readonly KeptReceipt[];
  /** What could not be asked, or is not there. */
  readonly missing: readonly string[];
  /** What is there and is no checkpoint of this log. */
  readonly problems: readonly string[];
}

/**
 * Verifies the log of this machine's database, against checkpoints and receipts that somebody kept, what the witnesses show and the
 * log's own signatures. Reads only: it makes no key, signs nothing and writes nothing.
 * @throws REFUSED with the first of what does not fit, or where there was nothing to compare it with
 */
export async function verifyWholeLog(files: LogFiles, json: boolean): Promise<void> {
  const config = readConfig();
  const trust = await logTrust(config, files.keys);
  const database = await openReading(config);
  try {
    // Known before the moment that is verified: what was signed was durable.
    const known = await knownElsewhere(config, trust, files, database.db);
    const stages = new Stages(process.stderr);
    const uncompared: Anchor[] = [];
    const policy = witnessPolicy(config.witnesses, config.witnessQuorum);
    const trusted = trust.log && { log: trust.log, witnesses: [...trust.witnesses, ...policy.witnesses.map(({ key }) => key)] };
    const found = await stages.run('verify', 'Verify the transparency log: tree and rows', (progress) =>
      database.db.snapshot((db) => verifyLog(db, (done, of) => progress.advance(done, of, 'entries'), { ...known, trusted, uncompared: (anchor) => uncompared.push(anchor) })), described);
    const compared = known.anchors.filter((anchor) => anchor.size > 0 && !uncompared.includes(anchor));
    const problems = [...known.problems, ...found.problems];
    const warnings = [...known.missing, ...uncompared.map(uncomparable), ...weakness(found, compared)];
    if (problems.length === 0) tell(found, compared, known.receipts, trust);
    for (const text of warnings) process.stderr.write(`! ${text}\n`);
    for (const text of problems) process.stderr.write(`✗ ${text}\n`);
    if (json) {
      process.stdout.write(`${JSON.stringify({
        ...found, problems, warnings, key: trust.log ? formatKey(trust.log.verifier(1)) : null, compared: compared.map(({ from, epoch, size }) => ({ from, epoch, size })), receipts: known.receipts.map(({ from }) => ({ from })),
      })}\n`);
    }
    if (problems.length > 0) throw new AssayError('REFUSED', `The log does not fit what is stored: ${Math.max(found.problemCount, problems.length)} problems, the first of them above.`);
    if (found.entries > 0 && compared.length === 0 && found.signed === 0) throw new AssayError('REFUSED', `Tree and rows fit each other, but were compared with nothing from outside of this database: one that was rewritten as a whole would look the same. ${REMEDY}`);
  } finally {
    await database.close();
  }
}

const REMEDY = 'Give a checkpoint that somebody kept with --checkpoint FILE, and the key of the log with --key, as its operator published it; or set WITNESSES.';

const count = (value: number): string => value.toLocaleString('en');

function described({ epochs, entries, tiles, heads, signatures, checkpoints, predictions, rows, waiting, lost }: LogVerification): string {
  const more = [...(epochs > 1 ? [`${epochs} epochs`] : []), ...(checkpoints > 0 ? [`${count(checkpoints)} checkpoints from elsewhere fit`] : []), ...(lost > 0 ? [`${count(lost)} entries of earlier epochs are lost, as their openings say`] : []), ...(waiting > 0 ? [`${count(waiting)} events wait`] : [])];
  return `${count(entries)} entries, ${count(tiles)} tiles, ${count(heads)} heads, ${count(predictions)} predictions, ${count(rows)} rows of governance, ${count(signatures)} signatures${more.map((text) => `; ${text}`).join('')}`;
}

/** File, witnesses and what was given. Without the log's key none of them can be read. */
async function knownElsewhere(config: Config, { log, from }: LogTrust, files: LogFiles, db: Queryable): Promise<Elsewhere> {
  if (!log) {
    const [option] = [...files.checkpoints.map(() => '--checkpoint'), ...files.receipts.map(() => '--receipt')];
    if (option !== undefined) throw badInput(`${option}: cannot be read without the key of the log, and there is none at ${from}. Give it with --key, as the operator of the log published it.`);
    return { anchors: [], receipts: [], missing: [`There is no key of the log at ${from}, and none was given with --key: whose signatures are kept was not looked at, nor what the witnesses show.`], problems: [] };
  }
  const [given, receipts, file, shown] = await Promise.all([
    Promise.all(files.checkpoints.map(async (path) => keptCheckpoint({ key: log }, await readText('--checkpoint', path), `The checkpoint in ${path}`))),
    Promise.all(files.receipts.map(async (path) => keptReceipt({ key: log }, await readText('--receipt', path), `The receipt in ${path}`))),
    fileOf(config, log),
    shownTo(config, log, db),
  ]);
  return { anchors: [...given, ...file.anchors, ...shown.anchors], receipts, missing: [...file.missing, ...shown.silent], problems: file.problems };
}

async function shownTo(config: Config, log: LogVerifier, db: Queryable): Promise<Awaited<ReturnType<typeof witnessAnchors>>> {
  const epochs = (await epochsOf(db)).map(({ epoch }) => epoch);
  // The one that follows as well: a database that was restored to before it does not know it.
  return witnessAnchors(new WitnessKnowledge(witnessPolicy(config.witnesses, config.witnessQuorum), log, log.origin), [...epochs, epochs.length + 1]);
}

async function fileOf({ logCheckpointFile }: Config, log: LogVerifier): Promise<Pick<Elsewhere, 'anchors' | 'missing' | 'problems'>> {
  try {
    const anchor = await ownCheckpoint({ key: log }, logCheckpointFile);
    return anchor ? { anchors: [anchor], missing: [], problems: [] } : { anchors: [], missing: [`There is no checkpoint at ${logCheckpointFile} (LOG_CHECKPOINT_FILE) to compare with.`], problems: [] };
  } catch (error) {
    return { anchors: [], missing: [], problems: [messageOf(error)] };
  }
}

const uncomparable = ({ from, size, epoch }: Anchor): string => `${from} has ${count(size)} entries of epoch ${epoch}, more than stand: it reaches into what is lost, so it could not be compared.`;

/** What a comparison with signatures alone does not show. */
function weakness({ signed, entries }: LogVerification, compared: readonly Anchor[]): string[] {
  return entries > 0 && signed > 0 && compared.length === 0 ? [`No checkpoint from outside of the database was compared: one that was restored to an earlier state would look the same. ${REMEDY}`] : [];
}

/** With what the tree was compared, and fitted. */
function tell({ signed }: LogVerification, compared: readonly Anchor[], receipts: readonly KeptReceipt[], { log, from }: LogTrust): void {
  for (const anchor of compared) process.stderr.write(`✓ ${anchor.from} fits: ${count(anchor.size)} entries of ${anchor.origin}\n`);
  for (const receipt of receipts) process.stderr.write(`✓ ${receipt.from} was kept: its event is in the log\n`);
  if (log && signed > 0) process.stderr.write(`✓ Signatures by trusted keys cover ${count(signed)} entries of the newest epoch\n`);
  if (log) process.stderr.write(`  The log's key, from ${from}: ${formatKey(log.verifier(1))}\n`);
}
