import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLending, type Lending } from './lending.js';

interface Named {
  name: string;
  value: unknown;
}

const CREATE = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id externalId displayName synthetic erased
  effectiveAt recordedAt attributes { name value } } } }`;
const UPDATE = `mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { displayName effectiveAt attributes { name value } } } }`;
const FULL = `query ($externalId: String!) { customer(externalId: $externalId) { displayName attributes { name value } identity { name value }
  protectedAttributes { name value } history { effectiveAt attributes { name value } } } }`;

const valuesOf = (list: readonly Named[]): Record<string, unknown> => Object.fromEntries(list.map(({ name, value }) => [name, value]));

describe('customers', () => {
  let lending: Lending;
  beforeAll(async () => void (lending = await openLending()));
  afterAll(() => lending.close());

  const create = (externalId: string, more: object = {}): Promise<{ createCustomer: { customer: { id: string; displayName: string } } }> =>
    lending.ask('PORTAL', CREATE, { input: { externalId, ...more } });

  it('are recorded with identity, attributes and protected attributes apart, each under its own permission', async () => {
    await create('maria', {
      identity: [{ name: 'name', value: 'Maria Sanz' }],
      attributes: [{ name: 'income', value: 41_000.5 }, { name: 'homeOwner', value: true }],
      protectedAttributes: [{ name: 'sex', value: 'female' }],
    });
    const { customer } = await lending.ask<{ customer: Record<'attributes' | 'identity' | 'protectedAttributes', Named[]> }>('AUDITOR', FULL, { externalId: 'maria' });
    expect(valuesOf(customer.attributes)).toEqual({ income: 41_000.5, homeOwner: true });
    expect(valuesOf(customer.identity)).toEqual({ name: 'Maria Sanz' });
    expect(valuesOf(customer.protectedAttributes)).toEqual({ sex: 'female' });
    expect(await lending.refusal('UNDERWRITER', FULL, { externalId: 'maria' })).toContain('customer:protected');
    expect(await lending.refusal('PORTAL', `{ customer(externalId: "maria") { identity { value } } }`)).toContain('customer:identity');
  });

  it('are masked for those who may not see personal data', async () => {
    const query = `{ customer(externalId: "maria") { displayName } }`;
    expect(await lending.ask('PORTAL', query)).toEqual({ customer: { displayName: 'M… S…' } });
    expect(await lending.ask('UNDERWRITER', query)).toEqual({ customer: { displayName: 'Maria Sanz' } });
  });

  it('keep nothing personal in the clear in the database', async () => {
    const rows = await lending.database.db.query<{ row: string }>(`SELECT encode(f.identity, 'escape') || encode(f.attributes, 'escape') || encode(f.protected, 'escape') AS row FROM customer_facts f`);
    expect(rows.map(({ row }) => row).join()).not.toMatch(/Maria|income|female/);
  });

  it('cannot share an external id', async () => {
    expect(await lending.refusal('PORTAL', CREATE, { input: { externalId: 'maria' } })).toContain('There already is a customer with the externalId "maria"');
  });

  it('are updated by later facts that carry over what is not named', async () => {
    await create('ana', {
      effectiveAt: '2024-01-01T00:00:00Z',
      identity: [{ name: 'name', value: 'Ana Lim' }],
      attributes: [{ name: 'income', value: 10 }, { name: 'employer', value: 'Acme' }],
    });
    await lending.ask('PORTAL', UPDATE, {
      input: { externalId: 'ana', effectiveAt: '2024-06-01T00:00:00Z', attributes: [{ name: 'income', value: 20 }, { name: 'employer', value: null }, { name: 'region', value: 'north' }] },
    });
    const { customer } = await lending.ask<{ customer: { displayName: string; attributes: Named[]; history: { effectiveAt: string; attributes: Named[] }[] } }>('AUDITOR', FULL, { externalId: 'ana' });
    expect(customer.displayName).toBe('Ana Lim');
    expect(valuesOf(customer.attributes)).toEqual({ income: 20, region: 'north' });
    expect(customer.history.map(({ effectiveAt, attributes }) => [effectiveAt, valuesOf(attributes)])).toEqual([
      ['2024-06-01T00:00:00.000Z', { income: 20, region: 'north' }],
      ['2024-01-01T00:00:00.000Z', { income: 10, employer: 'Acme' }],
    ]);
  });

  it('take a fact of earlier effect into the history without changing what holds now', async () => {
    await lending.ask('PORTAL', UPDATE, { input: { externalId: 'ana', effectiveAt: '2024-03-01T00:00:00Z', attributes: [{ name: 'income', value: 15 }] } });
    const { customer } = await lending.ask<{ customer: { attributes: Named[]; history: { attributes: Named[] }[] } }>('AUDITOR', FULL, { externalId: 'ana' });
    expect(valuesOf(customer.attributes)).toEqual({ income: 20, region: 'north' });
    expect(customer.history.map(({ attributes }) => valuesOf(attributes)['income'])).toEqual([20, 15, 10]);
  });

  it('are corrected by a later fact of the same time', async () => {
    await lending.ask('PORTAL', UPDATE, { input: { externalId: 'ana', effectiveAt: '2024-06-01T00:00:00Z', attributes: [{ name: 'income', value: 21 }] } });
    const { customer } = await lending.ask<{ customer: { attributes: Named[] } }>('AUDITOR', FULL, { externalId: 'ana' });
    expect(valuesOf(customer.attributes)).toEqual({ income: 21, region: 'north' });
  });

  it('lose no update when many arrive at once', async () => {
    await create('busy');
    const names = Array.from({ length: 8 }, (_, index) => `a${index}`);
    await Promise.all(names.map((name) => lending.ask('PORTAL', UPDATE, { input: { externalId: 'busy', attributes: [{ name, value: 1 }] } })));
    const { customer } = await lending.ask<{ customer: { attributes: Named[] } }>('AUDITOR', FULL, { externalId: 'busy' });
    expect(customer.attributes.map(({ name }) => name)).toEqual(names);
  });

  it('are recorded once when a request is repeated, and not at all under another body', async () => {
    const first = await create('once', { requestId: 'r-1' });
    expect(await create('once', { requestId: 'r-1' })).toEqual(first);
    expect(await lending.refusal('PORTAL', CREATE, { input: { externalId: 'other', requestId: 'r-1' } })).toContain('was used before with another body');
  });

  it.each([
    [{ attributes: [{ name: ' x', value: 1 }] }, 'attributes: " x" is not a name'],
    [{ attributes: [{ name: 'x', value: 1 }, { name: 'x', value: 2 }] }, 'attributes: "x" is given twice'],
    [{ attributes: [{ name: 'x', value: 1e39 }] }, 'attributes.x: 1e+39 is not a number of at most 1e30'],
    [{ effectiveAt: '2999-01-01T00:00:00Z' }, 'effectiveAt: 2999-01-01T00:00:00.000Z is in the future'],
    [{ externalId: '' }, 'externalId: "" cannot be an external id'],
    [{ externalId: 'a\u0000b' }, 'cannot be an external id. Give 1 to 200 characters'],
    [{ externalId: 'x'.repeat(201) }, 'cannot be an external id'],
    [{ requestId: '' }, 'requestId: give 1 to 200 characters'],
  ])('are refused with a sentence: %j', async (input, sentence) => {
    expect(await lending.refusal('PORTAL', CREATE, { input: { externalId: 'bad', ...input } })).toContain(sentence);
    expect(await lending.ask('PORTAL', `{ customer(externalId: "bad") { id } }`)).toEqual({ customer: null });
  });

  it('are refused an update before anything was known of them, or when there are none', async () => {
    const before = { externalId: 'ana', effectiveAt: '2020-01-01T00:00:00Z' };
    expect(await lending.refusal('PORTAL', UPDATE, { input: before })).toContain('nothing is known of the customer as of 2020-01-01');
    expect(await lending.refusal('PORTAL', UPDATE, { input: { externalId: 'nobody' } })).toContain('There is no customer with the externalId "nobody"');
    expect(await lending.refusal('PORTAL', UPDATE, { input: { externalId: 'no\u0000body' } })).toContain('There is no customer');
    expect(await lending.refusal('PORTAL', UPDATE, { input: {} })).toContain('one of them');
  });

  it('are not recorded by those who may only read', async () => {
    expect(await lending.refusal('AUDITOR', CREATE, { input: { externalId: 'x' } })).toContain('customer:write');
  });

  it('say that they are synthetic', async () => {
    expect(await create('s-1', { synthetic: true, identity: [{ name: 'name', value: 'Synthetic Customer 00017' }] })).toMatchObject({
      createCustomer: { customer: { displayName: 'S… C… 0… (synthetic)', synthetic: true } },
    });
  });

  it('show nothing personal once their key is destroyed', async () => {
    const { createCustomer } = await create('gone', { identity: [{ name: 'name', value: 'Gone Person' }], attributes: [{ name: 'income', value: 1 }] });
    const { id } = createCustomer.customer;
    const [row] = await lending.database.db.query<{ id: string }>(`SELECT id FROM external_ids WHERE external_id = 'gone'`);
    await lending.database.keys.destroy(row!.id);
    const query = `query ($id: ID!) { customer(id: $id) { displayName erased identity { value } attributes { value } history { attributes { value } } } }`;
    expect(await lending.ask('AUDITOR', query, { id })).toEqual({
      customer: { displayName: 'erased', erased: true, identity: [], attributes: [], history: [{ attributes: [] }] },
    });
    expect(await lending.refusal('PORTAL', UPDATE, { input: { id } })).toContain('was erased');
  });

  describe('in lists', () => {
    const LIST = `query ($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {
      customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { node { externalId } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    interface List {
      customers: { totalCount: number; edges: { node: { externalId: string } }[]; pageInfo: { hasNextPage: boolean; startCursor: string; endCursor: string } };
    }
    const idsOf = ({ customers }: List): string[] => customers.edges.map(({ node }) => node.externalId);
    const list = (variables: object): Promise<List> => lending.ask<List>('PORTAL', LIST, variables);

    it('run in the order of recording, or of external ids, and page through without gaps', async () => {
      const all = idsOf(await list({ first: 200 }));
      expect(all.slice(0, 3)).toEqual(['maria', 'ana', 'busy']);
      const orderBy = { field: 'EXTERNAL_ID', direction: 'DESC' };
      const walked: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page: List = await list({ orderBy, first: 2, ...(after !== undefined && { after }) });
        walked.push(...idsOf(page));
        ({ hasNextPage: more, endCursor: after } = page.customers.pageInfo);
      }
      expect(walked).toEqual([...all].sort().reverse());
    });

    it('are filtered, with a count of what the filter leaves', async () => {
      expect(idsOf(await list({ filter: { synthetic: true } }))).toEqual(['s-1']);
      expect((await list({ filter: { externalId: 'ana' }, first: 0 })).customers.totalCount).toBe(1);
      expect(idsOf(await list({ filter: { externalId: 'a\u0000' } }))).toEqual([]);
      expect(idsOf(await list({ filter: { recordedAt: { lt: '2020-01-01T00:00:00Z' } } }))).toEqual([]);
    });

    it('hold a borrower nobody but themself', async () => {
      const [maria] = await lending.database.db.query<{ id: string }>(`SELECT id FROM external_ids WHERE external_id = 'maria'`);
      const ctx = await lending.database.contextOf('BORROWER');
      const asMaria = { ...ctx, actor: { ...ctx.actor, ownCustomerId: maria!.id } };
      const query = `{ customers { edges { node { externalId } } } mine: customer(externalId: "maria") { externalId } other: customer(externalId: "ana") { externalId } }`;
      expect((await lending.run(asMaria, query)).data).toEqual({
        customers: { edges: [{ node: { externalId: 'maria' } }] },
        mine: { externalId: 'maria' },
        other: null,
      });
      const { data } = await lending.run(await lending.database.contextOf('BORROWER'), `{ customers { edges { cursor } } }`);
      expect(data).toEqual({ customers: { edges: [] } });
    });
  });
});
