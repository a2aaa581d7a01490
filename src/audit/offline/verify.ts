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
import { isObject, readCanonical, type Json } from './json.js';

/** One thing that was looked at, in a sentence. */
export interface Check {
  readonly name: string;
  readonly says: string;
  /** False for what is told in the evidence and proven by nothing. */
  readonly proven: boolean;
}

export const proven = (name: string, says: string): Check => ({ name, says, proven: true });
export const unproven = (name: string, says: string): Check => ({ name, says, proven: false });

const digest = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** One way to write the bytes. */
function bytesOf(base64: string, what: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  must(bytes.toString('base64') === base64, `${what} is not base64.`);
  return bytes;
}

/**
 * @param trusted the key of the log, or those of the log and its witnesses, from somewhere else than the bundle
 * @param witnesses how many of the keys beside the log's must have signed as well
 * @returns what holds, in order, and what nothing proves @throws Error with the first thing that does not hold
 */
export function verifyPrediction(bundle: PredictionBundle, trusted: readonly string[], witnesses = 0): Check[] {
  const leaf = leafOf(bundle);
  const keys = trusted.map(parseKey);
  return [
    checkpointIsSigned(bundle, keys, witnesses), leafIsIncluded(bundle), leafIsOfRow(bundle, leaf), recordIsStored(bundle, leaf), columnsAreStored(bundle, leaf),
    ...bodyIsCommitted(bundle, leaf), receiptIsOfLeaf(bundle, keys, String(leaf['id'])),
  ];
}

/** The same of an act: that this leaf is in the log, and was promised to be. @throws Error with the first thing that does not hold */
export function verifyEvent(bundle: EventBundle, trusted: readonly string[], witnesses = 0): Check[] {
  const keys = trusted.map(parseKey);
  return [checkpointIsSigned(bundle, keys, witnesses), leafIsIncluded(bundle), receiptIsOfLeaf(bundle, keys)];
}

type Proven = Omit<EventBundle, 'format'>;

/** What the entry of the log says. @throws SyntaxError */
export const leafOf = ({ leaf }: Proven): Json => readCanonical(leaf, 'The leaf');

function checkpointIsSigned({ proof }: Proven, keys: readonly VerifierKey[], witnesses: number): Check {
  return noteIsSigned(parseProof(proof).checkpoint, keys, witnesses);
}

/** @param checkpoint as it was signed @throws Error unless the log's own key did, and as many witnesses as are asked for */
export function noteIsSigned(checkpoint: string, keys: readonly VerifierKey[], witnesses = 0): Check {
  const note = parseNote(checkpoint);
  const { origin, size } = parseCheckpoint(note.text);
  const verified = verifyNote(note, keys);
  must(verified.some(({ key, time }) => key.name === origin && time === undefined), `The checkpoint of ${origin} is not signed by a key that you trust.`);
  // Only cosignatures have a time: no other signature says that the log was seen to grow.
  const signers = new Set(verified.flatMap(({ key, time }) => (time === undefined ? [] : [key.name])));
  must(signers.size >= witnesses, `The checkpoint has ${signers.size} signatures of witnesses that you trust, not ${witnesses}.`);
  return proven('checkpoint', `${origin} signed that it has ${size} entries${signers.size > 0 ? `, and ${[...signers].join(', ')} that they saw it grow` : ''}`);
}

function leafIsIncluded({ proof, leaf }: Proven): Check {
  const { index, path, checkpoint } = parseProof(proof);
  const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
  must(verifyInclusion({ index, size, leaf: leafHash(Buffer.from(leaf)), path, root }), `The leaf is not entry ${index} of the log: leaf, path or checkpoint was changed.`);
  return proven('inclusion', `The leaf is entry ${index} of ${size}`);
}

