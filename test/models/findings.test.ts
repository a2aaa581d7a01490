import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeGlobalId } from '../../src/platform/index.js';
import { FINDING_STEPS } from '../../src/models/findings/lifecycle.js';
import { openTestApp, type TestApp } from '../support/app.js';
import type { TestClient, ToldError } from '../support/client.js';
import { APPROVE, ballot, deploy, registerSmallModel, registerSmallVersion, submit, type RegisteredVersion, type SmallModel } from '../support/small-version.js';

const RAISE = 'mutation ($input: RaiseFindingInput!) { raiseFinding(input: $input) { finding { id state overdue } } }';
const RESOLVE = 'mutation ($input: ResolveFindingInput!) { resolveFinding(input: $input) { finding { state } } }';
const ACCEPT = 'mutation ($input: AcceptResolutionInput!) { acceptResolution(input: $input) { finding { state } } }';
const REASSIGN = 'mutation ($input: ReassignFindingInput!) { reassignFinding(input: $input) { finding { owner { name } dueAt overdue } } }';
const REJECT = 'mutation ($input: RejectResolutionInput!) { rejectResolution(input: $input) { finding { state } } }';

const GRANT = 'mutation ($input: GrantRoleInput!) { grantRole(input: $input) { grant { id } proposal { id } } }';

const later = (): string => new Date(Date.now() + 30 * 86_400_000).toISOString();
const tomorrow = (): string => new Date(Date.now() + 86_400_000).toISOString();
const ruleOf = ({ extensions }: ToldError): string | undefined => (extensions as { rule?: string }).rule;

const idOf = async (client: TestClient): Promise<string> => (await client.ok<{ me: { id: string } }>('{ me { id } }')).me.id;
const resolution = (findingId: string): { input: object } => ({ input: { findingId, outcome: 'REMEDIED', text: 'More loans were held out.', evidence: [] } });
const verdict = (findingId: string): { input: object } => ({ input: { findingId, comment: 'Looked at.' } });

interface Listed {
  readonly findings: { readonly edges: readonly { readonly node: { readonly id: string } }[] };
}

