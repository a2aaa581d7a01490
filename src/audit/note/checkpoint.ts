/** A tree at one size, as a log signs it (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text of the note. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;

/** @param text of a note; lines of extensions are left aside @throws SyntaxError */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', encoded = ''] = text.split('\n');
  const root = Buffer.from(encoded, 'base64');
  const valid = text.endsWith('\n') && origin !== '' && /^(0|[1-9]\d{0,15})$/.test(size) && Number.isSafeInteger(Number(size)) && root.length === 32 && root.toString('base64') === encoded;
  if (!valid) throw new SyntaxError('That is not a checkpoint: origin, size and root, each on a line of its own.');
  return { origin, size: Number(size), root };
}
