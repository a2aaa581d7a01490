import type { RecordedCustomer } from '../../customers/index.js';
import type { Queryable } from '../../platform/index.js';
import type { KeyRing } from '../../security/index.js';
import { rejectedRow, type BookRow, type RejectedRow, type TakenEntry } from './book-row.js';
import type { Mapping } from './mapping.js';
import { quoted } from './refusal.js';

export type OnRepeatedCustomer = Mapping['onRepeatedCustomer'];

/** A row that can be written: of a customer already recorded, of a new one, or of one that is new in this batch. */
export interface PlacedRow {
  readonly row: BookRow;
  readonly customer: RecordedCustomer | 'new' | 'new in this batch';
}

/** The rows of one batch: those that can be written, and those whose external ids are taken. */
export interface PlacedRows {
  readonly accepted: readonly PlacedRow[];
  readonly refused: readonly RejectedRow[];
}

/** What the batch before records, which the database does not hold yet. */
export interface Unwritten {
  readonly customers: ReadonlyMap<string, RecordedCustomer>;
  readonly loans: ReadonlySet<string>;
}

export const NOTHING_UNWRITTEN: Unwritten = { customers: new Map(), loans: new Set() };

/** Looks up the external ids of a batch in one statement and decides row by row, in the order given. */
export async function placeRows(
  db: Queryable,
  keys: KeyRing,
  entries: readonly TakenEntry[],
  onRepeatedCustomer: OnRepeatedCustomer,
  unwritten: Unwritten,
): Promise<PlacedRows> {
  const rows = entries.map(({ row }) => row);
  const places = await Places.of(db, keys, rows, onRepeatedCustomer, unwritten);
  const accepted: PlacedRow[] = [];
  const refused: RejectedRow[] = [];
  for (const entry of entries) {
    const reason = places.objection(entry.row);
    if (reason === undefined) accepted.push({ row: entry.row, customer: places.claim(entry.row) });
    else refused.push(rejectedRow(entry, reason));
  }
  return { accepted, refused };
}

interface Taken {
  readonly entity: 'CUSTOMER' | 'LOAN';
  readonly external_id: string;
  readonly customer_id: string;
}

const FIND_TAKEN = `
  SELECT entity, external_id, customer_id FROM external_ids WHERE entity = 'CUSTOMER' AND external_id = ANY ($1::text[])
  UNION ALL
  SELECT entity, external_id, customer_id FROM external_ids WHERE entity = 'LOAN' AND external_id = ANY ($2::text[])`;

/** Who and what is recorded under the external ids of a batch, kept up to date while the batch is decided. */
class Places {
  private constructor(
    private readonly loans: Set<string>,
    /** Undefined for a customer whose key was destroyed. */
    private readonly recorded: ReadonlyMap<string, RecordedCustomer | undefined>,
    private readonly onRepeatedCustomer: OnRepeatedCustomer,
    private readonly fresh = new Set<string>(),
  ) {}

  static async of(db: Queryable, keys: KeyRing, rows: readonly BookRow[], onRepeated: OnRepeatedCustomer, unwritten: Unwritten): Promise<Places> {
    const taken = await db.query<Taken>(FIND_TAKEN, [
      rows.map(({ customer }) => customer.externalId),
      rows.map(({ loan }) => loan.externalId),
    ]);
    const customers = taken.filter(({ entity }) => entity === 'CUSTOMER');
    const dataKeys = await keys.keysOf(customers.map(({ customer_id: id }) => id));
    const recorded = customers.map(({ external_id: externalId, customer_id: id }, i) => {
      const key = dataKeys[i];
      return [externalId, key && { id, key }] as const;
    });
    const loans = taken.filter(({ entity }) => entity === 'LOAN').map(({ external_id: externalId }) => externalId);
    return new Places(new Set([...loans, ...unwritten.loans]), new Map([...recorded, ...unwritten.customers]), onRepeated);
  }

  /** Why a row cannot be written, if it cannot. */
  objection({ customer: { externalId }, loan }: BookRow): string | undefined {
    if (this.loans.has(loan.externalId)) return taken('loan', loan.externalId);
    if (this.onRepeatedCustomer === 'reject' && (this.recorded.has(externalId) || this.fresh.has(externalId))) {
      return `${taken('customer', externalId)}; "onRepeatedCustomer": "reuse" lets a customer have several loans`;
    }
    if (this.recorded.has(externalId) && this.recorded.get(externalId) === undefined) {
      return `customer.externalId: the data of customer ${quoted(externalId)} was erased, so nothing can be added to it`;
    }
    return undefined;
  }

  /** Takes the external ids of a row that is going to be written. */
  claim({ customer: { externalId }, loan }: BookRow): PlacedRow['customer'] {
    this.loans.add(loan.externalId);
    const known = this.recorded.get(externalId) ?? (this.fresh.has(externalId) ? 'new in this batch' : 'new');
    this.fresh.add(externalId);
    return known;
  }
}

const taken = (entity: 'customer' | 'loan', externalId: string): string =>
  `${entity}.externalId: there already is a ${entity} ${quoted(externalId)}, from an earlier row or an earlier import`;
