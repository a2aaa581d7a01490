import { randomBytes } from 'node:crypto';
import { readEntry, writeEntry } from './entry.js';
import { CACHE_MILLISECONDS, KEY_BYTES } from './key-ring.js';
import { isCustomers, RESERVED, type KeyStore, type WrappedKey } from './key-store.js';
import type { Vault } from './vault.js';

const BATCH = 500;

/** A new version seals only when every process has looked at the store since it was made; clocks may differ by as much again. */
export const LEAD_MILLISECONDS = 2 * CACHE_MILLISECONDS;

export type Advance = (done: number, of: number) => void;

interface Rotating {
  readonly store: KeyStore;
  readonly vault: Vault;
}

export interface Rotated {
  readonly entries: number;
  /** Those that were changed; the others had been already. */
  readonly changed: number;
}

async function* batches(store: KeyStore): AsyncGenerator<WrappedKey[]> {
  for (let after: string | undefined; ; ) {
    const batch = await store.scan(after, BATCH);
    if (batch.length === 0) return;
    yield batch;
    after = batch.at(-1)!.customerId;
  }
}

/** So many replaced entries are looked for at once: each time reads the whole store. */
const RESIDUE = 20_000;

/** How entries are changed. */
interface Change {
  needs(entry: WrappedKey): boolean;
  change(entries: readonly WrappedKey[]): Promise<Buffer[]>;
}

/** Changes entries batch by batch. What somebody else changed meanwhile is looked at again. What was there before is overwritten at the end, also what an interrupted run left. */
async function throughout({ store }: Rotating, how: Change, advance: Advance): Promise<Rotated> {
  const of = await store.count();
  let [entries, changed, residue] = [0, 0, 0];
  for await (const batch of batches(store)) {
    for (let left = batch.filter((entry) => how.needs(entry)); left.length > 0; ) {
      const after = await how.change(left);
      const replaced = new Set(await store.replaceAll(left.map(({ customerId, wrapped }, index) => ({ customerId, from: wrapped, to: after[index]! }))));
      changed += replaced.size;
      residue += replaced.size;
      left = await again(store, left.filter(({ customerId }) => !replaced.has(customerId)), how);
    }
    entries += batch.length;
    if (residue >= RESIDUE) {
      store.overwriteReplaced?.();
      residue = 0;
    }
    advance(entries, Math.max(of, entries));
  }
  store.overwriteReplaced?.();
  return { entries, changed };
}

/** Those that are still there and still need it. */
async function again(store: KeyStore, entries: readonly WrappedKey[], { needs }: Change): Promise<WrappedKey[]> {
  if (entries.length === 0) return [];
  const stored = await store.getAll(entries.map(({ customerId }) => customerId));
  return entries.flatMap(({ customerId }, index) => (stored[index] ? [{ customerId, wrapped: stored[index] }] : [])).filter(needs);
}

/**
 * Wraps every key under the current key-encryption key. Servers go on reading and writing: each key is replaced by itself,
 * wrapped otherwise. To be run again after an interruption, and once more when every server knows the new key; what is done is passed over.
 */
export async function rewrapAll(rotating: Rotating, advance: Advance = () => undefined): Promise<Rotated> {
  const { vault } = rotating;
  const current = await vault.encryption.current();
  return throughout(rotating, {
    needs: (entry) => entry.customerId !== RESERVED.rotation && vault.versionsOf(entry).some((version) => version !== current),
    change: (entries) => vault.rewrap(entries),
  }, advance);
}

/**
 * Gives every customer a new version of their data key, which seals what is recorded from {@link LEAD_MILLISECONDS} later on.
 * Earlier versions go on opening what they sealed: it is evidence, bound by digests in the log, and is not written anew.
 * An interrupted rotation is taken up where it stood.
 */
export async function rotateDataKeys(rotating: Rotating, advance: Advance = () => undefined, lead = LEAD_MILLISECONDS): Promise<Rotated> {
  const { store, vault } = rotating;
  const begun = await begin(store);
  const needs = ({ customerId, wrapped }: WrappedKey): boolean => isCustomers(customerId) && readEntry(wrapped, customerId).at(-1)!.sealsFrom < begun;
  // Not before `begun`, so that no key is taken for one of before.
  const rotated = await throughout(rotating, { needs, change: (entries) => vault.withNext(entries, () => randomBytes(KEY_BYTES), Math.max(Date.now() + lead, begun)) }, advance);
  await store.destroyAll([RESERVED.rotation]);
  return rotated;
}

/** Adds a version to the index key, unless a rotation of it is under way. @returns the newest version */
export async function addIndexKey({ store, vault }: Rotating): Promise<number> {
  const entry = { customerId: RESERVED.index, wrapped: (await store.get(RESERVED.index))! };
  const versions = readEntry(entry.wrapped, entry.customerId);
  if (versions.length > 1) return versions.at(-1)!.version;
  const [to] = await vault.withNext([entry], () => randomBytes(KEY_BYTES), Date.now());
  await store.replaceAll([{ customerId: RESERVED.index, from: entry.wrapped, to: to! }]);
  return versions.at(-1)!.version + 1;
}

/** Leaves the newest version of the index key alone: digests under the others tell nobody anything any more. */
export async function dropOldIndexKeys({ store }: Rotating): Promise<void> {
  const entry = (await store.get(RESERVED.index))!;
  const versions = readEntry(Buffer.from(entry), RESERVED.index);
  await store.replaceAll([{ customerId: RESERVED.index, from: entry, to: writeEntry(versions.slice(-1)) }]);
  store.overwriteReplaced?.();
}

/** When the rotation that is under way began; a new one begins now. */
async function begin(store: KeyStore): Promise<number> {
  const under = await rotationUnderWay(store);
  if (under !== undefined) return under;
  const begun = Buffer.alloc(8);
  begun.writeBigUInt64BE(BigInt(Date.now()));
  await store.putAll([{ customerId: RESERVED.rotation, wrapped: begun }]);
  return (await rotationUnderWay(store))!;
}

export async function rotationUnderWay(store: KeyStore): Promise<number | undefined> {
  const marker = await store.get(RESERVED.rotation);
  return marker && Number(Buffer.from(marker).readBigUInt64BE());
}

export interface KeyStatus {
  readonly store: string;
  readonly customers: number;
  /** The version of the key-encryption key that wraps what is new. */
  readonly current: number;
  /** How many entries are wrapped under each version of the key-encryption key. */
  readonly wrappedUnder: ReadonlyMap<number, number>;
  /** How many customers have how many versions of their data key. */
  readonly dataKeyVersions: ReadonlyMap<number, number>;
  /** When a rotation of data keys began that is not over. */
  readonly rotationSince: Date | undefined;
}

/** What is in a key store. Reads it whole, in batches. */
export async function keyStatus({ store, vault }: Rotating): Promise<KeyStatus> {
  const [wrappedUnder, dataKeyVersions] = [new Map<number, number>(), new Map<number, number>()];
  let customers = 0;
  for await (const batch of batches(store)) {
    for (const entry of batch.filter(({ customerId }) => customerId !== RESERVED.rotation)) {
      for (const version of new Set(vault.versionsOf(entry))) add(wrappedUnder, version);
      if (!isCustomers(entry.customerId)) continue;
      customers += 1;
      add(dataKeyVersions, readEntry(entry.wrapped, entry.customerId).length);
    }
  }
  const since = await rotationUnderWay(store);
  return { store: store.place, customers, current: await vault.encryption.current(), wrappedUnder, dataKeyVersions, rotationSince: since === undefined ? undefined : new Date(since) };
}

const add = (counts: Map<number, number>, key: number): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
