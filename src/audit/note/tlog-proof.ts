/** That an entry is in a log, to be verified offline (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** The checkpoint as the log and its witnesses signed it. */
  readonly checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';

export const formatProof = ({ index, path, checkpoint }: TlogProof): string =>
  `${HEADER}\nindex ${index}\n${path.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')}\n${checkpoint}`;

/** @throws SyntaxError */
export function parseProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, Math.max(0, split)).split('\n');
  if (lines[0]?.startsWith('extra ')) lines.shift();
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (header !== HEADER || index === undefined) throw new SyntaxError(`A proof begins with ${HEADER} and the index of the entry.`);
  return { index: Number(index), path: lines.map(hashOf), checkpoint: text.slice(split + 2) };
}

function hashOf(line: string): Uint8Array {
  const hash = Buffer.from(line, 'base64');
  if (hash.length !== 32 || hash.toString('base64') !== line) throw new SyntaxError(`"${line.slice(0, 80)}" is not a hash of a proof.`);
  return hash;
}
