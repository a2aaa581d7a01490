import { createDecipheriv } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpack } from '../../src/predictions/record/packing.js';
import { asSuperuser } from '../support/postgres.js';

/** Who has got hold of bytes: files, dumps, logs. */
export interface Loot {
  /** Named pieces of bytes. */
  readonly material: ReadonlyMap<string, Buffer>;
  /** Every value of a bytea column, with where it stands. */
  readonly values: readonly StoredBytes[];
}

export interface StoredBytes {
  readonly table: string;
  readonly column: string;
  /** Every uuid of the row, one of which is the id that the value is bound to. */
  readonly ids: readonly string[];
  readonly bytes: Buffer;
}

/** A logical dump of every table: as text, and its binary values apart. */
export async function dump(database: string): Promise<{ text: Buffer; values: StoredBytes[] }> {
  return asSuperuser(database, async (client) => {
    const { rows: tables } = await client.query<{ schema: string; name: string }>(
      `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('public', 'job_queue') ORDER BY 1, 2`);
    const texts: string[] = [];
    const values: StoredBytes[] = [];
    for (const { schema, name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${schema}.${name}`);
      for (const row of rows) {
        texts.push(JSON.stringify(row, (_, value: unknown) => (isBuffer(value) ? Buffer.from(value.data).toString('latin1') : value)));
        const ids = Object.values(row).filter((value): value is string => typeof value === 'string' && UUID.test(value));
        for (const [column, value] of Object.entries(row)) {
          if (Buffer.isBuffer(value)) values.push({ table: name.replace(/_(\d{4}_\d\d|default)$/, ''), column, ids, bytes: value });
        }
      }
    }
    return { text: Buffer.from(texts.join('\n'), 'utf8'), values };
  });
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isBuffer = (value: unknown): value is { data: number[] } => (value as { type?: string } | null)?.type === 'Buffer';

/** Files of a folder whose name is wanted. */
export async function filesIn(folder: string, wanted: (name: string) => boolean = () => true): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile() && wanted(entry.name)).map(({ name }) => name);
  return new Map(await Promise.all(names.map(async (name) => [join(folder, name), await readFile(join(folder, name))] as const)));
}

/** A value in the forms in which it may have been written: text, UTF-16, hexadecimal, base64 at each offset. */
export function formsOf(value: string): Buffer[] {
  const utf8 = Buffer.from(value, 'utf8');
  const base64 = [0, 1, 2].map((offset) => Buffer.concat([Buffer.alloc(offset, 'x'), utf8]).toString('base64').slice(Math.ceil((offset * 4) / 3), -4)).filter((text) => text.length >= 8);
  const texts = [value, value.toLowerCase(), value.toUpperCase(), value.normalize('NFKD'), JSON.stringify(value).slice(1, -1), encodeURIComponent(value), utf8.toString('hex'), utf8.toString('hex').toUpperCase(), ...base64];
  return [...new Set(texts)].map((text) => Buffer.from(text, 'utf8')).concat(Buffer.from(value, 'utf16le')).filter(({ length }) => length >= 6);
}

/** Which needles are in the bytes. One pass over the bytes, whatever the number of needles. */
export function foundIn(bytes: Buffer, needles: readonly Buffer[]): Buffer[] {
  const byStart = new Map<number, Buffer[]>();
  const starts = new Uint8Array(65_536);
  for (const needle of needles) {
    byStart.set(needle.readUInt32LE(0), [...(byStart.get(needle.readUInt32LE(0)) ?? []), needle]);
    starts[needle.readUInt16LE(0)] = 1;
  }
  const hits = new Set<Buffer>();
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    if (starts[bytes[at]! | (bytes[at + 1]! << 8)] === 0) continue;
    for (const needle of byStart.get(bytes.readUInt32LE(at)) ?? []) {
      if (bytes.compare(needle, 0, needle.length, at, at + needle.length) === 0) hits.add(needle);
    }
  }
  return [...hits];
}

const WRAPPED_BYTES = 1 + 2 + 12 + 32 + 16;

function open(key: Buffer, aad: string, sealed: Buffer): Buffer | undefined {
  if (sealed.length < 31 || sealed[0] !== 1 || key.length !== 32) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(3, 15), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(`${aad}\0${sealed.readUInt16BE(1)}`)).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(15, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Tries at every byte of all material whether a wrapped key of this customer begins there, under any key-encryption key. */
export function keysFound({ material, values }: Loot, customerId: string, keyEncryptionKeys: readonly Buffer[]): { keys: Buffer[]; tried: number } {
  const keys: Buffer[] = [];
  let tried = 0;
  for (const bytes of [...material.values(), ...values.map((value) => value.bytes)]) {
    for (let at = bytes.indexOf(1); at >= 0 && at + WRAPPED_BYTES <= bytes.length; at = bytes.indexOf(1, at + 1)) {
      if (bytes[at + 1] !== 0 || bytes[at + 2] === 0 || bytes[at + 2]! > 9) continue;
      const wrapped = bytes.subarray(at, at + WRAPPED_BYTES);
      tried += 1;
      for (const kek of keyEncryptionKeys) {
        const key = open(kek, `key_store\0wrapped\0${customerId}`, wrapped) ?? open(kek, `key_store\0wrapped\0${customerId}#2`, wrapped);
        if (key) keys.push(key);
      }
    }
  }
  return { keys, tried };
}

/** Bodies of predictions are packed; the format is published. */
function unpacked(plaintext: Buffer): Buffer {
  try {
    return Buffer.from(unpack(plaintext));
  } catch {
    return plaintext;
  }
}

/** Opens what can be opened of a customer's ciphertexts with any of the keys. */
export function opened(values: readonly StoredBytes[], customerId: string, keys: readonly Buffer[]): { ciphertexts: number; tries: number; plaintexts: Buffer[] } {
  const theirs = values.filter(({ ids, bytes }) => ids.includes(customerId) && bytes.length >= 31 && bytes[0] === 1);
  const plaintexts: Buffer[] = [];
  let tries = 0;
  for (const { table, column, ids, bytes } of theirs) {
    for (const key of keys) {
      for (const id of ids) {
        tries += 1;
        const plaintext = open(key, `${table}\0${column}\0${id}`, bytes);
        if (plaintext) plaintexts.push(unpacked(plaintext));
      }
    }
  }
  return { ciphertexts: theirs.length, tries, plaintexts };
}
