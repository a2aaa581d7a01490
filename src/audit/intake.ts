import { newId, notify, type Transaction } from '../platform/index.js';
import type { AuditEvent } from './events.js';
import { encodeLeaf } from './leaf.js';
import { packLeaf } from './packing.js';
import { noticeOf } from './told.js';

/**
 * Hands events to the transparency log in the transaction of the acts they witness: if they cannot be written, the
 * acts do not happen. One statement for any number of events, and another where some are told to those who follow them.
 */
export async function recordEvents(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  // A prediction has one event, which is found by the prediction's id.
  const ids = events.map(({ type, id }) => (type === 'PREDICTION_RECORDED' ? id : newId()));
  await tx.query(
    'INSERT INTO audit_intake (id, type, leaf) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])',
    [ids, events.map(({ type }) => type), events.map((event) => packLeaf(event, encodeLeaf(event)))],
  );
  await notify(tx, events.flatMap((event, index) => noticeOf(ids[index]!, event) ?? []));
}

export const recordEvent = (tx: Transaction, event: AuditEvent): Promise<void> => recordEvents(tx, [event]);
