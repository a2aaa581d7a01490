import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openTransparencyLog, Sequencer } from '../../audit/index.js';
import { entities } from '../../entities.js';
import { verifyLog } from '../../evidence/index.js';
import { AssayError, Database, messageOf, openLog, type Config, type DatabaseUrls, type Stages } from '../../platform/index.js';

/** What was found of a restored database. */
export interface Judgement {
  readonly entries: number;
  readonly predictions: number;
  /** What is still to be done before a server starts. */
  readonly remarks: readonly string[];
}

/** Verifies a restored database, and says what of the rest is missing. @throws REFUSED where the log does not fit what is stored */
export async function judge(config: Config, urls: DatabaseUrls, stages: Stages): Promise<Judgement> {
  const db = await Database.open(urls, { entities, pool: 2 });
  try {
    const { remarks, mayGrow } = await remarksOn(config, db);
    // What was committed and waited when the backup was taken belongs into the tree, as a server would put it there; unless the log refuses.
    if (mayGrow) await new Sequencer(db, openLog('silent')).drain();
    const found = await stages.run('verify', 'Verify the transparency log: tree and rows', (progress) => db.snapshot((moment) => verifyLog(moment, (done, of) => progress.advance(done, of, 'entries'), { nobodyIntegrates: !mayGrow })), ({ entries, predictions }) =>
      `${entries.toLocaleString('en')} entries, ${predictions.toLocaleString('en')} predictions`);
    for (const text of found.problems) stages.say(`✗ ${text}`);
    if (found.problemCount > 0) throw new AssayError('REFUSED', `The log does not fit what was restored: ${found.problemCount} problems, the first of them above. It was so when the backup was taken, or the backup was changed.`);
    for (const text of remarks) stages.say(`! ${text}`);
    return { entries: found.entries, predictions: found.predictions, remarks };
  } finally {
    await db.close();
  }
}

const isThere = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

/** What lies outside the database on purpose, and must fit it. Nothing is made here: a new key or checkpoint would hide what is missing. */
async function remarksOn(config: Config, db: Database): Promise<{ remarks: string[]; mayGrow: boolean }> {
  const remarks: string[] = [];
  const need = async (path: string, says: string): Promise<boolean> => {
    const there = await isThere(path);
    if (!there) remarks.push(says);
    return there;
  };
  const { keyStore } = config;
  if (keyStore.provider === 'lmdb') await need(join(keyStore.path, 'data.mdb'), `There are no customers' keys at ${keyStore.path}. Restore the key store: with an empty one nobody's data can be read, and no server starts.`);
  await need(config.keyEncryptionKeyFile, `There is no key-encryption key at ${config.keyEncryptionKeyFile}. Restore it: without it the customers' keys cannot be used.`);
  const key = await need(config.logKeyFile, `There is no key of the log at ${config.logKeyFile}. Restore it: what another key signs is another log to verifiers.`);
  // Where the key is, the log says itself what is missing; one without entries needs nothing.
  if (!key) return { remarks, mayGrow: false };
  const log = await openTransparencyLog(config);
  await log.checkpoint(db).catch((error: unknown) => remarks.push(messageOf(error)));
  return { remarks, mayGrow: log.mayGrow };
}
