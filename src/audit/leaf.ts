import { canonicalJson, internal } from '../platform/index.js';
import type { AuditEvent } from './events.js';

/** Leaf format v1: RFC 8785 canonical JSON in UTF-8. Published; a change is a new version, never an edit. */
export const LEAF_FORMAT = 1;

const MOST_BYTES = 65_535;

/** @returns the bytes that become a leaf of the log */
export function encodeLeaf({ type, id, actor, time, payload }: AuditEvent): Buffer {
  // The payload comes first: nothing in it can pass for another type, actor or time.
  const leaf = Buffer.from(canonicalJson({ ...payload, v: LEAF_FORMAT, type, id, actor, time: time.toISOString() }));
  if (leaf.length > MOST_BYTES) throw internal(`An audit leaf of ${leaf.length} bytes is larger than ${MOST_BYTES}.`);
  return leaf;
}