describe('findings', () => {
  let app: TestApp;
  let [owner, validator, admin, auditor]: TestClient[] = [];
  let people: Readonly<Record<'owner' | 'validator' | 'admin', string>>;
  let model: SmallModel;
  let version: RegisteredVersion;
  beforeAll(async () => {
    app = await openTestApp();
    [owner, validator, admin, auditor] = await Promise.all((['owner', 'validator', 'admin', 'auditor'] as const).map((name) => app.as(name)));
    people = { owner: await idOf(owner!), validator: await idOf(validator!), admin: await idOf(admin!) };
    model = await registerSmallModel(app, 'found-loan');
    version = await registerSmallVersion(app, model);
    await submit(app, version.versionId);
  });
  afterAll(() => app.close());

  const finding = (changes: object = {}): { input: object } => ({
    input: { versionId: version.versionId, title: 'Thin hold-out', text: 'Ten loans tell little.', severity: 'HIGH', ownerId: people.owner, dueAt: tomorrow(), evidence: [version.artefact, 'The split.'], ...changes },
  });
  const raise = async (changes?: object): Promise<string> => (await validator!.ok<{ raiseFinding: { finding: { id: string } } }>(RAISE, finding(changes))).raiseFinding.finding.id;
  const listed = async (filter: object): Promise<string[]> =>
    (await auditor!.ok<Listed>('query ($filter: FindingFilterInput) { findings(filter: $filter) { edges { node { id } } } }', { filter })).findings.edges.map(({ node }) => node.id);

  it('have a life that is a table of steps', () => {
    expect(FINDING_STEPS.map(({ act, from, to }) => [act, from, to])).toEqual([
      ['RAISE', null, 'OPEN'], ['REASSIGN', 'OPEN', 'OPEN'], ['RESOLVE', 'OPEN', 'RESOLUTION_PROPOSED'], ['ACCEPT', 'RESOLUTION_PROPOSED', 'CLOSED'], ['REJECT', 'RESOLUTION_PROPOSED', 'OPEN'],
    ]);
  });

  it('are raised by validators alone, for an owner who can resolve them, with a time to come', async () => {
    expect(ruleOf(await auditor!.refusal(RAISE, finding()))).toBe('PERMISSION');
    const { me } = await auditor!.ok<{ me: { id: string } }>('{ me { id } }');
    const refusal = await validator!.refusal(RAISE, finding({ ownerId: me.id }));
    expect([ruleOf(refusal), refusal.message]).toEqual(['FINDING_HAS_OWNER', expect.stringContaining('MODEL_OWNER, VALIDATOR, ADMIN')]);
    expect((await validator!.refusal(RAISE, finding({ dueAt: '2020-01-01T00:00:00Z' }))).message).toContain('dueAt: give a time that is still to come');
    expect((await validator!.refusal(RAISE, finding({ modelId: model.modelId }))).message).toContain('give either versionId or modelId');
  });

  it('of severity HIGH block the approval of the version, and of every version of the model they are about, until they are closed', async () => {
    const [own, whole] = [await raise(), await raise({ versionId: undefined, modelId: model.modelId, title: 'No challenger', severity: 'HIGH' })];
    await raise({ title: 'A typing mistake', severity: 'LOW' });
    const blocked = await admin!.refusal(APPROVE, ballot(version));
    expect([ruleOf(blocked), blocked.message]).toEqual(['GATES_PASS', expect.stringContaining('HIGH findings still open: “Thin hold-out”, “No challenger”')]);
    for (const id of [own, whole]) {
      expect(await owner!.ok(RESOLVE, resolution(id))).toEqual({ resolveFinding: { finding: { state: 'RESOLUTION_PROPOSED' } } });
      expect(ruleOf(await admin!.refusal(APPROVE, ballot(version)))).toBe('GATES_PASS');
      expect(await validator!.ok(ACCEPT, verdict(id))).toEqual({ acceptResolution: { finding: { state: 'CLOSED' } } });
    }
    expect(await admin!.ok(APPROVE, ballot(version))).toMatchObject({ approveModelVersion: { modelVersion: { state: 'APPROVED' } } });
  });

  it('are resolved by their owners, judged by somebody else, sent back, and closed once', async () => {
    const id = await raise({ title: 'Sent back', severity: 'MEDIUM', ownerId: people.validator });
    expect((await owner!.refusal(RESOLVE, resolution(id))).message).toContain('“Sent back” belongs to Viktor Validator, not to Mona Model-Owner. Ask Viktor Validator for resolveFinding.');
    expect(ruleOf(await validator!.refusal(ACCEPT, verdict(id)))).toBe('FINDING_STEPS');
    await validator!.ok(RESOLVE, resolution(id));
    const own = await validator!.refusal(ACCEPT, verdict(id));
    expect([ruleOf(own), own.message]).toEqual(['RESOLUTION_JUDGED_BY_OTHERS', expect.stringContaining('Viktor Validator owns “Sent back” and cannot judge its resolution')]);
    const other = await raise({ title: 'Once more', severity: 'MEDIUM' });
    await owner!.ok(RESOLVE, resolution(other));
    expect(ruleOf(await owner!.refusal(RESOLVE, resolution(other)))).toBe('FINDING_STEPS');
    expect(await validator!.ok(REJECT, verdict(other))).toEqual({ rejectResolution: { finding: { state: 'OPEN' } } });
    await owner!.ok(RESOLVE, resolution(other));
    await validator!.ok(ACCEPT, verdict(other));
    expect(ruleOf(await owner!.refusal(RESOLVE, resolution(other)))).toBe('FINDING_STEPS');
    const told = await auditor!.ok<{ finding: object }>('query ($id: ID!) { finding(id: $id) { title owner { name } raisedBy { name } version { id } model { id } resolutions { outcome verdict comment proposedBy { name } decidedBy { name } } } }', { id: other });
    const judged = { outcome: 'REMEDIED', comment: 'Looked at.', proposedBy: { name: 'Mona Model-Owner' }, decidedBy: { name: 'Viktor Validator' } };
    expect(told.finding).toEqual({
      title: 'Once more', owner: { name: 'Mona Model-Owner' }, raisedBy: { name: 'Viktor Validator' }, version: { id: version.versionId }, model: { id: model.modelId },
      resolutions: [{ ...judged, verdict: 'REJECTED' }, { ...judged, verdict: 'ACCEPTED' }],
    });
    const events = ['FINDING_RAISED', 'FINDING_RESOLVED', 'RESOLUTION_REJECTED', 'FINDING_RESOLVED', 'RESOLUTION_ACCEPTED'];
    expect((await app.leaves({ id: decodeGlobalId(other).id })).map(({ type }) => type).filter((type) => type !== 'ACT_REFUSED')).toEqual(events);
  });

  it('change hands where their owner cannot resolve them any more, by a validator who has no part in them, and say from whom and why', async () => {
    const [ole, keeper, second] = await Promise.all([app.as({ subject: 'ole', name: 'Ole Other-Owner', roles: ['MODEL_OWNER'] }), app.as('accessAdmin'), app.as({ subject: 'vito', name: 'Vito Validator', roles: ['VALIDATOR'] })]);
    const [oles, vitos] = [await idOf(ole), await idOf(second)];
    const { grantRole } = await keeper.ok<{ grantRole: { grant: { id: string } } }>(GRANT, { input: { userId: oles, role: 'MODEL_OWNER', reason: 'Joins.' } });
    const id = await raise({ versionId: undefined, modelId: model.modelId, title: 'Left behind', ownerId: oles, dueAt: tomorrow() });
    const asked = async (client: TestClient): Promise<string[]> =>
      (await client.ok<{ me: { tasks: { kind: string; text: string; subject: string }[] } }>('{ me { tasks { kind text subject } } }')).me.tasks.filter(({ subject }) => subject === id).map(({ kind }) => kind);
    expect([await asked(ole), await asked(validator!)]).toEqual([['FINDING_TO_RESOLVE'], []]);
    await keeper.ok('mutation ($input: EndRoleInput!) { endRole(input: $input) { __typename } }', { input: { grantId: grantRole.grant.id } });
    expect([await asked(ole), await asked(validator!), await asked(admin!)]).toEqual([[], ['FINDING_TO_REASSIGN'], []]);
    const hand = (ownerId: string, dueAt = later()): { input: object } => ({ input: { findingId: id, ownerId, dueAt, reason: 'Ole has left.' } });
    expect(ruleOf(await owner!.refusal(REASSIGN, hand(people.owner)))).toBe('PERMISSION');
    expect(ruleOf(await validator!.refusal(REASSIGN, hand(oles)))).toBe('FINDING_HAS_OWNER');
    expect((await validator!.refusal(REASSIGN, hand(people.owner, '2020-01-01T00:00:00Z'))).message).toContain('dueAt: give a time that is still to come');
    const dueAt = later();
    expect(await validator!.ok(REASSIGN, hand(people.validator, dueAt))).toEqual({ reassignFinding: { finding: { owner: { name: 'Viktor Validator' }, dueAt, overdue: false } } });
    expect([await asked(validator!), await listed({ ownerId: oles })]).toEqual([['FINDING_TO_RESOLVE'], []]);
    const own = await validator!.refusal(REASSIGN, hand(people.owner));
    expect([ruleOf(own), own.message]).toEqual(['REASSIGNED_BY_OTHERS', expect.stringContaining('owns “Left behind” and can give it neither another owner nor more time')]);
    const plain = (by: string): Promise<unknown> => app.runtime.db.transaction((tx) => tx.query(`INSERT INTO finding_reassignments (id, finding_id, from_owner, to_owner, due_before, due_at, reason, by_user)
      VALUES (gen_random_uuid(), $1, $2, $2, now(), now() + interval '9 days', 'More time.', $3)`, [id, people.owner, by].map((one) => decodeGlobalId(one).id)));
    await expect(plain(people.validator)).rejects.toMatchObject({ code: 'AS062' });
    await expect(plain(people.owner)).rejects.toMatchObject({ code: 'AS062' });
    const joins = await keeper.ok<{ grantRole: { proposal: { id: string } } }>(GRANT, { input: { userId: vitos, role: 'VALIDATOR', reason: 'Joins.' } });
    await (await app.as('secondAccessAdmin')).ok('mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { __typename } }', { input: { proposalId: joins.grantRole.proposal.id, comment: 'Agreed.' } });
    expect((await second.refusal(REASSIGN, hand(people.validator, dueAt))).message).toContain('Say what changes');
    await second.ok(REASSIGN, hand(people.owner));
    await owner!.ok(RESOLVE, resolution(id));
    expect(ruleOf(await second.refusal(REASSIGN, hand(people.validator)))).toBe('FINDING_STEPS');
    await validator!.ok(ACCEPT, verdict(id));
    const told = await auditor!.ok<{ finding: { reassignments: object[] } }>('query ($id: ID!) { finding(id: $id) { owner { name } reassignments { from { name } to { name } by { name } reason dueBefore dueAt at } } }', { id });
    expect(told.finding).toMatchObject({ owner: { name: 'Mona Model-Owner' }, reassignments: [
      { from: { name: 'Ole Other-Owner' }, to: { name: 'Viktor Validator' }, by: { name: 'Viktor Validator' }, reason: 'Ole has left.', dueAt },
      { from: { name: 'Viktor Validator' }, to: { name: 'Mona Model-Owner' }, by: { name: 'Vito Validator' }, dueBefore: dueAt },
    ] });
    const [event] = await app.leaves({ type: 'FINDING_REASSIGNED' });
    expect(event).toMatchObject({ id: decodeGlobalId(id).id, model: decodeGlobalId(model.modelId).id, version: null, from: decodeGlobalId(oles).id, to: decodeGlobalId(people.validator).id, due: dueAt });
  });

  it('are listed by what they are about, whose they are, how grave and whether open or overdue', async () => {
    const id = await raise({ title: 'Late', severity: 'HIGH' });
    await app.sql(`UPDATE findings SET recorded_at = now() - interval '9 days', due_at = now() - interval '1 day' WHERE id = $1`, [decodeGlobalId(id).id]);
    expect(await listed({ versionId: version.versionId, severity: 'HIGH', open: true })).toEqual([id]);
    expect(await listed({ modelId: model.modelId, overdue: true })).toEqual([id]);
    expect(await listed({ ownerId: people.owner, overdue: true, open: false })).toEqual([]);
    expect((await listed({ modelId: model.modelId, open: false })).length).toBe(4);
    const own = await auditor!.ok<{ modelVersion: { findings: { title: string }[]; model: { findings: object[] } } }>(
      'query ($id: ID!) { modelVersion(id: $id) { findings(open: true) { title } model { findings { title } } } }', { id: version.versionId });
    expect(own.modelVersion.findings.map(({ title }) => title)).toEqual(['A typing mistake', 'Sent back', 'Late']);
    expect(own.modelVersion.model.findings).toHaveLength(7);
  });

  it('are an alert where they are overdue, or HIGH on what decides', async () => {
    const [late] = await listed({ versionId: version.versionId, severity: 'HIGH', open: true });
    const refused = await admin!.refusal('mutation ($input: DeployModelVersionInput!) { deployModelVersion(input: $input) { __typename } }', { input: { versionId: version.versionId, reason: 'First.' } });
    expect([ruleOf(refused), refused.message]).toEqual(['NO_HIGH_FINDING', expect.stringContaining('“Late”')]);
    await app.sql(`UPDATE findings SET severity = 'LOW' WHERE id = $1`, [decodeGlobalId(late!).id]);
    await deploy(admin!, version.versionId);
    await app.sql(`UPDATE findings SET severity = 'HIGH' WHERE id = $1`, [decodeGlobalId(late!).id]);
    const { model: { alerts } } = await auditor!.ok<{ model: { alerts: { code: string; text: string }[] } }>('query ($id: ID!) { model(id: $id) { alerts { code text } } }', { id: model.modelId });
    expect(alerts).toEqual(expect.arrayContaining([{ code: 'FINDING_OVERDUE', text: 'The finding “Late” is overdue.' }, { code: 'HIGH_FINDING_LIVE', text: 'The HIGH finding “Late” is open on a version that decides.' }]));
  });
});
