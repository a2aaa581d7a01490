import { newId, type Transaction } from '../platform/index.js';
import type { AuditEvent } from './events.js';
import { encodeLeaf } from './leaf.js';

/**
 * Hands events to the transparency log in the transaction of the acts they witness: if they cannot be written, the
 * acts do not happen. One statement for any number of events.
 */
export async function recordEvents(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    'INSERT INTO audit_intake (id, type, leaf) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])',
    [events.map(() => newId()), events.map(({ type }) => type), events.map(encodeLeaf)],
  );
}

export const recordEvent = (tx: Transaction, event: AuditEvent): Promise<void> => recordEvents(tx, [event]);
