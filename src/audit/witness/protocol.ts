import { createHash } from 'node:crypto';

/** What a log sends to a witness (C2SP tlog-witness, add-checkpoint). */
export interface AddCheckpoint {
  /** The size that the witness cosigned last; 0 for the first time. */
  readonly old: number;
  /** RFC 9162 consistency from there to the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** What a witness answers to 409: the size it cosigned last. */
export const SIZE_TYPE = 'text/x.tlog.size';

const MOST_PROOF_LINES = 63;

const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');

export const formatAddCheckpoint = ({ old, proof, checkpoint }: AddCheckpoint): string => `old ${old}\n${proof.map((hash) => `${base64(hash)}\n`).join('')}\n${checkpoint}`;

/** @throws SyntaxError naming what is wrong */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const split = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(0, split)).split('\n');
  const old = parseSize(/^old (.*)$/.exec(first)?.[1] ?? '');
  if (old === undefined) throw new SyntaxError('A request begins with "old" and the size of the checkpoint that was cosigned last, and has an empty line before the checkpoint.');
  if (lines.length > MOST_PROOF_LINES) throw new SyntaxError(`A consistency proof has at most ${MOST_PROOF_LINES} lines.`);
  return { old, proof: lines.map(hashOf), checkpoint: body.slice(split + 2) };
}

function hashOf(line: string): Buffer {
  const hash = Buffer.from(line, 'base64');
  if (hash.length !== 32 || base64(hash) !== line) throw new SyntaxError(`"${line.slice(0, 80)}" is not a hash of a consistency proof.`);
  return hash;
}

/** A size as these texts write it: decimal, no leading zeroes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const size = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

/** Where a witness shows what it cosigned last of a log, below its monitoring prefix. */
export const monitoringPath = (origin: string): string => `${createHash('sha256').update(origin).digest('hex')}/checkpoint`;
