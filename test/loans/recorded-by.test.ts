import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLending, type Lending } from '../customers/lending.js';
import { asSuperuser } from '../support/postgres.js';

const RECORDED = ['customer_facts', 'loan_facts', 'repayments', 'outcomes'] as const;

type Act = 'createCustomer' | 'updateCustomer' | 'createLoan' | 'updateLoan' | 'recordRepayments' | 'recordOutcome';

const LOAN = { externalId: 'loan', product: 'car-loan', kind: 'INSTALMENT', currency: 'EUR', principal: '100' };
const PERIODS = [{ periodEnd: '2024-01-31T00:00:00Z', balance: '1' }, { periodEnd: '2024-02-29T00:00:00Z', balance: '0' }];

/** Each act, in an order in which they can be done, with the leaf that it leaves and what that is about. */
const ACTS: readonly (readonly [Act, object, string, readonly string[]])[] = [
  ['createCustomer', { externalId: 'maria', identity: [{ name: 'name', value: 'Maria Sanz' }] }, 'CUSTOMER_RECORDED', ['customer']],
  ['updateCustomer', { externalId: 'maria', attributes: [{ name: 'income', value: 5 }] }, 'CUSTOMER_UPDATED', ['customer']],
  ['createLoan', { customerExternalId: 'maria', ...LOAN }, 'LOAN_RECORDED', ['customer', 'loan']],
  ['updateLoan', { externalId: 'loan', status: 'ON_BOOK' }, 'LOAN_UPDATED', ['customer', 'loan']],
  ['recordRepayments', { externalId: 'loan', repayments: PERIODS }, 'REPAYMENTS_RECORDED', ['customer', 'loan', 'count']],
  ['recordOutcome', { externalId: 'loan', defaulted: true }, 'OUTCOME_RECORDED', ['customer', 'loan', 'outcome']],
];

const documentOf = (act: Act): string => `mutation ($input: ${act[0]!.toUpperCase()}${act.slice(1)}Input!) { ${act}(input: $input) { __typename } }`;

const IMPORT = `mutation ($input: ImportLoansInput!) { importLoans(input: $input) { loans } }`;

const row = (customer: string, loan: string): object => ({
  customer: { externalId: customer, attributes: [{ name: 'income', value: 5 }] },
  loan: { ...LOAN, externalId: loan, decisionAt: '2023-12-31T00:00:00Z' },
  repayments: PERIODS,
  outcome: { defaulted: false, knownAt: '2024-12-31T00:00:00Z' },
});

const bySomebody = (user: string): Record<string, string[]> => Object.fromEntries(RECORDED.map((table) => [table, [user]]));

