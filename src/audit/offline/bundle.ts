import { isObject, readObject, type Json } from './json.js';

/** One event with all that proves it. Binary parts are base64; formats are in docs/record-format.md. */
export interface EventBundle {
  readonly format: 'assay-event@1';
  /** The log's key as a verifier is told it. Trust the one that you were given, not this one. */
  readonly verifierKey: string;
  /** The entry of the log. */
  readonly leaf: string;
  /** C2SP tlog-proof: index, path and signed checkpoint. */
  readonly proof: string;
  /** The signed note of the receipt. */
  readonly receipt: string;
}

/** One prediction, likewise. */
export interface PredictionBundle extends Omit<EventBundle, 'format'> {
  readonly format: 'assay-prediction@1';
  /** The stored row: its clear columns, and the salt of their digest. */
  readonly columns: Readonly<Record<string, unknown>>;
  readonly rowSalt: string;
  /** The stored ciphertext. */
  readonly record: string;
  /** What it holds, RFC 8785; null where the customer was erased. */
  readonly body: string | null;
}

const OF_EVENT = ['verifierKey', 'leaf', 'proof', 'receipt'] as const;
const OF_PREDICTION = [...OF_EVENT, 'rowSalt', 'record'] as const;

/** @throws SyntaxError naming what is missing */
export function readBundle(text: string): PredictionBundle {
  const bundle = read(text, 'a prediction', 'assay-prediction@1', OF_PREDICTION);
  if (!isObject(bundle['columns'])) throw new SyntaxError('The bundle lacks columns.');
  if (bundle['body'] !== null && typeof bundle['body'] !== 'string') throw new SyntaxError('The bundle lacks body, which is null where the customer was erased.');
  return bundle as unknown as PredictionBundle;
}

/** @throws SyntaxError naming what is missing */
export const readEventBundle = (text: string): EventBundle => read(text, 'an event', 'assay-event@1', OF_EVENT) as unknown as EventBundle;

function read(text: string, of: string, format: string, texts: readonly string[]): Json {
  const bundle = readObject(text, 'The bundle');
  if (bundle['format'] !== format) throw new SyntaxError(`That is not the bundle of ${of}: its format is ${JSON.stringify(bundle['format'])}, not "${format}".`);
  const missing = texts.filter((name) => typeof bundle[name] !== 'string');
  if (missing.length > 0) throw new SyntaxError(`The bundle lacks ${missing.join(', ')}.`);
  return bundle;
}
