import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { openApp, type App } from '../../src/app.js';
import { readBundle, Sequencer, verifyFolder, verifyPrediction } from '../../src/audit/index.js';
import { indexEverybody } from '../../src/customers/index.js';
import { verifyLog } from '../../src/evidence/index.js';
import { decodeGlobalId, encodeGlobalId, openLog } from '../../src/platform/index.js';
import { Erasures } from '../../src/privacy/index.js';
import { DevelopmentIssuer, KeyRing, parseKeyEncryptionKey } from '../../src/security/index.js';
import { envOf } from '../commands/support.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import { run } from '../support/cli.js';
import { untilAfter } from '../support/moments.js';
import type { TestClient } from '../support/client.js';
import { asSuperuser } from '../support/postgres.js';
import { dump, filesIn, formsOf, foundIn, keysFound, opened, type Loot, type StoredBytes } from './attacker.js';

const PERSON = { name: 'Wilhelmina Quastenflosser', nationalId: '84.771.093-K', email: 'Wilhelmina.Quast@Beispielhausen.example', birthDate: '1971-03-14', phone: '+49 7771 5550193' };
const INCOME = 7_193.55;
const TRIED_INCOME = 9_417.25;
const EMPLOYER = 'Zwirbelwerke Untertupfing';
const GROUNDS = 'Wilhelmina says that her raise of March was not counted.';
const HOLD = 'Dispute of Quastenflosser about insurance.';

const RETENTION = 'query ($id: ID!) { customer(id: $id) { erased displayName retention { state held keptUntil clocks { recordKind regime months endsAt } legalHolds { id reason liftedAt liftReason placedBy { name } } } } }';
const ERASE = 'mutation ($input: EraseCustomerInput!) { eraseCustomer(input: $input) { proposal { id state text reason } } }';
const CONFIRM = 'mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { proposal { state comment } } }';
const CHANGE = 'mutation ($input: ChangeRetentionInput!) { changeRetention(input: $input) { proposal { id text } } }';
const PLACE = 'mutation ($input: PlaceLegalHoldInput!) { placeLegalHold(input: $input) { hold { id reason } } }';
const LIFT = 'mutation ($input: LiftLegalHoldInput!) { liftLegalHold(input: $input) { hold { liftedAt liftReason liftedBy { name } } } }';
const FIND = 'query ($filter: CustomerFilter!, $asOf: DateTime) { customers(first: 5, filter: $filter, asOf: $asOf) { edges { node { id displayName } } } }';
const TOLD = `query ($customer: ID!, $loan: ID!, $prediction: ID!) {
  customer(id: $customer) { attributes { value } history { attributes { value } } riskProfile { drivers { feature } } } loan(id: $loan) { attributes { value } }
  prediction(id: $prediction) { reasons { text } counterfactual { changes { from } } reviews { grounds explanation } } }`;
const BUNDLE = 'query ($id: ID!) { prediction(id: $id) { bundle pd grade decision reasons { text } } }';

interface Standing {
  customer: { erased: boolean; displayName: string; retention: { state: string; held: boolean; keptUntil: string | null; clocks: { recordKind: string; regime: string; months: number | null; endsAt: string | null }[]; legalHolds: { id: string; reason: string | null; liftReason: string | null }[] } };
}

const needlesOf = (): Buffer[] =>
  [PERSON.name, PERSON.name.split(' ')[1]!, PERSON.nationalId, '84771093K', PERSON.email, PERSON.email.toLowerCase(), PERSON.birthDate, PERSON.phone, String(INCOME), String(TRIED_INCOME), EMPLOYER, 'Pastafarian', GROUNDS, HOLD].flatMap(formsOf);

