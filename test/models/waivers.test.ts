import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeGlobalId } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, SCORE_LOAN } from '../support/builders.js';
import type { TestClient, ToldError } from '../support/client.js';
import { APPROVE, ballot, deploy, registerSmallModel, registerSmallVersion, submit, type RegisteredVersion, type SmallModel } from '../support/small-version.js';
import { dossierJson, MEASURED, soundReport } from './support.js';

/** A version whose PDs do not come true, and whose card says nothing of ethics. */
const WEAK = { modelCard: { ...dossierJson.modelCard, ethics: undefined } };
const UNTRUE = soundReport({ evaluation: { measuredOn: 'holdout', metrics: { ...MEASURED, ece: 0.2 }, groups: {} } });

const days = (count: number): string => new Date(Date.now() + count * 86_400_000).toISOString();

const WAIVE = 'mutation ($input: WaiveGateInput!) { waiveGate(input: $input) { proposal { id kind state text } } }';
const CONFIRM = 'mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { proposal { state } } }';
const GATES = 'query ($id: ID!) { modelVersion(id: $id) { state gates { gate verdict measured threshold unit source text waiver { reason proposedBy { name } confirmedBy { name } expiresAt inForce } } gateEvaluations { stage policyVersion by { name } gates { verdict } } waivers { gate reason } } }';

interface GateTold {
  readonly gate: string;
  readonly verdict: string;
  readonly measured: number | null;
  readonly threshold: number | null;
  readonly text: string;
  readonly waiver: object | null;
}
interface VersionTold {
  readonly modelVersion: { readonly state: string; readonly gates: readonly GateTold[]; readonly gateEvaluations: readonly { stage: string; by: { name: string }; gates: object[] }[]; readonly waivers: readonly object[] };
}

const failing = (gates: readonly GateTold[]): string[] => gates.filter(({ verdict }) => verdict === 'FAIL').map(({ gate }) => gate);
const confirm = (by: TestClient, proposalId: string): Promise<unknown> => by.ok(CONFIRM, { input: { proposalId, comment: 'Agreed.' } });
const ruleOf = ({ extensions }: ToldError): string | undefined => (extensions as { rule?: string }).rule;