function leafIsOfRow({ columns, leaf: text }: PredictionBundle, leaf: Json): Check {
  must(leaf['v'] === 1 && leaf['type'] === 'PREDICTION_RECORDED', `The leaf is not that of a prediction, format 1: ${text.slice(0, 120)}`);
  must(leaf['id'] === columns['id'] && leaf['status'] === columns['status'], 'The leaf is of another prediction than the columns.');
  return proven('leaf', `The leaf is of prediction ${String(leaf['id'])}, ${String(leaf['status'])}`);
}

function recordIsStored({ record }: PredictionBundle, leaf: Json): Check {
  must(digest(bytesOf(record, 'The stored record')) === leaf['record'], 'The stored record is not the one in the leaf: its SHA-256 is another.');
  return proven('record', 'The stored record is the one that was logged');
}

function columnsAreStored({ columns, rowSalt }: PredictionBundle, leaf: Json): Check {
  must(digest(bytesOf(rowSalt, 'The salt of the row'), canonical(columns)) === leaf['columns'], 'A column of the row was changed: their digest is not the one in the leaf.');
  return proven('columns', `All ${Object.keys(columns).length} columns of the row are those that were logged`);
}

const SECRET_BYTES = 32;

/** What record format 1 commits to, and nothing else. */
const COMMITTED_IN_1: ReadonlySet<string> = new Set(['inputs', 'outputs', 'explanation', 'simulation']);

/** The text under the commitment, and which members are not in it. Each format has its own, so that a body which claims another does not fit. */
function committed(body: Json): { text: string; left: readonly string[] } {
  const members = Object.entries(body).filter(([name]) => name !== 'r');
  if (body['v'] === 2) return { text: canonical(Object.fromEntries(members)), left: [] };
  must(body['v'] === 1, `The record has format ${JSON.stringify(body['v'])}; this verifier reads formats 1 and 2. Use a later one.`);
  const inside = members.filter(([name]) => COMMITTED_IN_1.has(name));
  return { text: canonical(Object.fromEntries(inside)), left: members.map(([name]) => name).filter((name) => name !== 'v' && !COMMITTED_IN_1.has(name)) };
}

function bodyIsCommitted({ body: text, columns }: PredictionBundle, leaf: Json): Check[] {
  if (text === null) return [unproven('body', 'What went in and came out is not in this bundle. It is not proven here whether the customer was erased: the log then has an event CUSTOMER_ERASED')];
  const body = readCanonical(text, 'The body of the record');
  const { r, outputs } = body;
  const secret = bytesOf(typeof r === 'string' ? r : '', 'The secret of the record');
  must(secret.length === SECRET_BYTES, `The secret r of the record is not ${SECRET_BYTES} bytes.`);
  const { text: bound, left } = committed(body);
  must(createHmac('sha256', secret).update(bound).digest('hex') === leaf['commitment'], 'The body of the record was changed: it does not open the commitment in the leaf.');
  const pd = isObject(outputs) ? outputs['pd'] : null;
  must(pd === (columns['pd'] ?? null), 'The PD of the record is not that of the row.');
  const what = left.length > 0 ? 'Inputs, outputs and explanation of the record are' : `All that the record holds (${Object.keys(body).filter((name) => name !== 'r' && name !== 'v').join(', ')}) is`;
  return [
    proven('body', `${what} what was logged${pd === null ? '' : `: PD ${String(pd)}`}`),
    ...(left.length > 0 ? [unproven('unbound', `The record is of format 1, in which nothing proves ${left.join(', ')}: they may have been changed`)] : []),
  ];
}

function receiptIsOfLeaf({ receipt, leaf: text }: Proven, keys: readonly VerifierKey[], id?: string): Check {
  const note = parseNote(receipt);
  const { origin, event, leaf: hash, recordedAt } = parseReceipt(note.text);
  must(verifyNote(note, keys).some(({ key }) => key.name === origin), 'The receipt is not signed by a key that you trust.');
  must((id === undefined || event === id) && leafHash(Buffer.from(text)).equals(Buffer.from(hash)), 'The receipt is of another leaf.');
  return proven('receipt', `The receipt of ${recordedAt.toISOString()} promised this leaf`);
}