describe('personal data', () => {
  let app: TestApp;
  /** The same server with its log kept. */
  let logged: App;
  const logs: Buffer[] = [];
  let [portal, auditor, underwriter, officer, second] = [] as unknown as [TestClient, TestClient, TestClient, TestClient, TestClient];
  let loan: BookLoan;
  let customerId: string;
  let firstSegment: string;
  let before: { text: Buffer; values: StoredBytes[] };
  const predictions: string[] = [];
  let keyEncryptionKey: Buffer;
  let dataDirectory: string;
  let database: string;

  beforeAll(async () => {
    app = await openTestApp();
    database = new URL(app.runtime.urls.app).pathname.slice(1);
    [{ data_directory: dataDirectory }] = (await app.sql<{ data_directory: string }>('SHOW data_directory')) as [{ data_directory: string }];
    [{ segment: firstSegment }] = (await app.sql<{ segment: string }>('SELECT pg_walfile_name(pg_current_wal_lsn()) AS segment')) as [{ segment: string }];
    const issuer = await DevelopmentIssuer.open(app.runtime.config);
    const log = pino({ level: 'trace' }, new Writable({ write: (chunk: Buffer, _, done) => (logs.push(Buffer.from(chunk)), done()) }));
    logged = await openApp({ ...app.runtime, log }, { host: '127.0.0.1', port: 0, issuers: [issuer.issuer] });
    [portal, auditor, underwriter, officer, second] = (await Promise.all((['portal', 'auditor', 'underwriter', 'privacyOfficer', 'secondPrivacyOfficer'] as const).map(async (who) => (await app.as(who)).at(logged.url)))) as typeof app extends never ? never : [TestClient, TestClient, TestClient, TestClient, TestClient];
    [loan] = (await someLoans(app, 1)) as [BookLoan];
    customerId = decodeGlobalId(loan.customer.id).id;
    keyEncryptionKey = parseKeyEncryptionKey(await readFile(app.runtime.config.keyEncryptionKeyFile, 'utf8'), 'kek');
    await livedThrough();
  });
  afterAll(async () => {
    await logged.close();
    await app.close();
  });

  /** Everything that Assay records of a person, through the API. */
  async function livedThrough(): Promise<void> {
    await portal.ok('mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', {
      input: {
        id: loan.customer.id, requestId: 'update of a person', identity: Object.entries(PERSON).map(([name, value]) => ({ name, value })),
        attributes: [{ name: 'monthlyIncome', value: INCOME }, { name: 'employerName', value: EMPLOYER }], protectedAttributes: [{ name: 'religion', value: 'Pastafarian congregation' }],
      },
    });
    predictions.push((await scoreLoan(portal, { loanId: loan.id, requestId: 'score of a person' })).id);
    await portal.ok('mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { id } } }', { input: { loanId: loan.id, purpose: 'ORIGINATION', requestId: 'what if of a person', changes: [{ path: 'customer.monthlyIncome', value: TRIED_INCOME }] } });
    await portal.ok('mutation ($input: RequestReviewInput!) { requestReview(input: $input) { review { id } } }', { input: { predictionId: predictions[0], grounds: GROUNDS, requestId: 'review of a person' } });
    // What goes wrong is logged, and must not tell what was handed in.
    await portal.query('mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', { input: { id: loan.customer.id, identity: [{ name: 'name', value: PERSON.name }, { name: 'name', value: PERSON.name }] } });
    await portal.query('mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', { input: { id: loan.customer.id, requestId: 'update of a person', identity: [{ name: 'name', value: PERSON.name }] } });
  }

  /** Everything that was recorded is in the tree. */
  async function integrated(): Promise<void> {
    const sequencer = new Sequencer(app.runtime.db, openLog('silent'));
    do await sequencer.drain(); while ((await verifyLog(app.runtime.db)).waiting > 0);
  }

  const withEmail = async (email: string, asOf?: Date): Promise<number> => (await officer.ok<{ customers: { edges: unknown[] } }>(FIND, { filter: { email }, asOf: asOf?.toISOString() })).customers.edges.length;
  const update = (email: string): Promise<unknown> => portal.ok('mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', { input: { id: loan.customer.id, identity: [{ name: 'email', value: email }] } });
  const sql = (statement: string, ...parameters: unknown[]): Promise<unknown> => app.runtime.db.transaction((tx) => tx.query(statement, parameters));

  const standing = async (): Promise<Standing['customer']> => (await auditor.ok<Standing>(RETENTION, { id: loan.customer.id })).customer;

  const eraseRefused = async (rule: string): Promise<string> => {
    const error = await officer.refusal(ERASE, { input: { customerId: loan.customer.id, basis: 'REQUEST_OF_THE_PERSON' } });
    expect(error.extensions.rule).toBe(rule);
    return error.message;
  };

  const changed = async (input: object): Promise<void> => {
    const { changeRetention: { proposal } } = await officer.ok<{ changeRetention: { proposal: { id: string } } }>(CHANGE, { input: { source: 'A court said so.', ...input } });
    await second.ok(CONFIRM, { input: { proposalId: proposal.id, comment: 'Agreed.' } });
  };

  async function loot(dumps: readonly { text: Buffer; values: StoredBytes[] }[]): Promise<Loot> {
    const wal = await filesIn(join(dataDirectory, 'pg_wal'), (name) => /^[0-9A-F]{24}$/.test(name) && name >= firstSegment);
    // Not its lock file, which has no keys: to close it here would give up the locks of the server in this process.
    const keys = app.runtime.config.keyStore.provider === 'lmdb' ? await filesIn(app.runtime.config.keyStore.path, (name) => name === 'data.mdb') : new Map<string, Buffer>();
    return {
      material: new Map([...wal, ...keys, ['server log', Buffer.concat(logs)], ...dumps.map(({ text }, index) => [`dump ${index}`, text] as const)]),
      values: dumps.flatMap(({ values }) => values),
    };
  }

  it('is found by national id or e-mail however they are written, by who may, and each look-up is an event', async () => {
    const found = async (filter: object): Promise<string[]> => (await officer.ok<{ customers: { edges: { node: { id: string } }[] } }>(FIND, { filter })).customers.edges.map(({ node }) => node.id);
    for (const filter of [{ nationalId: '84771093k' }, { nationalId: ' 84.771.093-K ' }, { email: PERSON.email.toUpperCase() }, { email: PERSON.email, nationalId: PERSON.nationalId }]) expect(await found(filter)).toEqual([loan.customer.id]);
    expect(await found({ nationalId: '84771094K' })).toEqual([]);
    expect(await found({ nationalId: '84771093k', email: 'other@example.org' })).toEqual([]);
    expect((await portal.refusal(FIND, { filter: { email: PERSON.email } })).message).toContain('customer:lookup');
    expect((await officer.refusal(FIND, { filter: { email: 'nonsense' } })).message).toContain('filter.email: give an e-mail address');
    const [told] = (await app.leaves({ type: 'CUSTOMERS_LOOKED_UP', id: customerId })).slice(-1);
    expect(told).toMatchObject({ by: ['NATIONAL_ID', 'EMAIL'], found: [customerId] });
    const rows = await app.sql<{ digest: Buffer }>('SELECT digest FROM customer_identifiers WHERE customer_id = $1', [customerId]);
    expect(rows.length).toBeGreaterThanOrEqual(2);
  });

  it('is found by what holds now, not by what once did', async () => {
    await update('once@example.org');
    expect(await withEmail(PERSON.email)).toBe(0);
    const then = new Date();
    await untilAfter(then);
    await update(PERSON.email);
    expect([await withEmail(PERSON.email), await withEmail('once@example.org')]).toEqual([1, 0]);
    // As of then it is by what held then, for an index that was written anew since, too.
    await app.sql('DELETE FROM customer_identifiers WHERE customer_id = $1', [customerId]);
    await indexEverybody((work) => app.runtime.db.transaction(work), app.runtime.keys, () => undefined);
    expect([await withEmail(PERSON.email, then), await withEmail('once@example.org', then), await withEmail(PERSON.email)]).toEqual([0, 1, 1]);
  });

  it('is kept while a review is open, and while a clock runs; who asks is told until when', async () => {
    expect(await standing()).toMatchObject({ erased: false, retention: { state: 'ACTIVE', held: false, keptUntil: null } });
    expect(await eraseRefused('RETENTION_RUNS')).toMatch(/must be kept while it lasts: (REVIEW \(GDPR\)|ACCOUNT \((LENDER, 60 months|UNDER_WAY)\))/);
    const { customer: { retention: { clocks } } } = await auditor.ok<Standing>(RETENTION, { id: loan.customer.id });
    expect(clocks.map(({ recordKind, regime, months }) => [recordKind, regime, months])).toEqual(expect.arrayContaining([['REVIEW', 'GDPR', null], ['APPLICATION', 'US_REG_B', 25], ['PREDICTION', 'EU_AI_ACT', 6]]));
    const { decisionReviews } = await auditor.ok<{ decisionReviews: { edges: { node: { id: string } }[] } }>('{ decisionReviews(first: 1) { edges { node { id } } } }');
    await underwriter.ok('mutation ($input: ResolveReviewInput!) { resolveReview(input: $input) { review { id } } }', { input: { reviewId: decisionReviews.edges[0]!.node.id, outcome: 'UPHELD', explanation: `Looked at with ${PERSON.name}.` } });
    expect(await eraseRefused('RETENTION_RUNS')).toMatch(/must be kept (until 20\d\d-\d\d-\d\d: APPLICATION \(US_REG_B, 25 months\)|while it lasts: ACCOUNT \((LENDER, 60 months|UNDER_WAY)\))/);
  });

  it('is kept while anything is under way, even where no rule is in force', async () => {
    const { createCustomer: { customer } } = await portal.ok<{ createCustomer: { customer: { id: string } } }>('mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }', { input: { externalId: 'no-loan-yet' } });
    const { id } = decodeGlobalId(customer.id);
    const { customer: { retention } } = await auditor.ok<Standing>(RETENTION, { id: customer.id });
    expect(retention).toMatchObject({ state: 'ACTIVE', clocks: [{ recordKind: 'CUSTOMER', regime: 'UNDER_WAY', months: null, endsAt: retention.keptUntil }] });
    expect(Math.round((Date.parse(retention.keptUntil!) - Date.now()) / 86_400_000)).toBe(90);
    expect((await officer.refusal(ERASE, { input: { customerId: customer.id, basis: 'REQUEST_OF_THE_PERSON' } })).extensions.rule).toBe('RETENTION_RUNS');
    expect((await officer.refusal(CHANGE, { input: { recordKind: 'ACCOUNT', regime: 'UNDER_WAY', months: 1, source: 'x' } })).message).toContain('is always kept');
    const application = await createLoan(portal, 'open application');
    await asSuperuser(database, async (client) => {
      await client.query(`BEGIN; SET LOCAL session_replication_role = 'replica'`);
      await client.query(`INSERT INTO retention_rules (id, record_kind, regime, products, months, in_force, source, recorded_at)
        SELECT gen_random_uuid(), record_kind, regime, products, months, false, source, clock_timestamp() FROM retention_rules`);
      const { rows } = await client.query(`SELECT s.state, count(*)::int AS customers FROM customers c CROSS JOIN LATERAL retention_state(c.id) s
        WHERE EXISTS (SELECT FROM loans l JOIN LATERAL (SELECT status FROM loan_facts f WHERE (f.customer_id, f.loan_id) = (l.customer_id, l.id) ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC LIMIT 1) f ON f.status = 'ON_BOOK'
                      WHERE l.customer_id = c.id) GROUP BY 1`);
      expect(rows).toEqual([{ state: 'ACTIVE', customers: expect.any(Number) as unknown }]);
      expect((await client.query('SELECT state FROM retention_state($1)', [decodeGlobalId(application.customer.id).id])).rows).toEqual([{ state: 'ACTIVE' }]);
      await client.query(`UPDATE customer_facts SET recorded_at = recorded_at - interval '91 days' WHERE customer_id = $1`, [id]);
      await client.query(`UPDATE customers SET recorded_at = recorded_at - interval '91 days' WHERE id = $1`, [id]);
      expect((await client.query('SELECT state FROM retention_state($1)', [id])).rows).toEqual([{ state: 'DUE' }]);
      await client.query('ROLLBACK');
    });
  });

  it('is kept for as long as the rules say, which two people change, never below what a regime asks', async () => {
    expect((await officer.refusal(CHANGE, { input: { recordKind: 'APPLICATION', regime: 'US_REG_B', months: 24, source: 'x' } })).extensions.rule).toBe('RETENTION_FLOOR');
    expect((await officer.refusal(CHANGE, { input: { recordKind: 'REVIEW', regime: 'GDPR', months: 1, source: 'x' } })).message).toContain('An open review is always kept');
    const product = loan.product;
    await changed({ recordKind: 'APPLICATION', regime: 'US_REG_B', products: [product], months: 12 });
    const { customer: { retention } } = await auditor.ok<Standing>(RETENTION, { id: loan.customer.id });
    expect(retention.clocks.filter(({ recordKind, regime }) => recordKind === 'APPLICATION' && regime !== 'UNDER_WAY').map(({ months }) => months)).toEqual([12]);
    await changed({ recordKind: 'APPLICATION', regime: 'US_REG_B', products: [product], months: 12, inForce: false });
    await changed({ recordKind: 'APPLICATION', regime: 'US_REG_B', months: 25, inForce: false });
    await changed({ recordKind: 'PREDICTION', regime: 'EU_AI_ACT', months: 6, inForce: false });
    await changed({ recordKind: 'ACCOUNT', regime: 'LENDER', months: 0 });
    expect(await app.leaves({ type: 'RETENTION_CHANGED' })).toHaveLength(5);
    const told = async (who: TestClient): Promise<string> => JSON.stringify(await who.ok(TOLD, { customer: loan.customer.id, loan: loan.id, prediction: predictions[0] }));
    expect(await told(underwriter)).toMatch(new RegExp(`${EMPLOYER}.*${GROUNDS}`));
    await portal.ok('mutation ($input: UpdateLoanInput!) { updateLoan(input: $input) { loan { id } } }', { input: { id: loan.id, status: 'CLOSED' } });
    expect((await standing()).retention).toMatchObject({ state: 'DUE', held: false });
    // Who works with loans sees no more of it than a portal does; who answers for it, and the customer, do.
    const { customer } = await underwriter.ok<{ customer: { displayName: string; identity: unknown[]; history: { identity: unknown[] }[] } }>('query ($id: ID!) { customer(id: $id) { displayName identity { value } history { identity { value } } } }', { id: loan.customer.id });
    expect([customer.displayName, customer.identity, customer.history.flatMap(({ identity }) => identity)]).toEqual(['W… Q… (synthetic)', [], []]);
    expect(JSON.parse(await told(underwriter))).toEqual({
      customer: { attributes: [], history: expect.not.arrayContaining([{ attributes: [expect.anything()] }]) as unknown, riskProfile: { drivers: [] } },
      loan: { attributes: [] }, prediction: { reasons: [], counterfactual: null, reviews: [{ grounds: null, explanation: null }] },
    });
    expect(await told(auditor)).toMatch(new RegExp(`${EMPLOYER}.*${GROUNDS}`));
    expect((await standing()).displayName).toContain(PERSON.name);
    const due = await auditor.ok<{ dueForErasure: { edges: { node: { id: string } }[] } }>('{ dueForErasure(first: 50) { edges { node { id } } } }');
    expect(due.dueForErasure.edges.map(({ node }) => node.id)).toContain(loan.customer.id);
  });

  it('is kept by a legal hold, whatever the clocks say, until it is lifted', async () => {
    const { placeLegalHold: { hold } } = await officer.ok<{ placeLegalHold: { hold: { id: string; reason: string } } }>(PLACE, { input: { customerId: loan.customer.id, reason: HOLD } });
    expect(hold.reason).toBe(HOLD);
    expect(await eraseRefused('LEGAL_HOLD')).toContain('A legal hold keeps the customer.');
    await officer.ok(LIFT, { input: { holdId: hold.id, reason: 'Settled with Quastenflosser.' } });
    expect((await officer.refusal(LIFT, { input: { holdId: hold.id, reason: 'x' } })).extensions.rule).toBe('HOLD_LIFTED_ONCE');
    expect((await standing()).retention.legalHolds).toMatchObject([{ reason: HOLD, liftReason: 'Settled with Quastenflosser.', placedBy: { name: 'Pia Privacy-Officer' } }]);
    // Who reads why is told: it may name the person.
    expect((await app.leaves({ type: 'PERSONAL_DATA_READ' })).at(-1)).toMatchObject({ reads: { STATEMENT: [customerId] } });
    expect((await app.leaves({ id: decodeGlobalId(hold.id).id })).map(({ type }) => type)).toEqual(['LEGAL_HOLD_PLACED', 'LEGAL_HOLD_LIFTED', 'ACT_REFUSED']);
    expect((await underwriter.refusal(PLACE, { input: { customerId: loan.customer.id, reason: 'x' } })).message).toContain('hold:place');
  });

  it('cannot be erased by one person, nor by plain SQL of the application', async () => {
    const erasure = `INSERT INTO erasures (customer_id, id, basis, proposal_id, ordered_by) SELECT $1, gen_random_uuid(), 'RETENTION_OVER', p.id, p.proposed_by FROM proposals p WHERE p.kind = $2 ORDER BY p.id DESC LIMIT 1`;
    await expect(sql(erasure, customerId, 'CHANGE_RETENTION')).rejects.toMatchObject({ code: 'AS150' });
    for (const table of ['erasures', 'erasure_ends', 'legal_holds', 'legal_hold_ends', 'retention_rules']) {
      await expect(sql(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
      await expect(sql(`UPDATE ${table} SET recorded_at = now()`)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(sql(`INSERT INTO retention_rules (id, record_kind, regime, months, source) VALUES (gen_random_uuid(), 'ACCOUNT', 'LENDER', 0, 'x')`)).rejects.toMatchObject({ code: 'AS154' });
  });

  let proofBefore: { bundle: string };
  let attackBefore: string;

  it('[control] is read by who has key store and key-encryption key, as long as it is not erased', async () => {
    await integrated();
    proofBefore = (await auditor.ok<{ prediction: { bundle: string } }>(BUNDLE, { id: predictions[0] })).prediction;
    before = await dump(database);
    const all = await loot([before]);
    const { keys, tried } = keysFound(all, customerId, [keyEncryptionKey]);
    expect(keys.length).toBeGreaterThan(0);
    const { ciphertexts, plaintexts } = opened(all.values, customerId, keys);
    const seen = foundIn(Buffer.concat(plaintexts), needlesOf());
    attackBefore = `before: ${ciphertexts} ciphertexts, ${plaintexts.length} opened, ${seen.length} needles read (${tried} places tried for wrapped keys)`;
    expect(plaintexts.length).toBeGreaterThanOrEqual(ciphertexts);
    for (const needle of [PERSON.name, PERSON.nationalId, PERSON.birthDate, String(INCOME), String(TRIED_INCOME), GROUNDS, HOLD]) expect([needle, seen.some((one) => one.equals(Buffer.from(needle)))]).toEqual([needle, true]);
  });

  it('is erased by two, at once, for good: key, index, history; the erasure is an entry of the log', async () => {
    const { eraseCustomer: { proposal } } = await officer.ok<{ eraseCustomer: { proposal: { id: string; reason: string } } }>(ERASE, { input: { customerId: loan.customer.id, basis: 'REQUEST_OF_THE_PERSON' } });
    expect((await officer.refusal(CONFIRM, { input: { proposalId: proposal.id, comment: 'Myself.' } })).extensions.rule).toBe('SECOND_PERSON');
    const { confirmProposal } = await second.ok<{ confirmProposal: { proposal: { state: string; comment: string } } }>(CONFIRM, { input: { proposalId: proposal.id, comment: `Ms ${PERSON.name} asked for it.` } });
    expect(confirmProposal.proposal).toMatchObject({ state: 'CONFIRMED', comment: expect.stringContaining('is not kept') as unknown });
    const erased = await standing();
    expect(erased).toMatchObject({ erased: true, displayName: 'erased', retention: { state: 'SHREDDED' } });
    expect(erased.retention.legalHolds).toMatchObject([{ reason: null, liftReason: null }]);
    expect(await app.leaves({ type: 'CUSTOMER_ERASED' })).toMatchObject([{ id: customerId, customer: customerId, basis: 'REQUEST_OF_THE_PERSON' }]);
    expect((await officer.ok<{ customers: { edges: unknown[] } }>(FIND, { filter: { nationalId: PERSON.nationalId } })).customers.edges).toEqual([]);
    expect(await app.sql('SELECT FROM customer_identifiers WHERE customer_id = $1', [customerId])).toEqual([]);
    expect(await eraseRefused('ERASED_FOR_GOOD')).toContain('destroyed already');
  });

  it('leaves what is pseudonymous: prediction, proofs that verify, counts', async () => {
    const { prediction } = await auditor.ok<{ prediction: { bundle: string; pd: number; reasons: unknown } }>(BUNDLE, { id: predictions[0] });
    expect(prediction.pd).toBeGreaterThan(0);
    const key = await (await auditor.send('/log/key')).text();
    for (const bundle of [proofBefore.bundle, prediction.bundle]) expect(verifyPrediction(readBundle(bundle), [key.trim()]).length).toBeGreaterThan(5);
    await integrated();
    expect(await verifyLog(app.runtime.db)).toMatchObject({ problems: [] });
    const folder = join(app.runtime.config.home, 'evidence');
    expect(await run(['evidence', '--customer', loan.customer.id, '--out', folder], { env: envOf(app) })).toMatchObject({ code: 0 });
    const { checks } = await verifyFolder(folder, { keys: [key.trim()] });
    expect(checks.find(({ name }) => name === 'erased')).toEqual({ name: 'erased', proven: true, says: expect.stringMatching(/^\d+ of them come without what went in and came out: their customers were erased, as the log says/) });
    const { customers } = await auditor.ok<{ customers: { totalCount: number } }>('{ customers(first: 1) { totalCount } }');
    expect(customers.totalCount).toBeGreaterThanOrEqual(600);
  });

  it('is read by nobody who has dump, WAL, logs, an old backup, the key store as it is and the key-encryption key', async () => {
    const after = await dump(database);
    const all = await loot([before, after]);
    const bytes = [...all.material.values()].reduce((sum, one) => sum + one.length, 0);
    const needles = needlesOf();
    const told = [...all.material].flatMap(([name, piece]) => foundIn(piece, needles).map((needle) => `${name}: ${needle.toString()}`));
    const { keys, tried } = keysFound(all, customerId, [keyEncryptionKey]);
    const candidates = [keyEncryptionKey, ...keys, ...all.values.filter((value) => value.bytes.length === 32).slice(0, 200).map((value) => value.bytes)];
    const { ciphertexts, tries, plaintexts } = opened(all.values, customerId, candidates);
    process.stderr.write(`attacker, ${attackBefore}\nattacker, after: ${bytes.toLocaleString('en')} bytes (${all.material.size} files: WAL, dumps, logs, key store) searched for ${needles.length} forms, ${told.length} found; ${tried} places tried for wrapped keys, ${keys.length} found; ${ciphertexts} ciphertexts × ${candidates.length} keys = ${tries} tries, ${plaintexts.length} opened\n`);
    expect([told, keys.length, plaintexts.length]).toEqual([[], 0, 0]);
    expect(ciphertexts).toBeGreaterThanOrEqual(10);
    expect(Buffer.concat(logs).length).toBeGreaterThan(100);
    // The search held up the server, which is in this process, for longer than a connection waits.
    await portal.query('{ me { name } }').catch(() => undefined);
  });

  it('is recorded of nobody who was erased: not by a request, not by an import, not by plain SQL', async () => {
    expect((await portal.refusal('mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', { input: { id: loan.customer.id, attributes: [] } })).message).toContain('was erased');
    await expect(app.runtime.db.transaction((tx) => tx.query('INSERT INTO customer_facts (customer_id, id, effective_at, recorded_by) VALUES ($1, gen_random_uuid(), now(), $1)', [customerId]))).rejects.toMatchObject({ code: 'AS153' });
    await expect(app.runtime.db.transaction((tx) => tx.query(`INSERT INTO legal_holds (customer_id, id, reason, placed_by) SELECT $1, gen_random_uuid(), 'x', id FROM users LIMIT 1`, [customerId]))).rejects.toMatchObject({ code: 'AS153' });
  });

  describe('whatever crashes', () => {
    let other: BookLoan;
    let otherId: string;
    const silent = { error: () => undefined, warn: () => undefined } as never;

    const fresh = async (name: string): Promise<void> => {
      other = await createLoan(portal, name, { customer: { identity: [{ name: 'name', value: 'Someone Else' }, { name: 'email', value: `${name}@example.org` }] } });
      await portal.ok('mutation ($input: UpdateLoanInput!) { updateLoan(input: $input) { loan { id } } }', { input: { id: other.id, status: 'CLOSED' } });
      otherId = decodeGlobalId(other.customer.id).id;
    };

    /** Decides the erasure as the confirmation does, and does no more: the process has died. */
    const decided = async (): Promise<void> => {
      const { eraseCustomer: { proposal } } = await officer.ok<{ eraseCustomer: { proposal: { id: string } } }>(ERASE, { input: { customerId: other.customer.id, basis: 'RETENTION_OVER' } });
      await asSuperuser(database, async (client) => {
        await client.query(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) SELECT $1, (SELECT id FROM users WHERE subject = 'piet'), 'CONFIRMED', '.'`, [decodeGlobalId(proposal.id).id]);
        await client.query(`INSERT INTO erasures (customer_id, id, basis, proposal_id, ordered_by) SELECT $1, gen_random_uuid(), 'RETENTION_OVER', p.id, p.proposed_by FROM proposals p WHERE p.id = $2`, [otherId, decodeGlobalId(proposal.id).id]);
      });
    };

    const events = async (): Promise<number> => (await app.leaves({ type: 'CUSTOMER_ERASED', id: otherId })).length;

    it.each([['before the key is destroyed', false], ['between key and event', true]])('%s: what was decided is finished once, by several servers at once', async (name, keyGone) => {
      await fresh(`crash-${String(keyGone)}`);
      await decided();
      if (keyGone) await app.runtime.keys.destroy(otherId);
      const servers = [1, 2, 3].map(() => new Erasures(app.runtime.db, app.runtime.keys, silent));
      const ended = await Promise.all(servers.map((one) => one.finish()));
      // The two servers of this suite look as well.
      expect(ended.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(1);
      expect([await events(), await app.runtime.keys.keysOf([otherId])]).toEqual([1, [undefined]]);
      expect([name, await app.sql('SELECT FROM erasure_ends WHERE customer_id = $1', [otherId])]).toEqual([name, [expect.anything()]]);
    });

    it('and a key store that is away: it is tried again', async () => {
      await fresh('crash-away');
      // Before it is decided: the servers of this suite finish it as well.
      await app.sql(`INSERT INTO idempotency (principal_id, request_id, operation, body_hash, result, recorded_at) SELECT gen_random_uuid(), id, 'o', sha256('plain'), jsonb_build_object('customer', id), '2020-01-01' FROM unnest($1::text[]) AS of(id)`, [[otherId, customerId]]);
      await decided();
      const away = { destroyAll: () => Promise.reject(new Error('away')), forget: () => undefined, store: { getAll: async () => [] } } as unknown as KeyRing;
      await expect(new Erasures(app.runtime.db, away, silent).finish()).rejects.toThrow('away');
      await new Erasures(app.runtime.db, app.runtime.keys, silent).finish();
      expect(await events()).toBe(1);
      // Of a request of an earlier release it is not kept what was asked; of others it is.
      const plain = await app.sql<{ id: string; kept: boolean }>(`SELECT request_id AS id, body_hash = sha256('plain') AS kept FROM idempotency WHERE operation = 'o'`);
      expect(new Map(plain.map(({ id, kept }) => [id, kept]))).toEqual(new Map([[otherId, false], [customerId, true]]));
    });

    it('and a key store that comes back from a backup: its keys are destroyed again', async () => {
      const { store } = app.runtime.keys;
      await store.putAll([{ customerId: otherId, wrapped: Buffer.concat([Buffer.from([1, 0, 1]), Buffer.alloc(60, 5)]) }]);
      expect(await new Erasures(app.runtime.db, app.runtime.keys, silent).reconcile()).toBe(1);
      expect(await store.get(otherId)).toBeUndefined();
    });

    it('and a database that comes back from a backup: it finds no key', async () => {
      await asSuperuser(database, async (client) => {
        await client.query(`BEGIN; SET LOCAL session_replication_role = 'replica'`);
        await client.query('DELETE FROM erasure_ends WHERE customer_id = $1', [customerId]);
        await client.query('DELETE FROM erasures WHERE customer_id = $1', [customerId]);
        await client.query(`INSERT INTO customer_identifiers (customer_id, kind, key_version, digest) VALUES ($1, 'EMAIL', 1, sha256('old'))`, [customerId]);
        await client.query('COMMIT');
      });
      expect(await standing()).toMatchObject({ erased: true, displayName: 'erased', retention: { state: 'DUE' } });
      const [{ others }] = (await app.sql<{ others: number }>('SELECT count(*)::int AS others FROM customer_identifiers WHERE customer_id <> $1', [customerId])) as [{ others: number }];
      expect(await new Erasures(app.runtime.db, app.runtime.keys, silent).forgetKeyless()).toBe(1);
      expect(await app.sql('SELECT count(*)::int AS others FROM customer_identifiers')).toEqual([{ others }]);
    });
  });

  it('is told by assay retention and assay keys, which rotate while this server works', async () => {
    const retention = await run(['retention', '--json'], { env: envOf(app) });
    expect([retention.code, JSON.parse(retention.stdout)]).toMatchObject([0, { states: expect.arrayContaining([expect.objectContaining({ state: 'SHREDDED' })]) as unknown }]);
    // What the log cannot be told of is not begun.
    const kek = (): Promise<string> => readFile(app.runtime.config.keyEncryptionKeyFile, 'utf8');
    const unchanged = await kek();
    await app.sql('REVOKE INSERT ON audit_intake FROM assay_app');
    const untold = await run(['keys', 'rotate', '--key-encryption-key'], { env: envOf(app) });
    await app.sql('GRANT INSERT ON audit_intake TO assay_app');
    expect([untold.code, await kek()]).toEqual([1, unchanged]);
    const rotated = await run(['keys', 'rotate', '--key-encryption-key', '--json'], { env: envOf(app) });
    expect([rotated.code, rotated.stderr]).toEqual([0, expect.stringContaining('version 2')]);
    const customers = (await app.sql<{ id: string }>('SELECT id FROM customers')).map(({ id }) => id);
    app.runtime.keys.forget(customers);
    expect((await app.runtime.keys.keysOf(customers)).filter((key) => key === undefined)).toHaveLength(4);
    const scored = await scoreLoan(portal, { loanId: (await someLoans(app, 2))[1]!.id });
    expect(scored.status).toBe('SCORED');
    const index = await run(['keys', 'rotate', '--index-key', '--no-wait'], { env: envOf(app) });
    expect([index.code, index.stderr]).toEqual([0, expect.stringContaining('index')]);
    const status = await run(['keys', 'status', '--json'], { env: envOf(app) });
    expect(JSON.parse(status.stdout)).toMatchObject({ current: 2, wrappedUnder: { 2: expect.any(Number) as unknown } });
    expect(await run(['keys', 'retire'], { env: envOf(app) })).toMatchObject({ code: 0 });
    expect((await app.leaves()).filter(({ type, act }) => String(type).startsWith('KEYS_') && type !== 'KEYS_BACKED_UP' && act !== 'BACKUP')).toMatchObject([
      { type: 'KEYS_ACT_BEGUN', act: 'ROTATION', keys: 'KEY_ENCRYPTION_KEY' }, { type: 'KEYS_ROTATED', keys: 'KEY_ENCRYPTION_KEY', version: 2 },
      { type: 'KEYS_ACT_BEGUN', act: 'ROTATION', keys: 'INDEX_KEY' }, { type: 'KEYS_ROTATED', keys: 'INDEX_KEY', version: 2 },
      { type: 'KEYS_ACT_BEGUN', act: 'RETIREMENT', keys: 'KEY_ENCRYPTION_KEY' }, { type: 'KEYS_RETIRED', versions: [1] },
    ]);
    expect(encodeGlobalId({ type: 'Customer', id: customerId })).toBe(loan.customer.id);
  });
});
