import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PEOPLE, type PersonName } from '../../src/demo/index.js';
import { encodeGlobalId } from '../../src/platform/index.js';
import { printAssaySchema } from '../../src/schema.js';
import { ROLES } from '../../src/security/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { operationsOf, type Ids, type Operation } from './operations.js';

const SELF = ['me', 'node', 'proposal', 'proposals', 'confirmProposal', 'declineProposal', 'auditCheckpoint', 'consistencyProof'];
const BOOK = ['customer', 'customers', 'loan', 'loans'];
const PREDICTIONS = ['prediction', 'predictions', 'job'];
const MODELS = ['model', 'models', 'modelVersion', 'modelVersions', 'governancePolicy', 'governancePolicies', 'inventory', 'finding', 'findings'];
const RECORD = ['createCustomer', 'updateCustomer', 'createLoan', 'updateLoan', 'recordRepayments'];
const RETENTION = ['retentionRules', 'retentionSummary', 'dueForErasure'];
const TELL = ['requestReview', 'recordCounteroffer', 'recordCounterofferAccepted', 'recordNoticeSent'];
const SCORE = ['scoreLoan', 'scoreLoans', 'simulateLoan'];

/** What each role may call; everything else is forbidden to it. */
const LIVE = ['endDeployment', 'rollbackModel', 'retireModelVersion', 'suspendModel', 'suspendVersion', 'resumeModel', 'resumeVersion'];
const MAY: Readonly<Record<keyof typeof ROLES, readonly string[]>> = {
  PORTAL: [...SELF, ...BOOK, ...PREDICTIONS, ...RECORD, ...SCORE, ...TELL],
  UNDERWRITER: [...SELF, ...BOOK, ...PREDICTIONS, ...RECORD, ...SCORE, ...TELL, ...MODELS, 'overrideDecision', 'resolveReview', 'decisionReviews'],
  OPERATOR: [...SELF, ...BOOK, ...RECORD, 'recordOutcome', 'importLoans'],
  MODEL_OWNER: [...SELF, ...MODELS, 'registerModel', 'registerModelVersion', 'editModelVersion', 'submitModelVersion', 'withdrawModelVersion', 'updateModel', 'previewGates', 'resolveFinding'],
  VALIDATOR: [...SELF, ...BOOK, ...PREDICTIONS, ...MODELS, 'validateModelVersion', 'simulateLoan', 'previewGates', 'waiveGate', 'raiseFinding', 'reassignFinding', 'resolveFinding', 'acceptResolution', 'rejectResolution', 'reviewModel'],
  ADMIN: [...SELF, ...BOOK, ...PREDICTIONS, ...MODELS, 'approveModelVersion', 'rejectModelVersion', 'deployModelVersion', ...LIVE, 'proposeGovernancePolicy', 'changeTier', 'updateModel', 'previewGates', 'waiveGate', 'resolveFinding'],
  ACCESS_ADMIN: [...SELF, 'users', 'grantRole', 'endRole'],
  AUDITOR: [...SELF, ...BOOK, ...PREDICTIONS, ...MODELS, 'decisionReviews', 'users', 'auditEvents', 'exportEvidence', 'evidenceExport', 'auditLogState', ...RETENTION],
  PRIVACY_OFFICER: [...SELF, ...BOOK, ...RETENTION, 'placeLegalHold', 'liftLegalHold', 'eraseCustomer', 'changeRetention'],
  RISK_MANAGER: [...SELF, ...BOOK, ...PREDICTIONS, ...MODELS, 'decisionReviews'],
  BORROWER: [...SELF, ...BOOK, ...PREDICTIONS, 'requestReview'],
};

const personOf = (role: string): PersonName => (Object.keys(PEOPLE) as PersonName[]).find((name) => PEOPLE[name].roles.includes(role as never))!;

const NOWHERE = '01900000-0000-7000-8000-000000000000';
const nothing = (type: string): string => encodeGlobalId({ type, id: NOWHERE });

