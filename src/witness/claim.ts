import { randomUUID } from 'node:crypto';
import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive, refused } from '../platform/index.js';

/** That one process, and no other, may write into a folder. */
export interface Claim {
  /** @throws REFUSED where another one has it by now: asked before anything is written */
  require(): Promise<void>;
  release(): Promise<void>;
}

/** Who has a folder. A process id tells nothing beyond its place: in two containers there are two of each. */
interface Holder {
  readonly token: string;
  readonly pid: number;
  /** Undefined where the first release wrote it. */
  readonly place: string | undefined;
}

const BEAT_MILLISECONDS = 2_000;
/** Who has not been seen for so long, in a place that cannot be looked into, is gone. */
const GONE_MILLISECONDS = 20_000;

/** Takes a folder. @throws REFUSED where another process has it, or may have it */
export async function claim(folder: string): Promise<Claim> {
  const path = join(folder, 'witness.pid');
  const mine: Holder = { token: randomUUID(), pid: process.pid, place: await placeOf() };
  const draft = `${path}.${mine.token}`;
  await writeFile(draft, JSON.stringify(mine), { flag: 'wx' });
  try {
    // Whole at once, and only where there is none.
    if (!(await linked(draft, path))) await takeOver(folder, path, draft, mine);
  } finally {
    await rm(draft, { force: true });
  }
  return held(folder, path, mine);
}

/** The place of somebody who is gone. Of several that see this at once one is first; the others see that one. */
async function takeOver(folder: string, path: string, draft: string, mine: Holder): Promise<void> {
  const turn = `${path}.turn`;
  if (!(await linked(draft, turn))) throw refused(`Another witness is about to use ${folder}. Start again; if there is none, remove ${turn}.`);
  try {
    await requireGone(folder, path, mine);
    await rename(draft, path);
  } finally {
    await rm(turn, { force: true });
  }
}

async function requireGone(folder: string, path: string, mine: Holder): Promise<void> {
  const holder = holderIn(await readFile(path, 'utf8').catch(() => ''));
  if (!holder) return;
  const here = holder.place === undefined || holder.place === mine.place;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  const lives = here ? holder.pid !== mine.pid && isAlive(holder.pid) : Date.now() - mtimeMs < GONE_MILLISECONDS;
  if (!lives) return;
  const who = here ? `(process ${holder.pid})` : `(process ${holder.pid} of another container or machine)`;
  const remedy = here ? `If that process is no witness, remove ${path}.` : `If it was killed, start again in ${GONE_MILLISECONDS / 1000} s.`;
  throw refused(`Another witness ${who} uses ${folder}. Stop it, or name another folder. ${remedy}`);
}

function held(folder: string, path: string, { token }: Holder): Claim {
  const isMine = async (): Promise<boolean> => holderIn(await readFile(path, 'utf8').catch(() => ''))?.token === token;
  const beat = setInterval(() => void isMine().then((mine) => (mine ? utimes(path, new Date(), new Date()) : clearInterval(beat))).catch(() => undefined), BEAT_MILLISECONDS).unref();
  return {
    require: async () => {
      if (!(await isMine())) throw refused(`Another witness took ${folder} over. This one keeps nothing there any more, and signs nothing.`);
    },
    release: async () => {
      clearInterval(beat);
      if (await isMine()) await rm(path, { force: true });
    },
  };
}

/** @returns false where there is something of that name */
const linked = (from: string, to: string): Promise<boolean> => link(from, to).then(() => true, (error: NodeJS.ErrnoException) => {
  if (error.code === 'EEXIST') return false;
  throw error;
});

/** Where process ids mean the same: the machine, and within it the container. */
async function placeOf(): Promise<string> {
  return `${hostname()} ${await readlink('/proc/self/ns/pid').catch(() => '')}`;
}

/** Undefined for what nobody wrote. */
function holderIn(text: string): Holder | undefined {
  if (/^\d+$/.test(text)) return { token: '', pid: Number(text), place: undefined };
  try {
    const { token, pid, place } = JSON.parse(text) as Partial<Holder>;
    return typeof token === 'string' && typeof pid === 'number' && typeof place === 'string' ? { token, pid, place } : undefined;
  } catch {
    return undefined;
  }
}
