/**
 * Proves one prediction with no server, no database and no library: all that is imported here, and by what is imported, is
 * node:crypto. Read it in one sitting, beside docs/record-format.md.
 */
import { createHash, createHmac } from 'node:crypto';
import { leafHash } from '../merkle/hashing.js';
import { verifyInclusion } from '../merkle/verify.js';
import { parseCheckpoint } from '../note/checkpoint.js';
import { parseKey, verifyNote, type VerifierKey } from '../note/keys.js';
import { parseNote } from '../note/note.js';
import { parseReceipt } from '../note/receipt.js';
import { parseProof } from '../note/tlog-proof.js';
import type { EventBundle, PredictionBundle } from './bundle.js';
import { canonical } from './canonical.js';

/** One thing that was checked and holds, in a sentence. */
export interface Check {
  readonly name: string;
  readonly says: string;
}

interface Leaf {
  readonly v: number;
  readonly type: string;
  readonly id: string;
  readonly record: string;
  readonly commitment: string;
  readonly columns: string;
  readonly status: string;
}

const digest = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/**
 * @param trusted the key of the log, or those of the log and its witnesses, from somewhere else than the bundle
 * @param witnesses how many of the keys beside the log's must have signed as well
 * @returns what holds, in order @throws Error with the first thing that does not
 */
export function verifyPrediction(bundle: PredictionBundle, trusted: readonly string[], witnesses = 0): Check[] {
  const leaf = JSON.parse(bundle.leaf) as Leaf;
  return [checkpointIsSigned(bundle, trusted.map(parseKey), witnesses), leafIsIncluded(bundle), leafIsOfRow(bundle, leaf), recordIsStored(bundle, leaf), columnsAreStored(bundle, leaf), bodyIsCommitted(bundle, leaf), receiptIsOfLeaf(bundle, trusted.map(parseKey), leaf.id)];
}

/** The same of an act: that this leaf is in the log, and was promised to be. @throws Error with the first thing that does not hold */
export function verifyEvent(bundle: EventBundle, trusted: readonly string[], witnesses = 0): Check[] {
  const keys = trusted.map(parseKey);
  return [checkpointIsSigned(bundle, keys, witnesses), leafIsIncluded(bundle), receiptIsOfLeaf(bundle, keys)];
}

type Proven = Omit<EventBundle, 'format'>;

function checkpointIsSigned({ proof }: Proven, keys: readonly VerifierKey[], witnesses: number): Check {
  const note = parseNote(parseProof(proof).checkpoint);
  const { origin, size } = parseCheckpoint(note.text);
  const verified = verifyNote(note, keys);
  must(verified.some(({ key, time }) => key.name === origin && time === undefined), `The checkpoint of ${origin} is not signed by a key that you trust.`);
  // Only cosignatures have a time: no other signature says that the log was seen to grow.
  const signers = new Set(verified.flatMap(({ key, time }) => (time === undefined ? [] : [key.name])));
  must(signers.size >= witnesses, `The checkpoint has ${signers.size} signatures of witnesses that you trust, not ${witnesses}.`);
  return { name: 'checkpoint', says: `${origin} signed that it has ${size} entries${signers.size > 0 ? `, and ${[...signers].join(', ')} that they saw it grow` : ''}` };
}

function leafIsIncluded({ proof, leaf }: Proven): Check {
  const { index, path, checkpoint } = parseProof(proof);
  const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
  must(verifyInclusion({ index, size, leaf: leafHash(Buffer.from(leaf)), path, root }), `The leaf is not entry ${index} of the log: leaf, path or checkpoint was changed.`);
  return { name: 'inclusion', says: `The leaf is entry ${index} of ${size}` };
}

function leafIsOfRow({ columns, leaf: text }: PredictionBundle, leaf: Leaf): Check {
  must(leaf.v === 1 && leaf.type === 'PREDICTION_RECORDED', `The leaf is not that of a prediction, format 1: ${text.slice(0, 120)}`);
  must(leaf.id === columns['id'] && leaf.status === columns['status'], 'The leaf is of another prediction than the columns.');
  return { name: 'leaf', says: `The leaf is of prediction ${leaf.id}, ${leaf.status}` };
}

function recordIsStored({ record }: PredictionBundle, leaf: Leaf): Check {
  must(digest(Buffer.from(record, 'base64')) === leaf.record, 'The stored record is not the one in the leaf: its SHA-256 is another.');
  return { name: 'record', says: 'The stored record is the one that was logged' };
}

function columnsAreStored({ columns, rowSalt }: PredictionBundle, leaf: Leaf): Check {
  must(digest(Buffer.from(rowSalt, 'base64'), canonical(columns)) === leaf.columns, 'A column of the row was changed: their digest is not the one in the leaf.');
  return { name: 'columns', says: `All ${Object.keys(columns).length} columns of the row are those that were logged` };
}

function bodyIsCommitted({ body, columns }: PredictionBundle, leaf: Leaf): Check {
  if (body === null) return { name: 'body', says: 'What went in and came out was erased; that it was logged stays proven' };
  const { r, inputs, outputs, explanation, simulation } = JSON.parse(body) as Record<string, unknown> & { r: string; outputs: { pd: number } | null };
  const commitment = createHmac('sha256', Buffer.from(r, 'base64')).update(canonical({ inputs, outputs, explanation, ...(simulation === undefined ? {} : { simulation }) })).digest('hex');
  must(commitment === leaf.commitment, 'Inputs, outputs or explanation were changed: they do not open the commitment in the leaf.');
  must((outputs?.pd ?? null) === (columns['pd'] ?? null), 'The PD of the record is not that of the row.');
  return { name: 'body', says: `Inputs, outputs and explanation are those that were logged${outputs ? `: PD ${outputs.pd}` : ''}` };
}

function receiptIsOfLeaf({ receipt, leaf: text }: Proven, keys: readonly VerifierKey[], id?: string): Check {
  const note = parseNote(receipt);
  const { origin, event, leaf: hash, recordedAt } = parseReceipt(note.text);
  must(verifyNote(note, keys).some(({ key }) => key.name === origin), 'The receipt is not signed by a key that you trust.');
  must((id === undefined || event === id) && leafHash(Buffer.from(text)).equals(Buffer.from(hash)), 'The receipt is of another leaf.');
  return { name: 'receipt', says: `The receipt of ${recordedAt.toISOString()} promised this leaf` };
}
