import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../../src/app.js';
import type { PersonName } from '../../src/demo/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { APPROVE, approveSmallVersion, ballot, deploy, registerSmallModel, registerSmallVersion, submit, type RegisteredVersion } from '../support/small-version.js';
import { Subscriber } from '../support/subscriber.js';

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  readonly subject: string;
  readonly since: string;
  readonly dueAt: string | null;
  readonly overdue: boolean;
}

const FIELDS = 'id kind text subject since dueAt overdue';

describe('what waits for a person', () => {
  let app: TestApp;
  let replica: App;
  let products = 0;
  beforeAll(async () => {
    app = await openTestApp();
    replica = await app.openReplica();
  });
  afterAll(async () => {
    await replica?.close();
    await app?.close();
  });

  const tasksOf = async (person: PersonName): Promise<Told[]> => (await (await app.as(person)).ok<{ me: { tasks: Told[] } }>(`{ me { tasks { ${FIELDS} } } }`)).me.tasks;
  const waiting = async (versionId: string): Promise<Record<string, string[]>> => {
    const people = ['owner', 'validator', 'admin', 'secondAdmin', 'accessAdmin', 'auditor', 'portal', 'borrower'] as const;
    const found = await Promise.all(people.map(async (person) => [person, (await tasksOf(person)).filter(({ subject }) => subject === versionId).map(({ text }) => text)] as const));
    return Object.fromEntries(found.filter(([, texts]) => texts.length > 0));
  };
  const draft = async (tier: 'HIGH' | 'LOW'): Promise<RegisteredVersion & { readonly name: string }> => {
    const model = await registerSmallModel(app, `tasks-${(products += 1)}`, tier);
    return { name: model.name, ...(await registerSmallVersion(app, model)) };
  };
  const approve = async (person: PersonName, version: RegisteredVersion): Promise<unknown> => (await app.as(person)).ok(APPROVE, ballot(version));
  const validate = async ({ versionId, dossierDigest }: RegisteredVersion): Promise<unknown> =>
    (await app.as('validator')).ok('mutation ($input: ValidateModelVersionInput!) { validateModelVersion(input: $input) { __typename } }', { input: { versionId, verdict: 'FOR', dossierDigest, comment: 'Sound.' } });

  it('is each step of a version in turn, for those alone who may take it', async () => {
    const version = await draft('HIGH');
    const { versionId, name } = version;
    const [vote, asAdmin] = ['VALIDATOR', 'ADMIN'].map((role) => `Vote as ${role} on version 1 of "${name}".`);
    expect(await waiting(versionId)).toEqual({ owner: [`Submit version 1 of "${name}" to its voters.`] });
    await submit(app, versionId);
    expect(await waiting(versionId)).toEqual({ validator: [vote] });
    await validate(version);
    expect(await waiting(versionId)).toEqual({ admin: [asAdmin], secondAdmin: [asAdmin] });
    await approve('admin', version);
    expect(await waiting(versionId)).toEqual({ secondAdmin: [asAdmin] });
    await approve('secondAdmin', version);
    const toDeploy = [`Deploy version 1 of "${name}", which is approved and was never live, before its votes expire.`];
    expect(await waiting(versionId)).toEqual({ admin: toDeploy, secondAdmin: toDeploy });
    await deploy(await app.as('admin'), versionId);
    expect(await waiting(versionId)).toEqual({});
  });

  it('has an id of its own, what it is about, and since when it waits', async () => {
    const { versionId } = await draft('LOW');
    const before = await tasksOf('owner');
    const task = before.find(({ subject }) => subject === versionId);
    expect(task).toMatchObject({ kind: 'SUBMIT', dueAt: null, overdue: false, since: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(await tasksOf('owner')).toEqual(before);
    expect(new Set(before.map(({ id }) => id)).size).toBe(before.length);
    const { node } = await (await app.as('owner')).ok<{ node: { id: string } }>('query ($id: ID!) { node(id: $id) { id } }', { id: versionId });
    expect(node.id).toBe(versionId);
  });

  it('is no vote of a maker, nor of who lacks the grant, or keeps the roles of others', async () => {
    const version = await draft('LOW');
    await submit(app, version.versionId);
    const asks = async (identity: Parameters<TestApp['as']>[0]): Promise<string[]> =>
      (await (await app.as(identity)).ok<{ me: { tasks: Told[] } }>(`{ me { tasks { ${FIELDS} } } }`)).me.tasks.filter(({ subject }) => subject === version.versionId).map(({ kind }) => kind);
    expect(await asks('admin')).toEqual(['VOTE']);
    expect(await asks({ subject: 'ada', name: 'Ada Admin', roles: ['AUDITOR'] })).toEqual([]);
    expect(await asks({ subject: 'ada', name: 'Ada Admin', roles: ['ADMIN', 'ACCESS_ADMIN'] })).toEqual([]);
    expect(await asks({ subject: 'newcomer', name: 'Newcomer', roles: ['ADMIN'] })).toEqual([]);
    await app.sql(`INSERT INTO model_version_contributors (version_id, user_id, part) SELECT v.id, u.id, 'TRAINED' FROM model_versions v, users u
                   WHERE encode(v.dossier_digest, 'hex') = $1 AND v.state = 'SUBMITTED' AND u.subject = 'ada'`, [version.dossierDigest]);
    expect([await asks('admin'), await asks('secondAdmin')]).toEqual([[], ['VOTE']]);
  });

  it('is what a colleague proposed, for whoever may confirm it', async () => {
    const keeper = await app.as('accessAdmin');
    const auditor = await (await app.as('auditor')).ok<{ me: { id: string } }>('{ me { id } }');
    const { grantRole } = await keeper.ok<{ grantRole: { proposal: { id: string } } }>('mutation ($input: GrantRoleInput!) { grantRole(input: $input) { proposal { id } } }', { input: { userId: auditor.me.id, role: 'VALIDATOR', reason: 'test' } });
    const asked = async (person: PersonName) => (await tasksOf(person)).filter(({ subject }) => subject === grantRole.proposal.id);
    expect(await asked('secondAccessAdmin')).toMatchObject([{ kind: 'CONFIRM_PROPOSAL', text: 'Confirm or decline what a colleague proposed: Grants the role VALIDATOR to a person.', overdue: false, dueAt: expect.stringMatching(/Z$/) }]);
    expect([await asked('accessAdmin'), await asked('admin'), await asked('auditor')]).toEqual([[], [], []]);
    await (await app.as('secondAccessAdmin')).ok('mutation ($input: DeclineProposalInput!) { declineProposal(input: $input) { __typename } }', { input: { proposalId: grantRole.proposal.id, comment: 'No.' } });
    expect(await asked('secondAccessAdmin')).toEqual([]);
  });

  it('is read by one statement for each kind, under however many names', async () => {
    const admin = await app.as('admin');
    await admin.ok('{ me { tasks { id } } }');
    const once = await app.statementsOf(() => admin.ok('{ me { tasks { id } } }'));
    const { statements } = await app.statementsOf(() => admin.ok('{ a: me { tasks { id } b: tasks { id } } c: me { tasks { id } } }'));
    expect(statements.sort()).toEqual(once.statements.sort());
    expect(new Set(statements).size).toBe(statements.length);
  });

  it('is told anew when it changed, on whichever replica, and never twice the same', async () => {
    const { versionId } = await draft('LOW');
    const { token } = await app.as('secondAdmin');
    const subscriber = Subscriber.with(replica.url, token);
    const changes = subscriber.follow<{ tasksChanged: Told[] }>(`subscription { tasksChanged { ${FIELDS} } }`);
    const first = (await changes.next()).tasksChanged;
    expect(first).toEqual(await tasksOf('secondAdmin'));
    // What changes nothing for them is not told: the next list has another vote to give.
    await draft('HIGH');
    await submit(app, versionId);
    const second = (await changes.next()).tasksChanged;
    expect(second.filter(({ id }) => !first.some((one) => one.id === id))).toMatchObject([{ kind: 'VOTE', subject: versionId }]);
    await subscriber.end();
  });

  it('changes with the roles that one is granted', async () => {
    await approveSmallVersion(app, await registerSmallModel(app, 'tasks-roles'));
    const subscriber = Subscriber.with(replica.url, (await app.as('secondAdmin')).token);
    const changes = subscriber.follow<{ tasksChanged: Told[] }>(`subscription { tasksChanged { ${FIELDS} } }`);
    expect((await changes.next()).tasksChanged.map(({ kind }) => kind)).toContain('DEPLOY');
    const { me } = await (await app.as('secondAdmin')).ok<{ me: { grants: { id: string; role: string }[] } }>('{ me { grants { id role } } }');
    await (await app.as('accessAdmin')).ok('mutation ($input: EndRoleInput!) { endRole(input: $input) { __typename } }', { input: { grantId: me.grants.find(({ role }) => role === 'ADMIN')!.id } });
    expect((await changes.next()).tasksChanged).toEqual([]);
    await subscriber.end();
  });
});
