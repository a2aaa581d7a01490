/**
 * Where customers' wrapped data keys live: outside the database, its log and its backups. Destroying a customer's
 * entry destroys their data. An absent key means erased.
 */
export interface KeyStore {
  /** What it is and where, for sentences. No password. */
  readonly place: string;
  /** Durable when it resolves. Existing entries are never overwritten: @throws CONFLICT */
  putAll(entries: readonly WrappedKey[]): Promise<void>;
  get(customerId: string): Promise<Uint8Array | undefined>;
  getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Entries in the order of ids, those after an id. */
  scan(after: string | undefined, most: number): Promise<WrappedKey[]>;
  count(): Promise<number>;
  /** The largest id: of the customer who was recorded last, since ids are made in the order of time. Undefined where there is no customer's. */
  newest(): Promise<string | undefined>;
  /** Replaces entries that still are what they were; what was destroyed meanwhile stays destroyed. Durable; what was there is overwritten by `overwriteReplaced`. @returns whose */
  replaceAll(changes: readonly Replacement[]): Promise<string[]>;
  /** Durable when it resolves, and nothing of the bytes is left in the store's own files, as far as it can reach them. Absent ones are not an error. */
  destroyAll(customerIds: readonly string[]): Promise<void>;
  /** Overwrites in the store's own files what is left of wrapped keys that were replaced, by a run that was interrupted too; absent where the store cannot reach them. */
  overwriteReplaced?(): void;
  close(): Promise<void>;
}

export interface WrappedKey {
  readonly customerId: string;
  readonly wrapped: Uint8Array;
}

export interface Replacement {
  readonly customerId: string;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** Entries that are no customer's. No uuid of a customer is this small. */
export const RESERVED = {
  /** Tells under which key-encryption key the store is. */
  check: '00000000-0000-0000-0000-000000000000',
  /** A rotation of data keys that was begun and is not over. */
  rotation: '00000000-0000-0000-0000-000000000001',
  /** Keys of the blind index. */
  index: '00000000-0000-0000-0000-000000000002',
  /** Key under which requests are told apart. */
  requests: '00000000-0000-0000-0000-000000000003',
} as const;

const RESERVED_IDS: ReadonlySet<string> = new Set(Object.values(RESERVED));

export const isCustomers = (id: string): boolean => !RESERVED_IDS.has(id);