describe('roles', () => {
  let app: TestApp;
  let loan: BookLoan;
  let other: BookLoan;
  let ids: Ids;
  let operations: Operation[];

  beforeAll(async () => {
    app = await openTestApp();
    [loan, other] = (await someLoans(app, 2)) as [BookLoan, BookLoan];
    const { id: prediction } = await scoreLoan(await app.as('portal'), { loanId: loan.id });
    await scoreLoan(await app.as('portal'), { loanId: other.id });
    const { models } = await (await app.as('auditor')).ok<{ models: { edges: { node: { id: string; liveVersion: { id: string } } }[] } }>('{ models { edges { node { id liveVersion { id } } } } }');
    const { id: model, liveVersion } = models.edges[0]!.node;
    ids = {
      customer: loan.customer.id, loan: loan.id, prediction, model, version: liveVersion.id,
      nothing: { Deployment: nothing('Deployment'), Finding: nothing('Finding'), LegalHold: nothing('LegalHold'), Customer: nothing('Customer'), Job: nothing('Job'), Model: nothing('Model'), Proposal: nothing('Proposal'), ModelVersion: nothing('ModelVersion'), RoleGrant: nothing('RoleGrant'), User: nothing('User') },
    };
    operations = operationsOf(ids);
  });
  afterAll(() => app.close());

  const customerOf = async (client: TestClient, fields: string): Promise<Record<string, unknown>> =>
    (await client.ok<{ customer: Record<string, unknown> }>(`query Customer($id: ID!) { customer(id: $id) { ${fields} } }`, { id: loan.customer.id })).customer;

  const seenBy = async (client: TestClient, fields: string): Promise<Record<string, unknown>> =>
    (await client.ok<{ prediction: Record<string, unknown> }>(`query Prediction($id: ID!) { prediction(id: $id) { ${fields} } }`, { id: ids.prediction })).prediction;

  const refusals = (): Promise<{ leaf: Buffer }[]> => app.runtime.db.query(`SELECT leaf FROM audit_intake WHERE type = 'ACT_REFUSED' ORDER BY id`);

  /** Of each operation that left a refusal: what it was called, and on what. */
  const refusalsOf = async (client: TestClient, tried: readonly Operation[]): Promise<Map<string, unknown[]>> => {
    const refused = new Map<string, unknown[]>();
    let seen = (await refusals()).length;
    for (const { name, document, variables } of tried.filter(({ document: text }) => text.startsWith('mutation'))) {
      await client.query(document, variables);
      const [told] = (await refusals()).slice(seen);
      if (!told) continue;
      seen += 1;
      const { rule, act, subject } = JSON.parse(told.leaf.toString()) as Record<string, string>;
      refused.set(name, [rule, act, subject]);
    }
    return refused;
  };

  it('are tried with every operation that there is', async () => {
    const sdl = await printAssaySchema();
    const fields = ['Query', 'Mutation'].flatMap((type) => [...sdl.split(`\ntype ${type} {`)[1]!.split('\n}')[0]!.matchAll(/^ {2}(\w+)(?=[(:])/gm)].map(([, name]) => name!));
    expect(operations.map(({ name }) => name).sort()).toEqual(fields.sort());
  });

  describe.each(Object.keys(ROLES) as (keyof typeof ROLES)[])('%s', (role) => {
    const clientOf = (): Promise<TestClient> => (role === 'BORROWER' ? app.asBorrower(loan.customer.externalId) : app.as(personOf(role)));

    it('may call what it is for, and nothing else', async () => {
      const client = await clientOf();
      const answers = await Promise.all(operations.map(({ document, variables }) => client.query(document, variables)));
      const forbidden = (index: number): boolean => answers[index]!.errors.some(({ extensions }) => extensions.code === 'FORBIDDEN');
      expect(operations.filter((_, index) => !forbidden(index)).map(({ name }) => name).sort()).toEqual([...MAY[role]].sort());
    });

    it('is told the permission that it lacks', async () => {
      const { document, variables } = operations.find(({ name }) => !MAY[role].includes(name))!;
      const { message } = await (await clientOf()).refusal(document, variables);
      expect(message).toMatch(new RegExp(`\\(${role}\\) may not do this\\. It needs the permission [a-z]+:[a-z]+: .+\\.$`));
    });
  });

  describe('personal data', () => {

    it.each(['portal', 'operator', 'validator', 'admin', 'riskManager'] as const)('is masked for the %s', async (person) => {
      const client = await app.as(person);
      expect((await customerOf(client, 'displayName'))['displayName']).toMatch(/^S… C… 0… \(synthetic\)$/);
      const answer = await client.query('query Customer($id: ID!) { customer(id: $id) { identity { value } history { identity { value } } } }', { id: loan.customer.id });
      expect(answer.errors.map(({ extensions }) => extensions.code)).toContain('FORBIDDEN');
      expect(JSON.stringify(answer.data)).not.toContain('value');
    });

    it.each(['underwriter', 'auditor'] as const)('is in the clear for the %s', async (person) => {
      const { displayName, identity } = await customerOf(await app.as(person), 'displayName identity { name value }');
      expect(displayName).toMatch(/^Synthetic Customer \d{5}$/);
      expect(identity).toContainEqual({ name: 'name', value: displayName });
    });

    it('that is protected is for the auditor alone', async () => {
      expect(await customerOf(await app.as('auditor'), 'protectedAttributes { name }')).toEqual({ protectedAttributes: [{ name: 'ageBand' }, { name: 'sex' }] });
      for (const person of ['portal', 'underwriter', 'operator', 'validator', 'admin', 'riskManager'] as const) {
        const { extensions, message } = await (await app.as(person)).refusal('query Customer($id: ID!) { customer(id: $id) { protectedAttributes { name } } }', { id: loan.customer.id });
        expect([extensions.code, message]).toEqual(['FORBIDDEN', expect.stringContaining('customer:protected')]);
      }
    });
  });

  describe('a prediction', () => {

    it.each(['auditor', 'validator', 'admin', 'riskManager'] as const)('is exact for the %s', async (person) => {
      const [{ pd, score_points: points }] = (await app.sql<{ pd: number; score_points: number }>('SELECT pd, score_points FROM predictions WHERE customer_id = $1', [decodeCustomer(loan)])) as [{ pd: number; score_points: number }];
      expect(await seenBy(await app.as(person), 'pd scorePoints')).toEqual({ pd, scorePoints: points });
    });

    it.each(['portal', 'underwriter', 'borrower'] as const)('is coarse for the %s: two digits, tens of points', async (person) => {
      const client = person === 'borrower' ? await app.asBorrower(loan.customer.externalId) : await app.as(person);
      const { pd, scorePoints, reasons } = await seenBy(client, 'pd scorePoints reasons { text }');
      expect(pd).toBe(Number((pd as number).toPrecision(2)));
      expect((scorePoints as number) % 10).toBe(0);
      expect(reasons).toEqual(expect.any(Array));
    });

    it.each(['inputs { value }', 'explanation { logit }', 'record { canonical }', 'replay { reproduced }', 'actor { name }'])('keeps %s to those who may see it in full', async (field) => {
      for (const person of ['portal', 'underwriter'] as const) {
        const { extensions, message } = await (await app.as(person)).refusal(`query Prediction($id: ID!) { prediction(id: $id) { id ${field} } }`, { id: ids.prediction });
        expect([extensions.code, message]).toEqual(['FORBIDDEN', expect.stringContaining('prediction:detail')]);
      }
    });

    it('is as coarse in a risk profile as by itself', async () => {
      const portal = await app.as('portal');
      const { customer } = await portal.ok<{ customer: { riskProfile: { pd: number; scorePoints: number } } }>('query Profile($id: ID!) { customer(id: $id) { riskProfile { pd scorePoints } } }', { id: loan.customer.id });
      expect(customer.riskProfile).toEqual(await seenBy(portal, 'pd scorePoints'));
    });
  });

  it('ACCESS_ADMIN finds nobody and nothing of the business by its id', async () => {
    const keeper = await app.as('accessAdmin');
    for (const id of [ids.customer, ids.loan, ids.prediction, ids.model, ids.version]) {
      const { data } = await keeper.query<{ node: object | null }>('query Node($id: ID!) { node(id: $id) { __typename } }', { id });
      expect(data?.node).toBeNull();
    }
  });

  describe('a refused act', () => {
    it('has one name and one subject, whether the permission is missing or a rule of its service says no', async () => {
      const [nobody, newcomer] = [await app.as({ subject: 'nobody', name: 'Nobody', roles: [] }), await app.as({ subject: 'newcomer', name: 'Newcomer', roles: ['MODEL_OWNER', 'VALIDATOR', 'ADMIN', 'ACCESS_ADMIN', 'UNDERWRITER'] })];
      // On what there is: nobody's grant is current, so nothing happens to it.
      const real = operationsOf({ ...ids, nothing: { ...ids.nothing, Model: ids.model, ModelVersion: ids.version } });
      const [lacking, ungranted] = [await refusalsOf(nobody, real), await refusalsOf(newcomer, real)];
      expect([...lacking.keys()]).toEqual(operations.filter(({ document }) => document.startsWith('mutation')).map(({ name }) => name));
      expect(new Set([...lacking.values()].map(([rule]) => rule))).toEqual(new Set(['PERMISSION']));
      const told = (name: string): unknown[] => lacking.get(name)!.slice(1);
      // A model that is not registered yet, and a policy, have no id to be told by.
      const named = [...ungranted].filter(([, [rule]]) => rule !== 'PERMISSION');
      expect(named.map(([name, [, act, subject]]) => [name, act, ['registerModel', 'proposeGovernancePolicy'].includes(name) ? told(name)[1] : subject])).toEqual(named.map(([name]) => [name, ...told(name)]));
      expect(named.length).toBeGreaterThan(20);
    });

    it('for want of a permission says the rule, what would satisfy it and who can', async () => {
      const { document, variables } = operations.find(({ name }) => name === 'suspendModel')!;
      const { extensions } = await (await app.as('validator')).refusal(document, variables);
      expect(extensions).toMatchObject({ code: 'FORBIDDEN', rule: 'PERMISSION', remedy: expect.stringContaining('ADMIN'), who: 'ADMIN' });
    });
  });
});

const decodeCustomer = ({ customer }: BookLoan): string => Buffer.from(customer.id, 'base64url').toString().split(':')[1]!;