describe('what is recorded', () => {
  let lending: Lending;
  beforeAll(async () => void (lending = await openLending()));
  afterAll(() => lending.close());

  const sql = <Row extends object>(text: string, parameters: unknown[] = []): Promise<Row[]> => lending.database.db.query<Row>(text, parameters);
  const operatorId = async (): Promise<string> => (await lending.database.contextOf('OPERATOR')).actor.id;
  const rowCounts = (): Promise<object[]> => sql([...RECORDED, 'customers', 'loans', 'external_ids', 'audit_intake', 'idempotency'].map((table) => `SELECT '${table}' AS name, count(*) FROM ${table}`).join(' UNION ALL '));
  const leaves = async (): Promise<Record<string, unknown>[]> =>
    (await sql<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`)).map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>);

  /** Who recorded the rows of each table that belong to a customer, each user once. */
  const recordersOf = async (externalId: string): Promise<Record<string, string[]>> => {
    const found = await Promise.all(RECORDED.map(async (table) => {
      const rows = await sql<{ by: string }>(`SELECT DISTINCT recorded_by AS by FROM ${table} t JOIN external_ids e ON e.id = t.customer_id WHERE e.external_id = $1`, [externalId]);
      return [table, rows.map(({ by }) => by)] as const;
    }));
    return Object.fromEntries(found);
  };

  describe.each(ACTS)('by %s', (act, input, type, about) => {
    it('is not, where its leaf cannot be written', async () => {
      await operatorId();
      const before = await rowCounts();
      await asSuperuser(lending.database.name, (client) => client.query('REVOKE INSERT ON audit_intake FROM assay_app'));
      try {
        expect(await lending.refusal('OPERATOR', documentOf(act), { input })).toContain('audit_intake');
      } finally {
        await asSuperuser(lending.database.name, (client) => client.query('GRANT INSERT ON audit_intake TO assay_app'));
      }
      expect(await rowCounts()).toEqual(before);
    });

    it('leaves one leaf: who did it, when and to what, in pseudonyms; none when the request is repeated', async () => {
      const before = await leaves();
      for (let i = 0; i < 2; i += 1) await lending.ask('OPERATOR', documentOf(act), { input: { ...input, requestId: act } });
      const [leaf, ...more] = (await leaves()).slice(before.length);
      expect(more).toEqual([]);
      expect(Object.keys(leaf!).sort()).toEqual([...about, 'v', 'type', 'id', 'actor', 'time'].sort());
      expect(leaf).toMatchObject({ type, id: leaf![about.includes('loan') ? 'loan' : 'customer'], actor: await operatorId() });
      const ids = await sql<{ customer: string; loan: string | null; outcome: string | null }>(
        `SELECT c.id AS customer, l.id AS loan, o.id AS outcome FROM customers c LEFT JOIN loans l ON l.customer_id = c.id LEFT JOIN outcomes o ON o.loan_id = l.id`);
      const things = { ...ids[0]!, count: PERIODS.length };
      expect(Object.fromEntries(about.map((name) => [name, leaf![name]]))).toEqual(Object.fromEntries(about.map((name) => [name, things[name as keyof typeof things]])));
    });
  });

  it('one by one names its recorder', async () => {
    expect(await recordersOf('maria')).toEqual(bySomebody(await operatorId()));
    await lending.ask('UNDERWRITER', documentOf('updateLoan'), { input: { externalId: 'loan', status: 'CLOSED' } });
    const underwriter = (await lending.database.contextOf('UNDERWRITER')).actor.id;
    expect((await recordersOf('maria'))['loan_facts']!.sort()).toEqual([await operatorId(), underwriter].sort());
  });

  it('by an import names who imported, of new customers and of recorded ones', async () => {
    await lending.ask('PORTAL', documentOf('createCustomer'), { input: { externalId: 'recorded' } });
    await lending.ask('OPERATOR', IMPORT, { input: { rows: [row('new', 'i-1'), row('recorded', 'i-2')] } });
    expect(await recordersOf('new')).toEqual(bySomebody(await operatorId()));
    const portal = (await lending.database.contextOf('PORTAL')).actor.id;
    const found = await recordersOf('recorded');
    expect(found['customer_facts']!.sort()).toEqual([await operatorId(), portal].sort());
    expect({ ...found, customer_facts: [await operatorId()] }).toEqual(bySomebody(await operatorId()));
  });

  it('shows its recorder to those who may see evidence, and to nobody else', async () => {
    const by = 'recordedBy { name }';
    const query = `{ loan(externalId: "i-1") { history { ${by} } repayments { ${by} } outcome { ${by} } customer { history { ${by} } } } }`;
    const operator = { recordedBy: { name: 'Test OPERATOR' } };
    expect(await lending.ask('AUDITOR', query)).toEqual({
      loan: { history: [operator], repayments: [operator, operator], outcome: operator, customer: { history: [operator] } },
    });
    expect(await lending.refusal('PORTAL', query)).toContain('prediction:detail');
  });

  it('as an outcome is for the operator alone', async () => {
    const input = { externalId: 'loan', defaulted: false };
    for (const role of ['PORTAL', 'UNDERWRITER'] as const) expect(await lending.refusal(role, documentOf('recordOutcome'), { input })).toContain('outcome:write');
  });
});
