import { newId, notify, type Transaction } from '../platform/index.js';
import type { AuditEvent } from './events.js';
import { encodeLeaf } from './leaf.js';
import { packLeaf } from './packing.js';
import { noticeOf } from './told.js';

/**
 * Hands events to the transparency log in the transaction of the acts they witness: if they cannot be written, the
 * acts do not happen. One statement for any number of events, and another where some are told to those who follow them.
 * @param ids by which they are found again, where the caller must know
 */
export async function recordEvents(tx: Transaction, events: readonly AuditEvent[], ids: readonly string[] = events.map(idOf)): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    'INSERT INTO audit_intake (id, type, leaf) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])',
    [ids, events.map(({ type }) => type), events.map((event) => packLeaf(event, encodeLeaf(event)))],
  );
  await notify(tx, events.flatMap((event, index) => noticeOf(ids[index]!, event) ?? []));
}

export const recordEvent = (tx: Transaction, event: AuditEvent): Promise<void> => recordEvents(tx, [event]);

/** A prediction has one event, which is found by the prediction's id. */
const idOf = ({ type, id }: AuditEvent): string => (type === 'PREDICTION_RECORDED' ? id : newId());
