import { conflict, copySheets, newId, sqlState, type Cell, type Sheet, type Transaction } from '../platform/index.js';
import type { DataKey, KeyRing, KeyVersion } from '../security/index.js';
import { identifierSheet } from './identifiers.js';
import { sealSection, type PlainRecord } from './sections.js';

/** The whole of what is true of a customer from a time on, in three sections sealed apart from one another. */
export interface CustomerFacts {
  readonly effectiveAt: Date;
  /** Personal data: name, date of birth, e-mail, … */
  readonly identity: Readonly<Record<string, string>>;
  /** Free attributes; model inputs. */
  readonly attributes: PlainRecord;
  /** Protected attributes; never model inputs. */
  readonly protected: PlainRecord;
}

export interface NewCustomer extends CustomerFacts {
  readonly externalId: string;
  readonly synthetic: boolean;
}

/** A customer just recorded, with the key that seals whatever else is recorded of them now. */
export interface RecordedCustomer {
  readonly id: string;
  readonly key: DataKey;
}

interface FactsEntry {
  readonly customer: RecordedCustomer;
  readonly facts: CustomerFacts;
}

/** Ids and data keys for new customers. The keys are durable before this resolves, so before any row can commit. */
export async function newCustomers(keys: KeyRing, count: number): Promise<RecordedCustomer[]> {
  const ids = Array.from({ length: count }, () => newId());
  const dataKeys = await keys.createAll(ids);
  return ids.map((id, index) => ({ id, key: dataKeys[index]! }));
}

/** New customers as rows, under the ids and keys that were made for them; `by` is the id of the user who records them. */
export function customerSheets(by: string, made: readonly RecordedCustomer[], customers: readonly NewCustomer[], indexKeys: readonly KeyVersion[]): Sheet[] {
  const claims = customers.map(({ externalId }, index) => ({ externalId, customerId: made[index]!.id, id: made[index]!.id }));
  const rows = customers.map(({ externalId, synthetic }, index) => [made[index]!.id, externalId, synthetic]);
  return [
    externalIdSheet('CUSTOMER', claims),
    { table: 'customers', columns: ['id', 'external_id', 'synthetic'], rows },
    ...factsSheets(by, customers.map((facts, index) => ({ customer: made[index]!, facts })), indexKeys),
  ];
}

/** Facts as rows, recorded by the user of that id, and what they can be looked up by. Earlier facts stay. */
export const factsSheets = (by: string, entries: readonly FactsEntry[], indexKeys: readonly KeyVersion[]): Sheet[] => [
  factsSheet(by, entries),
  identifierSheet(indexKeys, entries.map(({ customer: { id }, facts: { identity } }) => ({ id, identity }))),
];

const factsSheet = (by: string, entries: readonly FactsEntry[]): Sheet => ({
  table: 'customer_facts',
  columns: ['customer_id', 'id', 'effective_at', 'recorded_by', 'identity', 'attributes', 'protected'],
  rows: entries.map(({ customer, facts }) => factsRow(by, customer, facts)),
});

function factsRow(by: string, { id: customerId, key }: RecordedCustomer, facts: CustomerFacts): Cell[] {
  const id = newId();
  const section = (column: 'identity' | 'attributes' | 'protected'): Buffer | null => sealSection(key, 'customer_facts', column, id, facts[column]);
  return [customerId, id, facts.effectiveAt, by, section('identity'), section('attributes'), section('protected')];
}

/** Records new customers. @throws CONFLICT when an external id is already recorded (which aborts the transaction) */
export async function insertCustomers(tx: Transaction, by: string, keys: KeyRing, customers: readonly NewCustomer[]): Promise<readonly RecordedCustomer[]> {
  const made = await newCustomers(keys, customers.length);
  await writeSheets(tx, customerSheets(by, made, customers, await keys.indexKeys()));
  return made;
}

/** Appends facts. */
export const insertFacts = async (tx: Transaction, by: string, keys: KeyRing, entries: readonly FactsEntry[]): Promise<void> => writeSheets(tx, factsSheets(by, entries, await keys.indexKeys()));

export interface ExternalIdClaim {
  readonly externalId: string;
  readonly customerId: string;
  readonly id: string;
}

export const externalIdSheet = (entity: 'CUSTOMER' | 'LOAN', claims: readonly ExternalIdClaim[]): Sheet => ({
  table: 'external_ids',
  columns: ['entity', 'external_id', 'customer_id', 'id'],
  rows: claims.map((claim) => [entity, claim.externalId, claim.customerId, claim.id]),
});

/** Writes what was made. @throws CONFLICT when an external id is taken */
export async function writeSheets(tx: Transaction, sheets: readonly Sheet[]): Promise<void> {
  await copySheets(tx, sheets).catch((error: unknown) => {
    const [, entity, taken] = /external_id\)=\((\w+), (.*)\) already exists/s.exec((error as { detail?: string }).detail ?? '') ?? [];
    if (sqlState(error) !== '23505' || entity === undefined) throw error;
    throw conflict(`There already is a ${entity.toLowerCase()} with the externalId "${taken}". Use update, or another externalId.`);
  });
}
