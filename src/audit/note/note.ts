/**
 * Signed notes (C2SP signed-note): text, an empty line, and lines of signatures. Imports nothing, so that who verifies
 * offline reads little.
 */
export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  readonly bytes: Uint8Array;
}

const DASH = '—';
const MOST_SIGNATURES = 64;

/** Signed notes have no control characters but line feeds. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** A key's name: neither empty nor with spaces or plus signs. */
export const isKeyName = (name: string): boolean => name !== '' && !/[\s+\p{Z}\p{Cc}]/u.test(name);

export const signatureLine = ({ name, keyId, bytes }: NoteSignature): string => `${DASH} ${name} ${Buffer.concat([keyId, bytes]).toString('base64')}\n`;

export const formatNote = ({ text, signatures }: Note): string => `${text}\n${signatures.map(signatureLine).join('')}`;

/** @throws SyntaxError naming what is wrong */
export function parseNote(note: string): Note {
  if (CONTROL.test(note)) throw new SyntaxError('A note has no control characters but line feeds.');
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw new SyntaxError('A note has an empty line before its signatures.');
  const lines = note.slice(split + 2).split('\n');
  if (lines.pop() !== '') throw new SyntaxError('A note ends in a newline.');
  if (lines.length === 0 || lines.length > MOST_SIGNATURES) throw new SyntaxError(`A note has 1 to ${MOST_SIGNATURES} signatures.`);
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

/** @throws SyntaxError */
export function parseSignatureLine(line: string): NoteSignature {
  const found = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  const bytes = Buffer.from(found?.[2] ?? '', 'base64');
  if (!found || bytes.length <= 4 || bytes.toString('base64') !== found[2] || !isKeyName(found[1]!)) throw new SyntaxError(`"${line.slice(0, 80)}" is not a signature of a note.`);
  return { name: found[1]!, keyId: bytes.subarray(0, 4), bytes: bytes.subarray(4) };
}
