import { conflict, copyRows, newId, sqlState, type Transaction } from '../platform/index.js';
import type { DataKey, KeyRing } from '../security/index.js';
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

/**
 * Records new customers. Their data keys are durable before this resolves, so before the rows can commit.
 * @throws CONFLICT when an external id is already recorded (which aborts the transaction)
 */
export async function insertCustomers(tx: Transaction, keys: KeyRing, customers: readonly NewCustomer[]): Promise<RecordedCustomer[]> {
  const ids = customers.map(() => newId());
  const dataKeys = await keys.createAll(ids);
  await claimExternalIds(tx, 'CUSTOMER', customers.map(({ externalId }, index) => ({ externalId, customerId: ids[index]!, id: ids[index]! })));
  await copyRows(tx, 'customers', ['id', 'external_id', 'synthetic'], customers.map((c, index) => [ids[index]!, c.externalId, c.synthetic]));
  const recorded = ids.map((id, index) => ({ id, key: dataKeys[index]! }));
  await insertFacts(tx, customers.map((facts, index) => ({ customer: recorded[index]!, facts })));
  return recorded;
}

/** Appends facts; earlier ones stay. */
export async function insertFacts(tx: Transaction, entries: readonly { customer: RecordedCustomer; facts: CustomerFacts }[]): Promise<void> {
  const columns = ['customer_id', 'id', 'effective_at', 'identity', 'attributes', 'protected'];
  await copyRows(tx, 'customer_facts', columns, entries.map(({ customer, facts }) => factsRow(customer, facts)));
}

function factsRow({ id: customerId, key }: RecordedCustomer, facts: CustomerFacts): (string | Date | Buffer | null)[] {
  const id = newId();
  const section = (column: 'identity' | 'attributes' | 'protected'): Buffer | null => sealSection(key, 'customer_facts', column, id, facts[column]);
  return [customerId, id, facts.effectiveAt, section('identity'), section('attributes'), section('protected')];
}

export interface ExternalIdClaim {
  readonly externalId: string;
  readonly customerId: string;
  readonly id: string;
}

/** @throws CONFLICT when one of them is taken */
export async function claimExternalIds(tx: Transaction, entity: 'CUSTOMER' | 'LOAN', claims: readonly ExternalIdClaim[]): Promise<void> {
  const rows = claims.map((claim) => [entity, claim.externalId, claim.customerId, claim.id]);
  await copyRows(tx, 'external_ids', ['entity', 'external_id', 'customer_id', 'id'], rows).catch((error: unknown) => {
    if (sqlState(error) !== '23505') throw error;
    const taken = /external_id\)=\(\w+, (.*)\) already exists/.exec((error as { detail?: string }).detail ?? '')?.[1];
    throw conflict(`There already is a ${entity.toLowerCase()} with the externalId "${taken ?? '?'}". Use update, or another externalId.`);
  });
}
