/**
 * Where customers' wrapped data keys live: outside the database, its log and its backups. Destroying a customer's
 * entry destroys their data. An absent key means erased.
 */
export interface KeyStore {
  /** Durable when it resolves. Existing entries are never overwritten: @throws CONFLICT */
  putAll(entries: readonly WrappedKey[]): Promise<void>;
  get(customerId: string): Promise<Uint8Array | undefined>;
  getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  destroy(customerId: string): Promise<void>;
  close(): Promise<void>;
}

export interface WrappedKey {
  readonly customerId: string;
  readonly wrapped: Uint8Array;
}
