import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY, decodeGlobalId } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, SCORE_LOAN } from '../support/builders.js';
import { run } from '../support/cli.js';
import type { TestClient, ToldError } from '../support/client.js';
import { APPROVE, ballot, deploySmallModel, registerSmallModel, registerSmallVersion, submit, type SmallModel } from '../support/small-version.js';

const UPDATE = 'mutation ($input: UpdateModelInput!) { updateModel(input: $input) { model { permittedUse limits owner { name } } } }';
const REVIEW = 'mutation ($input: ReviewModelInput!) { reviewModel(input: $input) { model { nextReviewAt reviewOverdue reviews { outcome comment by { name } } } } }';
const TIER = 'mutation ($input: ChangeTierInput!) { changeTier(input: $input) { proposal { id text } } }';
const CONFIRM = 'mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { __typename } }';

const days = (count: number): string => new Date(Date.now() + count * DAY).toISOString();
const ruleOf = ({ extensions }: ToldError): string | undefined => (extensions as { rule?: string }).rule;

interface ModelTold {
  readonly model: { readonly nextReviewAt: string; readonly alerts: readonly { readonly code: string }[]; readonly tier: string; readonly factsHistory: readonly object[]; readonly tierChanges: readonly object[] };
}

interface PolicyText {
  readonly overdueReview: 'ALERT' | 'REFER';
  readonly tiers: Readonly<Record<string, { readonly reviewMonths: number }>>;
}

const every = (reviewMonths: number) => (policy: PolicyText): PolicyText => ({ ...policy, tiers: { ...policy.tiers, MEDIUM: { ...policy.tiers['MEDIUM']!, reviewMonths } } });

const by = (name: string, said: object): object => ({ owner: { name: 'Mona Model-Owner' }, by: { name }, ...said });

