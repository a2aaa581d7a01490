import { canonicalJson } from '../platform/index.js';
import type { DataKey } from '../security/index.js';

/** What an attribute may hold. */
export type PlainValue = number | string | boolean | null;
export type PlainRecord = Readonly<Record<string, PlainValue>>;

/** Seals a set of attributes as canonical JSON; an empty set is stored as NULL. */
export function sealSection(key: DataKey, table: string, column: string, id: string, section: PlainRecord): Buffer | null {
  if (Object.keys(section).length === 0) return null;
  return key.seal({ table, column, id }, Buffer.from(canonicalJson(section)));
}

export function unsealSection(key: DataKey, table: string, column: string, id: string, sealed: Uint8Array | null): PlainRecord {
  if (sealed === null) return {};
  return JSON.parse(key.unseal({ table, column, id }, sealed).toString('utf8')) as PlainRecord;
}