describe('gates and waivers', () => {
  let app: TestApp;
  let [owner, validator, admin, second, auditor, portal]: TestClient[] = [];
  let model: SmallModel;
  let weak: RegisteredVersion;
  beforeAll(async () => {
    app = await openTestApp();
    [owner, validator, admin, second, auditor, portal] = await Promise.all((['owner', 'validator', 'admin', 'secondAdmin', 'auditor', 'portal'] as const).map((name) => app.as(name)));
    model = await registerSmallModel(app, 'weak-loan');
    weak = await registerSmallVersion(app, model, { report: UNTRUE }, WEAK);
  });
  afterAll(() => app.close());

  const gatesOf = async ({ versionId }: RegisteredVersion): Promise<VersionTold['modelVersion']> => (await auditor!.ok<VersionTold>(GATES, { id: versionId })).modelVersion;
  const waiver = (gate: string, changes: object = {}): { input: object } => ({ input: { versionId: weak.versionId, gate, reason: 'The book is young.', expiresAt: days(30), ...changes } });
  const propose = async (by: TestClient, gate: string, changes?: object): Promise<string> =>
    (await by.ok<{ waiveGate: { proposal: { id: string } } }>(WAIVE, waiver(gate, changes))).waiveGate.proposal.id;

  it('can be tried on a DRAFT, of which nothing is recorded', async () => {
    const { previewGates } = await owner!.ok<{ previewGates: GateTold[] }>('query ($id: ID!) { previewGates(versionId: $id) { gate verdict measured text } }', { id: weak.versionId });
    expect(previewGates).toHaveLength(12);
    expect(failing(previewGates)).toEqual(['CALIBRATION', 'MODEL_CARD']);
    expect(await gatesOf(weak)).toMatchObject({ gates: [], gateEvaluations: [] });
    expect(ruleOf(await auditor!.refusal('query ($id: ID!) { previewGates(versionId: $id) { gate } }', { id: weak.versionId }))).toBe('PERMISSION');
  });

  it('are evaluated at submission, which a failure does not stop', async () => {
    await submit(app, weak.versionId);
    const { state, gates, gateEvaluations } = await gatesOf(weak);
    expect([state, failing(gates)]).toEqual(['SUBMITTED', ['CALIBRATION', 'MODEL_CARD']]);
    expect(gates.find(({ gate }) => gate === 'CALIBRATION')).toMatchObject({ measured: 0.2, threshold: 0.05, unit: 'PD', source: 'report.evaluation.metrics.ece', waiver: null });
    expect(gates.find(({ gate }) => gate === 'LATENCY')).toMatchObject({ verdict: 'PASS', unit: 'ms', source: expect.stringContaining('onnxruntime-node') });
    expect(gateEvaluations).toMatchObject([{ stage: 'SUBMISSION', policyVersion: 1, by: { name: 'Mona Model-Owner' } }]);
    expect(await app.leaves({ type: 'GATES_EVALUATED' })).toContainEqual(expect.objectContaining({ version: decodeGlobalId(weak.versionId).id, stage: 'SUBMISSION', failed: 2, waived: 0, results: expect.stringMatching(/^[0-9a-f]{64}$/) }));
  });

  it('refuse a vote while one fails, naming each with figure and limit, what would satisfy it, and who can waive; the evaluation is kept', async () => {
    const refusal = await admin!.refusal(APPROVE, ballot(weak));
    expect(refusal).toMatchObject({ extensions: { code: 'REFUSED', rule: 'GATES_PASS', who: expect.stringContaining('VALIDATOR or ADMIN, with a waiver') } });
    for (const part of ['does not pass 2 gates', 'CALIBRATION: The expected calibration error is 0.2', 'at most 0.05', 'Calibrate the version', 'MODEL_CARD: The model card says nothing of ethics', 'For CALIBRATION, MODEL_CARD a VALIDATOR or ADMIN who did not make the version may ask for waiveGate']) {
      expect(refusal.message).toContain(part);
    }
    const { state, gateEvaluations } = await gatesOf(weak);
    expect([state, gateEvaluations.map(({ stage, by }) => [stage, by.name])]).toEqual(['SUBMITTED', [['SUBMISSION', 'Mona Model-Owner'], ['APPROVAL', 'Ada Admin']]]);
    expect(await app.leaves({ type: 'ACT_REFUSED', id: decodeGlobalId(weak.versionId).id })).toMatchObject([{ act: 'APPROVE', rule: 'GATES_PASS' }]);
  });

  it('are waived by two people who did not make the version, for what fails and may be waived, in time', async () => {
    const refused = async (by: TestClient, changed: { input: object }): Promise<[string | undefined, string]> => {
      const error = await by.refusal(WAIVE, changed);
      return [ruleOf(error), error.message];
    };
    expect(await refused(owner!, waiver('CALIBRATION'))).toEqual(['PERMISSION', expect.any(String)]);
    expect(await refused(validator!, waiver('PARITY'))).toEqual(['WAIVABLE', expect.stringContaining('never waived')]);
    expect(await refused(validator!, waiver('SIZE'))).toEqual(['WAIVABLE', expect.stringContaining('nothing to waive')]);
    expect(await refused(validator!, waiver('CALIBRATION', { expiresAt: days(400) }))).toEqual(['WAIVER_LIMITED', expect.stringContaining('at most 180 days')]);
    expect(await refused(validator!, waiver('CALIBRATION', { expiresAt: days(-1) }))).toEqual([undefined, 'expiresAt: give a time that is still to come.']);
    const proposal = await propose(validator!, 'CALIBRATION');
    expect(ruleOf(await validator!.refusal(CONFIRM, { input: { proposalId: proposal, comment: 'Mine.' } }))).toBe('SECOND_PERSON');
    expect(failing((await gatesOf(weak)).gates)).toContain('CALIBRATION');
    await confirm(admin!, proposal);
    await confirm(second!, await propose(admin!, 'MODEL_CARD'));
    expect((await gatesOf(weak)).waivers).toEqual([{ gate: 'CALIBRATION', reason: 'The book is young.' }, { gate: 'MODEL_CARD', reason: 'The book is young.' }]);
    const leaves = (await app.leaves({ type: 'GATE_WAIVED' })).filter(({ version }) => version === decodeGlobalId(weak.versionId).id);
    expect(leaves.map(({ gate, dossier }) => [gate, dossier])).toEqual([['CALIBRATION', weak.dossierDigest], ['MODEL_CARD', weak.dossierDigest]]);
  });

  it('then let the version be approved, as WAIVED and by whom', async () => {
    expect(await admin!.ok(APPROVE, ballot(weak))).toEqual({ approveModelVersion: { modelVersion: { state: 'APPROVED' } } });
    const { gates } = await gatesOf(weak);
    expect(gates.find(({ gate }) => gate === 'CALIBRATION')).toMatchObject({ verdict: 'WAIVED', measured: 0.2, waiver: { proposedBy: { name: 'Viktor Validator' }, confirmedBy: { name: 'Ada Admin' }, inForce: true } });
  });

  it('show on every prediction made under them', async () => {
    await deploy(admin!, weak.versionId);
    const loan = await createLoan(portal!, 'weak-1', { loan: { product: 'weak-loan', principal: '1500' } });
    const input = { loanId: loan.id, purpose: 'ORIGINATION', modelId: model.modelId };
    const { scoreLoan } = await portal!.ok<{ scoreLoan: { prediction: { id: string; decision: string } } }>(SCORE_LOAN, { input });
    expect(scoreLoan.prediction.decision).toBe('APPROVE');
    const told = 'query ($id: ID!) { prediction(id: $id) { underWaiver';
    expect(await portal!.ok(`${told} } }`, { id: scoreLoan.prediction.id })).toEqual({ prediction: { underWaiver: true } });
    expect(await auditor!.ok(`${told} waivers { gate } } }`, { id: scoreLoan.prediction.id })).toEqual({ prediction: { underWaiver: true, waivers: [{ gate: 'CALIBRATION' }, { gate: 'MODEL_CARD' }] } });
    const withheld = await portal!.query(`${told} waivers { gate } } }`, { id: scoreLoan.prediction.id });
    expect(withheld.errors[0]!.message).toContain('prediction:detail');
  });

  it('when they expire, decisions go to a person, an alert says so, and nothing is deployed under them until they are renewed', async () => {
    await app.sql(`UPDATE gate_waivers SET recorded_at = now() - interval '3 days', expires_at = now() - interval '1 day' WHERE gate = 'CALIBRATION' AND version_id = $1`, [decodeGlobalId(weak.versionId).id]);
    await new Promise((done) => setTimeout(done, 1_050)); // routes are remembered for a second
    const loan = await createLoan(portal!, 'weak-2', { loan: { product: 'weak-loan', principal: '1500' } });
    const input = { loanId: loan.id, purpose: 'ORIGINATION', modelId: model.modelId };
    expect(await portal!.ok(SCORE_LOAN, { input })).toMatchObject({ scoreLoan: { prediction: { status: 'SCORED', decision: 'REFER' } } });
    const [modelRow, versionRow] = [decodeGlobalId(model.modelId).id, decodeGlobalId(weak.versionId).id];
    const cause = (): Promise<object[]> => app.sql('SELECT model_refer_cause($1, $2) AS cause', [modelRow, versionRow]);
    expect(await cause()).toEqual([{ cause: 'WAIVER_EXPIRED' }]);
    const alerts = async (): Promise<object[]> => (await auditor!.ok<{ model: { alerts: object[] } }>('query ($id: ID!) { model(id: $id) { alerts { code text } } }', { id: model.modelId })).model.alerts;
    expect(await alerts()).toContainEqual({ code: 'WAIVER_EXPIRED', text: expect.stringContaining('waiver of the gate CALIBRATION') });
    await confirm(second!, await propose(admin!, 'CALIBRATION', { reason: 'One more month.' }));
    expect(await cause()).toEqual([{ cause: null }]);
    expect((await alerts()).map((alert) => (alert as { code: string }).code)).not.toContain('WAIVER_EXPIRED');
  });

  it('do not let a version back that lost one: neither deployed nor fallen back to', async () => {
    const sound = await registerSmallVersion(app, model);
    await submit(app, sound.versionId);
    await admin!.ok(APPROVE, ballot(sound));
    await deploy(admin!, sound.versionId);
    const { deployModelVersion: canary } = await admin!.ok<{ deployModelVersion: { deployment: { id: string } } }>('mutation ($input: DeployModelVersionInput!) { deployModelVersion(input: $input) { deployment { id } } }', { input: { versionId: weak.versionId, role: 'CANARY', share: 0.1, reason: 'Beside it.' } });
    await app.sql(`UPDATE gate_waivers SET recorded_at = now() - interval '3 days', expires_at = now() - interval '1 day' WHERE version_id = $1`, [decodeGlobalId(weak.versionId).id]);
    // Beside the new champion it decides for a share: what has lapsed is told of it as well.
    const { model: { alerts } } = await auditor!.ok<{ model: { alerts: object[] } }>('query ($id: ID!) { model(id: $id) { alerts { code text } } }', { id: model.modelId });
    expect(alerts).toContainEqual({ code: 'WAIVER_EXPIRED', text: expect.stringContaining('waiver of the gate CALIBRATION of version 1 has expired: its decisions are REFER') });
    const { me } = await validator!.ok<{ me: { tasks: { kind: string; subject: string; text: string }[] } }>('{ me { tasks { kind subject text } } }');
    expect(me.tasks).toContainEqual({ kind: 'WAIVER_EXPIRES', subject: weak.versionId, text: expect.stringContaining('CALIBRATION of version 1 of "Small model of weak-loan" has expired') });
    // Nor may its maker review the model.
    await app.sql(`INSERT INTO model_version_contributors (version_id, user_id, part) SELECT $1, id, 'TRAINED' FROM users WHERE name = 'Viktor Validator'`, [decodeGlobalId(weak.versionId).id]);
    const review = await validator!.refusal('mutation ($input: ReviewModelInput!) { reviewModel(input: $input) { __typename } }', { input: { modelId: model.modelId, outcome: 'FIT', comment: 'My own.', nextReviewAt: days(30) } });
    expect([ruleOf(review), review.message]).toEqual(['REVIEWED_BY_OTHERS', expect.stringContaining('had a part in a version of')]);
    const plain = app.runtime.db.transaction((tx) => tx.query(`INSERT INTO model_reviews (id, model_id, outcome, comment, next_review_at, reviewed_by)
      SELECT gen_random_uuid(), $1, 'FIT', 'My own.', now() + interval '1 day', id FROM users WHERE name = 'Viktor Validator'`, [decodeGlobalId(model.modelId).id]));
    await expect(plain).rejects.toMatchObject({ code: 'AS057' });
    await admin!.ok('mutation ($input: EndDeploymentInput!) { endDeployment(input: $input) { __typename } }', { input: { deploymentId: canary.deployment.id, reason: 'Lapsed.' } });
    const refusal = await admin!.refusal('mutation ($input: DeployModelVersionInput!) { deployModelVersion(input: $input) { __typename } }', { input: { versionId: weak.versionId, reason: 'Back.' } });
    expect([ruleOf(refusal), refusal.message]).toEqual(['WAIVER_IN_FORCE', expect.stringContaining('has expired')]);
    const { suspendVersion } = await admin!.ok<{ suspendVersion: { deployment: object | null } }>('mutation ($input: SuspendVersionInput!) { suspendVersion(input: $input) { deployment { id } } }', { input: { versionId: sound.versionId, reason: 'Odd scores.' } });
    expect(suspendVersion.deployment).toBeNull();
  });
});