describe('the inventory', () => {
  let app: TestApp;
  let [owner, validator, admin, second, auditor]: TestClient[] = [];
  let model: SmallModel;
  beforeAll(async () => {
    app = await openTestApp();
    [owner, validator, admin, second, auditor] = await Promise.all((['owner', 'validator', 'admin', 'secondAdmin', 'auditor'] as const).map((name) => app.as(name)));
    model = await registerSmallModel(app, 'listed-loan');
  });
  afterAll(() => app.close());

  const told = async (): Promise<ModelTold['model']> =>
    (await auditor!.ok<ModelTold>('query ($id: ID!) { model(id: $id) { tier nextReviewAt alerts { code } factsHistory { permittedUse limits reason owner { name } by { name } } tierChanges { from to reason proposedBy { name } confirmedBy { name } } } }', { id: model.modelId })).model;
  const reviewIn = (count: number): Promise<unknown> => app.sql(`UPDATE models SET next_review_at = now() + $2 * interval '1 day' WHERE id = $1`, [decodeGlobalId(model.modelId).id, count]);
  const codes = async (): Promise<string[]> => (await told()).alerts.map(({ code }) => code);

  const dueIn = async ({ modelId }: SmallModel): Promise<number> => {
    const { model: { nextReviewAt } } = await auditor!.ok<{ model: { nextReviewAt: string } }>('query ($id: ID!) { model(id: $id) { nextReviewAt } }', { id: modelId });
    return Math.round((new Date(nextReviewAt).getTime() - Date.now()) / (30.4 * DAY));
  };

  const changePolicy = async (change: (policy: PolicyText) => PolicyText): Promise<void> => {
    const { governancePolicy } = await admin!.ok<{ governancePolicy: { canonical: string } }>('{ governancePolicy { canonical } }');
    const policy = JSON.stringify(change(JSON.parse(governancePolicy.canonical) as PolicyText));
    const { proposeGovernancePolicy } = await admin!.ok<{ proposeGovernancePolicy: { proposal: { id: string } } }>('mutation ($input: ProposeGovernancePolicyInput!) { proposeGovernancePolicy(input: $input) { proposal { id } } }', { input: { policy, reason: 'No review, no decision.' } });
    await second!.ok(CONFIRM, { input: { proposalId: proposeGovernancePolicy.proposal.id, comment: 'Agreed.' } });
  };

  it('says of a model what it may be used for and within which limits, what it said before, and who changed it', async () => {
    expect(await codes()).toEqual(['NO_PERMITTED_USE']);
    const input = { modelId: model.modelId, permittedUse: 'Loans up to 10,000 euros.', limits: 'Not for companies.', reason: 'Asked by the examiner.' };
    expect(await owner!.ok(UPDATE, { input })).toEqual({ updateModel: { model: { permittedUse: input.permittedUse, limits: input.limits, owner: { name: 'Mona Model-Owner' } } } });
    await admin!.ok(UPDATE, { input: { modelId: model.modelId, limits: 'Not for companies, nor abroad.', reason: 'Wider.' } });
    const { factsHistory } = await told();
    expect(factsHistory).toEqual([
      by('Mona Model-Owner', { permittedUse: null, limits: null, reason: 'Registered.' }),
      by('Mona Model-Owner', { permittedUse: input.permittedUse, limits: input.limits, reason: input.reason }),
      by('Ada Admin', { permittedUse: input.permittedUse, limits: 'Not for companies, nor abroad.', reason: 'Wider.' }),
    ]);
    expect(await codes()).toEqual([]);
    expect(await app.leaves({ type: 'MODEL_UPDATED' })).toHaveLength(2);
  });

  it('is changed by the owner of the model or an admin, for whom another owner must hold the role', async () => {
    const stranger = await app.as({ subject: 'ole', name: 'Ole Other-Owner', roles: ['MODEL_OWNER'] });
    const { me } = await stranger.ok<{ me: { id: string } }>('{ me { id } }');
    const change = (ownerId?: string): { input: object } => ({ input: { modelId: model.modelId, reason: 'Mine now.', ...(ownerId ? { ownerId } : { limits: 'None.' }) } });
    expect(ruleOf(await stranger.refusal(UPDATE, change()))).toBe('CURRENT_GRANT');
    expect(ruleOf(await admin!.refusal(UPDATE, change(me.id)))).toBe('OWNER_HOLDS_ROLE');
    const accessAdmin = await app.as('accessAdmin');
    await accessAdmin.ok('mutation ($input: GrantRoleInput!) { grantRole(input: $input) { __typename } }', { input: { userId: me.id, role: 'MODEL_OWNER', reason: 'Joins.' } });
    expect(ruleOf(await stranger.refusal(UPDATE, change()))).toBe('MODEL_KEPT_BY_OWNER');
    expect((await admin!.refusal(UPDATE, { input: { modelId: model.modelId, reason: 'Nothing.' } })).message).toContain('Say what changes');
  });

  it('has each model reviewed in time by a validator: the first time from registration, then as far ahead as the policy lets', async () => {
    const months = (new Date((await told()).nextReviewAt).getTime() - Date.now()) / (30.4 * DAY);
    expect(Math.round(months)).toBe(12);
    await reviewIn(20);
    expect(await codes()).toEqual(['REVIEW_DUE_SOON']);
    await reviewIn(-1);
    expect(await codes()).toEqual(['REVIEW_OVERDUE']);
    const review = (nextReviewAt: string): { input: object } => ({ input: { modelId: model.modelId, outcome: 'FIT', comment: 'Looked at a year of predictions.', nextReviewAt } });
    expect(ruleOf(await owner!.refusal(REVIEW, review(days(30))))).toBe('PERMISSION');
    const late = await validator!.refusal(REVIEW, review(days(900)));
    expect([ruleOf(late), late.message]).toEqual(['REVIEW_IN_TIME', expect.stringContaining('tier LOW are reviewed at least every 24 months')]);
    const next = days(300);
    expect(await validator!.ok(REVIEW, review(next))).toEqual({ reviewModel: { model: { nextReviewAt: next, reviewOverdue: false, reviews: [{ outcome: 'FIT', comment: 'Looked at a year of predictions.', by: { name: 'Viktor Validator' } }] } } });
    expect(await codes()).toEqual([]);
    await validator!.ok(REVIEW, { input: { modelId: model.modelId, outcome: 'UNFIT', comment: 'It drifts.', nextReviewAt: next } });
    expect(await codes()).toEqual(['UNFIT']);
    expect((await app.leaves({ type: 'MODEL_REVIEWED' })).map(({ outcome }) => outcome)).toEqual(['FIT', 'UNFIT']);
  });

  it('lists the models by their next review, with what an examiner asks for', async () => {
    await reviewIn(-3);
    const { inventory } = await auditor!.ok<{ inventory: { edges: { node: { name: string; reviewOverdue: boolean } }[] } }>(`query { inventory(filter: { tier: LOW }) { edges { node {
      name owner { name } tier purpose permittedUse limits nextReviewAt reviewOverdue liveVersion { version } findings(open: true) { title } alerts { code text since } } } } }`);
    expect(inventory.edges[0]!.node).toMatchObject({ name: model.name, reviewOverdue: true, permittedUse: 'Loans up to 10,000 euros.', liveVersion: null });
    const overdue = await auditor!.ok<{ inventory: { edges: { node: object }[] } }>('query { inventory(filter: { overdue: true, live: false, product: "listed-loan" }) { edges { node { name } } } }');
    expect(overdue.inventory.edges).toEqual([{ node: { name: model.name } }]);
    expect((await auditor!.ok<{ inventory: { edges: object[] } }>('query { inventory(filter: { overdue: true, live: true }) { edges { node { name } } } }')).inventory.edges).toEqual([]);
  });

  it('is printed as a table or for a spreadsheet by a command', async () => {
    await admin!.ok(UPDATE, { input: { modelId: model.modelId, limits: '=cmd|"none" | abroad', reason: 'A formula, or so it seems.' } });
    const [table, sheet] = await Promise.all(['md', 'csv'].map((format) => run(['inventory', '--overdue', '--format', format, '--url', app.url], { env: { ASSAY_TOKEN: auditor!.token! } })));
    expect(table!.stdout.split('\n')[2]).toMatch(/^\| Small model of listed-loan \| Mona Model-Owner \| LOW \| tests \| listed-loan \| Loans up to 10,000 euros\. \| =cmd\\\|"none" \\\| abroad \| none \|  \| \d{4}-\d\d-\d\d \| REVIEW_OVERDUE, UNFIT \|$/);
    expect(sheet!.stdout.split('\r\n')[1]).toContain(`"Loans up to 10,000 euros.","'=cmd|""none"" | abroad","none",""`);
  });

  it('lets a tier be changed by two admins, and leaves what was submitted before the votes it needed then', async () => {
    const submitted = await registerSmallVersion(app, model);
    await submit(app, submitted.versionId);
    const change = { input: { modelId: model.modelId, tier: 'HIGH', reason: 'It decides more than we thought.' } };
    expect(ruleOf(await owner!.refusal(TIER, change))).toBe('PERMISSION');
    const { changeTier: { proposal } } = await admin!.ok<{ changeTier: { proposal: { id: string } } }>(TIER, change);
    expect(ruleOf(await admin!.refusal(CONFIRM, { input: { proposalId: proposal.id, comment: 'Mine.' } }))).toBe('SECOND_PERSON');
    await second!.ok(CONFIRM, { input: { proposalId: proposal.id, comment: 'Agreed.' } });
    expect(await told()).toMatchObject({ tier: 'HIGH', tierChanges: [{ from: 'HIGH', to: 'LOW' }, { from: 'LOW', to: 'HIGH', proposedBy: { name: 'Ada Admin' }, confirmedBy: { name: 'Amir Admin' } }] });
    expect(ruleOf(await admin!.refusal(TIER, change))).toBe('TIER_CHANGES');
    expect(await app.leaves({ type: 'TIER_CHANGED' })).toMatchObject([{ from: 'HIGH', to: 'LOW' }, { from: 'LOW', to: 'HIGH' }]);
    expect(await admin!.ok(APPROVE, ballot(submitted))).toMatchObject({ approveModelVersion: { modelVersion: { state: 'APPROVED' } } });
    const needs = await registerSmallVersion(app, model);
    await submit(app, needs.versionId);
    const { modelVersion } = await auditor!.ok<{ modelVersion: object }>('query ($id: ID!) { modelVersion(id: $id) { missingVotes { role count } } }', { id: needs.versionId });
    expect(modelVersion).toEqual({ missingVotes: [{ role: 'VALIDATOR', count: 1 }, { role: 'ADMIN', count: 2 }] });
  });

  it('sends decisions of an overdue model to a person where the policy says so', async () => {
    const live = await deploySmallModel(app, 'overdue-loan');
    const [modelRow, versionRow] = [decodeGlobalId(live.modelId).id, decodeGlobalId(live.versionId).id];
    await app.sql(`UPDATE models SET next_review_at = now() - interval '1 day' WHERE id = $1`, [modelRow]);
    const cause = async (): Promise<unknown> => (await app.sql<{ cause: string | null }>('SELECT model_refer_cause($1, $2) AS cause', [modelRow, versionRow]))[0]!.cause;
    expect(await cause()).toBeNull();
    await changePolicy((policy) => ({ ...policy, overdueReview: 'REFER' }));
    expect(await cause()).toBe('REVIEW_OVERDUE');
  });

  it('does not let a model that was found unfit decide, however far ahead its next review lies, until it is reviewed anew', async () => {
    const live = await deploySmallModel(app, 'unfit-loan');
    const [validatorOf, portal] = [validator!, await app.as('portal')];
    await createLoan(portal, 'unfit-1', { loan: { product: 'unfit-loan', principal: '1500' } });
    const review = (outcome: string): Promise<unknown> => validatorOf.ok(REVIEW, { input: { modelId: live.modelId, outcome, comment: 'Looked at a year.', nextReviewAt: days(300) } });
    const decided = async (): Promise<{ decision: string; cause: string; reproduced: boolean }> => {
      // Another server remembers no route yet.
      const replica = await app.openReplica();
      const { scoreLoan: { prediction } } = await portal.at(replica.url).ok<{ scoreLoan: { prediction: { id: string } } }>(SCORE_LOAN, { input: { externalId: 'unfit-1', purpose: 'ORIGINATION', modelId: live.modelId } });
      const { prediction: { record, replay } } = await auditor!.ok<{ prediction: { record: { canonical: string }; replay: { reproduced: boolean } } }>('query ($id: ID!) { prediction(id: $id) { record { canonical } replay { reproduced } } }', { id: prediction.id });
      await replica.close();
      const { outputs: { decision, cause } } = JSON.parse(record.canonical) as { outputs: { decision: string; cause: string } };
      return { decision, cause, reproduced: replay.reproduced };
    };
    const asked = async (): Promise<string[]> => (await admin!.ok<{ me: { tasks: { kind: string; subject: string; text: string }[] } }>('{ me { tasks { kind subject text } } }')).me.tasks.filter(({ subject }) => subject === live.modelId).map(({ kind }) => kind);
    expect((await decided()).decision).toBe('APPROVE');
    await app.sql(`UPDATE models SET next_review_at = now() - interval '1 day' WHERE id = $1`, [decodeGlobalId(live.modelId).id]);
    expect(await decided()).toEqual({ decision: 'REFER', cause: 'REVIEW_OVERDUE', reproduced: true });
    await review('UNFIT');
    expect(await decided()).toEqual({ decision: 'REFER', cause: 'REVIEW_UNFIT', reproduced: true });
    expect(await asked()).toEqual(['MODEL_UNFIT']);
    // Nor where the policy lets what is overdue go on.
    await changePolicy((policy) => ({ ...policy, overdueReview: 'ALERT' }));
    expect((await decided()).cause).toBe('REVIEW_UNFIT');
    const { model: { alerts } } = await auditor!.ok<{ model: { alerts: object[] } }>('query ($id: ID!) { model(id: $id) { alerts { code text } } }', { id: live.modelId });
    expect(alerts).toContainEqual({ code: 'UNFIT', text: expect.stringContaining('decisions are REFER until a VALIDATOR reviews it anew (reviewModel)') });
    await review('FIT_WITH_CONDITIONS');
    expect([(await decided()).decision, await asked()]).toEqual(['APPROVE', []]);
  });

  it('binds the models that are there to a policy that asks for reviews more often, counted from the last review, change of tier or registration', async () => {
    const [registered, reviewed] = [await registerSmallModel(app, 'policy-loan', 'MEDIUM'), await registerSmallModel(app, 'reviewed-loan', 'MEDIUM')];
    await app.sql(`UPDATE models SET recorded_at = now() - interval '5 months', next_review_at = now() + interval '13 months' WHERE id = ANY($1)`, [[registered, reviewed].map(({ modelId }) => decodeGlobalId(modelId).id)]);
    await app.sql(`UPDATE model_tier_changes SET recorded_at = now() - interval '5 months' WHERE model_id = $1`, [decodeGlobalId(registered.modelId).id]);
    await validator!.ok(REVIEW, { input: { modelId: reviewed.modelId, outcome: 'FIT', comment: 'Fit.', nextReviewAt: days(500) } });
    await changePolicy(every(6));
    expect([await dueIn(registered), await dueIn(reviewed)]).toEqual([1, 6]);
    await changePolicy(every(18));
    expect([await dueIn(registered), await dueIn(reviewed)]).toEqual([1, 6]);
  });
});
