/**
 * What the log promises of an event that is durable but not yet in its tree: a note by the log's own key, whose first line
 * no checkpoint can have. A receipt whose leaf is not in the log an hour later proves that the log dropped it.
 */
export interface Receipt {
  readonly origin: string;
  readonly event: string;
  readonly leaf: Uint8Array;
  readonly recordedAt: Date;
}

const HEADER = 'assay-receipt/v1';

/** The text of the note. */
export const formatReceipt = ({ origin, event, leaf, recordedAt }: Receipt): string =>
  `${HEADER}\n${origin}\n${event}\n${Buffer.from(leaf).toString('base64')}\n${recordedAt.toISOString()}\n`;

/** @throws SyntaxError */
export function parseReceipt(text: string): Receipt {
  const [header, origin = '', event = '', encoded = '', time = '', end] = text.split('\n');
  const [leaf, recordedAt] = [Buffer.from(encoded, 'base64'), new Date(time)];
  if (header !== HEADER || leaf.length !== 32 || Number.isNaN(recordedAt.getTime()) || end !== '') throw new SyntaxError('That is not the receipt of an event.');
  return { origin, event, leaf, recordedAt };
}

