import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../../support/app.js';
import { scoreLoan } from '../../support/builders.js';
import type { TestClient } from '../../support/client.js';
import { deploySmallModel, type SmallDeployment } from '../../support/small-version.js';
import { act, asApplication, customerIdOf, decided, inDays, PRODUCT, refusalOf, rowIdOf, seen } from './support.js';

interface Overridden {
  readonly prediction: { readonly effectiveDecision: string };
  readonly override: { readonly id: string } | null;
  readonly proposal: { readonly id: string; readonly text: string; readonly reason: string; readonly state: string } | null;
}

const PAYLOAD = 'prediction { effectiveDecision } override { id } proposal { id text reason state }';

const input = (predictionId: string, changes: object = {}): object => ({ predictionId, decision: 'APPROVE', reasonCode: 'COMPENSATING_FACTORS', comment: 'Maria owns two houses.', expiresAt: inDays(30), ...changes });

describe('a person decides otherwise', () => {
  let app: TestApp;
  let version: SmallDeployment;
  let [portal, underwriter, second, auditor]: TestClient[] = [];
  beforeAll(async () => {
    app = await openTestApp();
    [portal, underwriter, second, auditor] = await Promise.all((['portal', 'underwriter', 'secondUnderwriter', 'auditor'] as const).map((name) => app.as(name)));
    version = await deploySmallModel(app, PRODUCT);
  });
  afterAll(() => app.close());

  const override = (predictionId: string, changes: object = {}, by = underwriter!): Promise<Overridden> => act(by, 'overrideDecision', input(predictionId, changes), PAYLOAD);
  const refused = (predictionId: string, changes: object = {}, by = underwriter!): ReturnType<typeof refusalOf> => refusalOf(by, 'overrideDecision', input(predictionId, changes));

  const columns = 'customer_id, id, prediction_id, replaced, decision, reason_code, comment, made_by, expires_at, principal, currency, one_person_limit, policy_version';
  /** Writes an override past the services, as the application's own role. */
  const insert = async (prediction: string, changes: Partial<Record<'principal' | 'currency' | 'limit' | 'policy' | 'expires' | 'decision', string>> = {}, subject = 'uma'): Promise<unknown> => {
    const { principal = '5000', currency = 'EUR', limit = '25000', policy = '1', expires = `now() + interval '30 days'`, decision = 'APPROVE' } = changes;
    const [{ id }] = (await app.sql<{ id: string }>(`SELECT id FROM users WHERE subject = $1`, [subject])) as [{ id: string }];
    return asApplication(app, `INSERT INTO decision_overrides (${columns}) VALUES ($1, gen_random_uuid(), $2, 'DECLINE', '${decision}', 'DATA_ERROR', '\\x00', $3, ${expires}, ${principal}, '${currency}', ${limit}, ${policy})`, [customerIdOf(prediction), rowIdOf(prediction), id]);
  };

  const change = (externalId: string, changes: object): Promise<unknown> => act(underwriter!, 'updateLoan', { externalId, ...changes });

  describe('alone, up to the limit of the policy', () => {
    let id: string;
    let made: Overridden;
    beforeAll(async () => {
      ({ id } = await decided(portal!, 'DECLINE'));
      made = await override(id, { requestId: 'once' });
    });

    it('so that the new decision is in force, and the recorded one stays what it was', async () => {
      expect(made).toEqual({ prediction: { effectiveDecision: 'APPROVE' }, override: { id: expect.any(String) }, proposal: null });
      expect(await seen(underwriter!, id, 'decision effectiveDecision override { decision replaced reasonCode active by { name } secondPerson { name } comment } overrides { active }')).toEqual({
        decision: 'DECLINE', effectiveDecision: 'APPROVE', overrides: [{ active: true }],
        override: { decision: 'APPROVE', replaced: 'DECLINE', reasonCode: 'COMPENSATING_FACTORS', active: true, by: { name: 'Uma Underwriter' }, secondPerson: null, comment: 'Maria owns two houses.' },
      });
    });

    it('once for a repeated request', async () => {
      expect((await override(id, { requestId: 'once', expiresAt: (await seen<{ override: { expiresAt: string } }>(underwriter!, id, 'override { expiresAt }')).override.expiresAt })).override).toEqual(made.override);
      expect(await seen(underwriter!, id, 'overrides { id }')).toEqual({ overrides: [made.override] });
    });

    it('of which a repeated request tells what has become since', async () => {
      const other = await decided(portal!, 'DECLINE');
      const request = input(other.id, { requestId: 'twice' });
      const once = (): Promise<{ override: { active: boolean; decision: string } }> => act(underwriter!, 'overrideDecision', request, 'override { active decision }');
      expect(await once()).toEqual({ override: { active: true, decision: 'APPROVE' } });
      await override(other.id, { decision: 'REFER', reasonCode: 'FRAUD_SUSPICION' }, second);
      expect(await once()).toEqual({ override: { active: false, decision: 'APPROVE' } });
    });

    it('found by its id, by those who may see the prediction', async () => {
      const find = (client: TestClient): Promise<object> => client.ok('query ($id: ID!) { node(id: $id) { id ... on DecisionOverride { decision active } } }', { id: made.override!.id });
      expect(await find(portal!)).toEqual({ node: { id: made.override!.id, decision: 'APPROVE', active: true } });
    });

    it('with an audit event that holds no word of the comment', async () => {
      const [leaf] = await app.leaves({ type: 'DECISION_OVERRIDDEN', id: rowIdOf(made.override!.id) });
      expect(leaf).toMatchObject({ prediction: rowIdOf(id), replaced: 'DECLINE', decision: 'APPROVE', reason: 'COMPENSATING_FACTORS', proposal: null, review: null, policy: 1, comment: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(JSON.stringify(leaf)).not.toContain('Maria');
      const [row] = await app.sql<{ comment: Buffer }>('SELECT comment FROM decision_overrides WHERE id = $1', [rowIdOf(made.override!.id)]);
      expect(row!.comment.toString('latin1')).not.toContain('Maria');
    });

    it('told to portals without who and why in words', async () => {
      expect(await seen(portal!, id, 'effectiveDecision override { decision expiresAt }')).toMatchObject({ effectiveDecision: 'APPROVE', override: { decision: 'APPROVE' } });
      for (const field of ['reasonCode', 'comment', 'by { name }', 'secondPerson { name }']) {
        expect((await portal!.refusal(`query ($id: ID!) { prediction(id: $id) { overrides { ${field} } } }`, { id })).message).toContain('decision:read');
      }
      const risk = await (await app.as('riskManager')).refusal('query ($id: ID!) { prediction(id: $id) { overrides { by { name } comment } } }', { id });
      expect(risk.message).toContain('customer:identity');
    });

    it('until it is overridden again, or expires', async () => {
      await override(id, { decision: 'REFER', reasonCode: 'FRAUD_SUSPICION' });
      expect(await seen(underwriter!, id, 'effectiveDecision overrides { decision active }')).toEqual({ effectiveDecision: 'REFER', overrides: [{ decision: 'APPROVE', active: false }, { decision: 'REFER', active: true }] });
      await app.sql(`ALTER TABLE decision_overrides DISABLE TRIGGER USER`);
      await app.sql(`UPDATE decision_overrides SET recorded_at = now() - interval '2 days', expires_at = now() - interval '1 day' WHERE prediction_id = $1`, [rowIdOf(id)]);
      await app.sql(`ALTER TABLE decision_overrides ENABLE TRIGGER USER`);
      expect(await seen(underwriter!, id, 'effectiveDecision override { id } overrides { active }')).toEqual({ effectiveDecision: 'DECLINE', override: null, overrides: [{ active: false }, { active: false }] });
    });
  });

  describe.each([
    ['a loan above the limit', { size: 'LARGE' as const, loan: {} }],
    ['a loan in a currency without a limit', { size: 'DECLINE' as const, loan: { currency: 'CHF' } }],
  ])('with a second person for %s', (_, { size, loan }) => {
    let id: string;
    let waiting: Overridden;
    beforeAll(async () => {
      ({ id } = await decided(portal!, size, { loan }));
      waiting = await override(id, { comment: 'Her employer, Sanz & Co, guarantees.' });
    });

    const confirm = (client: TestClient): Promise<object> => act(client, 'confirmProposal', { proposalId: waiting.proposal!.id, comment: 'Agreed.' });

    it('who has to confirm it first, and reads no personal data', async () => {
      expect(waiting).toMatchObject({ prediction: { effectiveDecision: 'DECLINE' }, override: null, proposal: { state: 'OPEN', text: expect.stringContaining('Decides APPROVE instead, for COMPENSATING_FACTORS'), reason: expect.stringMatching(/^COMPENSATING_FACTORS: /) } });
      const [row] = await app.sql<{ text: string }>('SELECT payload::text AS text FROM proposals WHERE id = $1', [rowIdOf(waiting.proposal!.id)]);
      expect(row!.text).not.toMatch(/Sanz|employer/u);
    });

    it('while no other override of the decision can be put forward', async () => {
      expect(await refused(id, { decision: 'REFER', reasonCode: 'DATA_ERROR' }, second)).toMatchObject({ rule: 'PROPOSAL_OPEN', code: 'CONFLICT' });
    });

    it('who is not the first', async () => {
      expect(await refusalOf(underwriter!, 'confirmProposal', { proposalId: waiting.proposal!.id, comment: 'I agree with myself.' })).toMatchObject({ rule: 'SECOND_PERSON' });
      expect((await refusalOf(await app.as('admin'), 'confirmProposal', { proposalId: waiting.proposal!.id, comment: 'I am an admin.' })).code).toBe('FORBIDDEN');
    });

    it('whose confirmation puts it in force, with both named', async () => {
      await confirm(second!);
      expect(await seen(auditor!, id, 'effectiveDecision override { by { name } secondPerson { name } comment }')).toEqual({
        effectiveDecision: 'APPROVE', override: { by: { name: 'Uma Underwriter' }, secondPerson: { name: 'Ulf Underwriter' }, comment: 'Her employer, Sanz & Co, guarantees.' },
      });
    });
  });

  describe('with a second person for a loan that was above the limit', () => {
    it('since the decision, though it is lowered before, in the database too', async () => {
      const { id, externalId } = await decided(portal!, 'LARGE');
      await change(externalId, { principal: '5000' });
      await expect(insert(id, { principal: '5000' })).rejects.toMatchObject({ code: 'AS092' });
      await expect(insert(id, { principal: '30000' })).rejects.toMatchObject({ code: 'AS093' });
      expect(await override(id)).toMatchObject({ override: null, proposal: { state: 'OPEN' }, prediction: { effectiveDecision: 'DECLINE' } });
    });

    it('for a moment in between, whenever that is said to have been true', async () => {
      const { id, externalId } = await decided(portal!, 'DECLINE');
      for (const principal of ['30000', '5000']) await change(externalId, { principal, effectiveAt: inDays(0) });
      expect(await override(id)).toMatchObject({ override: null, proposal: { state: 'OPEN' } });
    });

    it('but for none that was above it only before the decision: what was decided on is less', async () => {
      const { id, externalId } = await decided(portal!, 'LARGE');
      await change(externalId, { principal: '5000' });
      const again = await scoreLoan(portal!, { externalId });
      expect(again.id).not.toBe(id);
      expect(await override(again.id)).toMatchObject({ override: { id: expect.any(String) }, proposal: null });
      // Raised again, the loan is more than what one person may decide on: their override ends.
      await change(externalId, { principal: '30000' });
      expect(await seen(underwriter!, again.id, 'effectiveDecision override { id } overrides { active decision }')).toEqual({ effectiveDecision: 'DECLINE', override: null, overrides: [{ active: false, decision: 'APPROVE' }] });
      const { expiresAt } = (await seen<{ overrides: { expiresAt: string }[] }>(underwriter!, again.id, 'overrides { expiresAt }')).overrides[0]!;
      expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now());
      await change(externalId, { principal: '5000' });
      expect(await seen(underwriter!, again.id, 'effectiveDecision')).toEqual({ effectiveDecision: 'DECLINE' });
      expect(await override(again.id)).toMatchObject({ override: null, proposal: { state: 'OPEN' } });
    });

    it('whose override of two stands, whatever the loan grows to', async () => {
      const { id, externalId } = await decided(portal!, 'LARGE');
      const { proposal } = await override(id);
      await act(second!, 'confirmProposal', { proposalId: proposal!.id, comment: 'Agreed.' });
      await change(externalId, { principal: '40000' });
      expect(await seen(underwriter!, id, 'effectiveDecision')).toEqual({ effectiveDecision: 'APPROVE' });
    });

    it('who is still an underwriter, as the first one is', async () => {
      const { id } = await decided(portal!, 'LARGE');
      const leaver = await app.as({ subject: 'leaver', name: 'Lea Leaver', roles: ['UNDERWRITER'] });
      const { me } = await leaver.ok<{ me: { id: string } }>('{ me { id } }');
      const { grant } = await act<{ grant: { id: string } }>(await app.as('accessAdmin'), 'grantRole', { userId: me.id, role: 'UNDERWRITER', reason: 'test' }, 'grant { id }');
      const { proposal } = await override(id, {}, leaver);
      await act(await app.as('accessAdmin'), 'endRole', { grantId: grant.id });
      expect(await refusalOf(second!, 'confirmProposal', { proposalId: proposal!.id, comment: 'Agreed.' })).toMatchObject({ rule: 'PROPOSER_HOLDS_ROLE' });
      await act(second!, 'declineProposal', { proposalId: proposal!.id, comment: 'By somebody who has left.' });
    });
  });

  describe('not', () => {
    let id: string;
    let externalId: string;
    beforeAll(async () => void ({ id, externalId } = await decided(portal!, 'DECLINE')));

    it('without a current grant of the role beside the token', async () => {
      expect(await refused(id, {}, await app.as({ subject: 'ungranted', name: 'Ungranted', roles: ['UNDERWRITER'] }))).toMatchObject({ rule: 'CURRENT_GRANT' });
      const [leaf] = (await app.leaves({ type: 'ACT_REFUSED', id: rowIdOf(id) })).reverse();
      expect(leaf).toMatchObject({ act: 'OVERRIDE_DECISION', code: 'REFUSED', rule: 'CURRENT_GRANT' });
    });

    it.each(['portal', 'auditor', 'admin', 'riskManager'] as const)('as %s', async (person) => {
      expect(await refused(id, {}, await app.as(person))).toMatchObject({ rule: 'PERMISSION', code: 'FORBIDDEN' });
    });

    it('on themself: a token that stands for a customer never has the permission', async () => {
      const both = await app.as({ subject: 'uma', name: 'Uma Underwriter', roles: ['UNDERWRITER'], customer: externalId });
      expect(await refused(id, {}, both)).toMatchObject({ rule: 'PERMISSION', message: expect.stringContaining('decision:override') });
    });

    it('of a what-if', async () => {
      const { prediction } = await act<{ prediction: { id: string } }>(underwriter!, 'simulateLoan', { externalId, purpose: 'ORIGINATION', changes: [{ path: 'loan.principal', value: 4000 }] }, 'prediction { id }');
      expect(await refused(prediction.id)).toMatchObject({ rule: 'DECISIONS_ONLY' });
      expect(await seen(auditor!, prediction.id, 'effectiveDecision adverseAction { required } overrides { id } reviews { id }')).toEqual({ effectiveDecision: null, adverseAction: null, overrides: [], reviews: [] });
    });

    it('of an older decision than the newest of the loan', async () => {
      const older = await decided(portal!, 'DECLINE');
      const newer = await scoreLoan(portal!, { externalId: older.externalId });
      expect(await refused(older.id)).toMatchObject({ rule: 'NEWEST_DECISION', message: expect.stringContaining(`Override its newest decision, ${newer.id}: latestPrediction of the loan tells it.`) });
      await expect(insert(older.id)).rejects.toMatchObject({ code: 'AS098' });
    });

    it.each([
      ['the decision in force again', { decision: 'DECLINE', reasonCode: 'FRAUD_SUSPICION' }, 'OVERRIDE_CHANGES'],
      ['a reason that does not lead there', { reasonCode: 'CUSTOMER_REQUEST' }, 'OVERRIDE_REASON'],
      ['for longer than the policy lets it last', { expiresAt: inDays(181) }, 'OVERRIDE_EXPIRES'],
    ])('by %s', async (_, changes, rule) => {
      expect(await refused(id, changes)).toMatchObject({ rule });
    });

    it('by a decline whose reason could not be told to the applicant', async () => {
      const approved = await decided(portal!, 'APPROVE');
      const { rule, message } = await refused(approved.id, { decision: 'DECLINE', reasonCode: 'POLICY_EXCEPTION' });
      expect([rule, message]).toEqual(['OVERRIDE_REASON', expect.stringMatching(/^POLICY_EXCEPTION is no reason for DECLINE\. .+ Give one of FRAUD_SUSPICION, /)]);
    });

    it.each([
      [{ comment: '' }, 'comment: give 1 to 4,000 characters.'],
      [{ comment: ' ' }, 'comment: give 1 to 4,000 characters.'],
      [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt: 2020-01-01T00:00:00.000Z has passed.'],
    ])('with %j', async (changes, sentence) => {
      const { code, message } = await refused(id, changes);
      expect([code, message]).toEqual(['BAD_INPUT', expect.stringContaining(sentence)]);
    });
  });

  it('one after the other where two do at once: the second sees what the first decided', async () => {
    const { id } = await decided(portal!, 'DECLINE');
    const answers = await Promise.all([underwriter!, second!].map((client) => client.query('mutation ($input: OverrideDecisionInput!) { overrideDecision(input: $input) { override { replaced } } }', { input: input(id) })));
    expect(answers.map(({ errors: [error] }) => (error?.extensions as { rule?: string } | undefined)?.rule ?? 'done').sort()).toEqual(['OVERRIDE_CHANGES', 'done']);
  });

  describe('in the database', () => {
    it('is made by an underwriter whose grant is current', async () => {
      await expect(insert((await decided(portal!, 'DECLINE')).id, {}, 'ada')).rejects.toMatchObject({ code: 'AS012' });
    });

    it('an override states the true worth of the loan and the true limit, and lasts no longer than the policy allows', async () => {
      const { id } = await decided(portal!, 'DECLINE');
      for (const lie of [{ principal: '4999' }, { currency: 'USD' }, { limit: '26000' }, { limit: 'NULL' }]) await expect(insert(id, lie)).rejects.toMatchObject({ code: 'AS092' });
      await expect(insert(id, { expires: `now() + interval '181 days'` })).rejects.toMatchObject({ code: 'AS094' });
      await expect(insert(id, { expires: `now() - interval '1 second'` })).rejects.toMatchObject({ code: '23514' });
      await expect(insert(id, { decision: 'DECLINE' })).rejects.toMatchObject({ code: '23514' });
      await insert(id);
    });

    it('above the limit nothing but what a second person confirmed is kept', async () => {
      const { id } = await decided(portal!, 'LARGE');
      await expect(insert(id, { principal: '30000' })).rejects.toMatchObject({ code: 'AS093' });
      const { proposal } = await override(id);
      await expect(insert(id, { principal: '30000' })).rejects.toMatchObject({ code: 'AS093' });
      await act(second!, 'declineProposal', { proposalId: proposal!.id, comment: 'No.' });
      await expect(insert(id, { principal: '30000' })).rejects.toMatchObject({ code: 'AS093' });
    });

    it.each(['decision_overrides', 'decision_reviews', 'decision_review_outcomes', 'counteroffers', 'counteroffer_acceptances', 'adverse_action_notices'])('%s are only added to', async (table) => {
      await expect(asApplication(app, `DELETE FROM ${table}`)).rejects.toThrow(/permission denied/u);
      await expect(asApplication(app, `UPDATE ${table} SET customer_id = customer_id`)).rejects.toThrow(/permission denied/u);
    });
  });

  it('and how often is counted for each version, within a span', async () => {
    await decided(portal!, 'REFER');
    await override((await decided(portal!, 'REFER')).id);
    const rates = async (client: TestClient, args: string): Promise<object> =>
      (await client.ok<{ modelVersion: { overrides: object } }>(`query ($id: ID!) { modelVersion(id: $id) { overrides${args} { decisions decided overridden rate toApprove toDecline toRefer byReason { code count } referred referredApproved referredDeclined } } }`, { id: version.versionId })).modelVersion.overrides;
    const [counted] = await app.sql<{ decisions: number; decided: number; overridden: number; referred: number; referredApproved: number }>(
      `SELECT count(*)::int AS decisions, count(*) FILTER (WHERE p.decision <> 'REFER')::int AS decided, count(o.decision) FILTER (WHERE p.decision <> 'REFER')::int AS overridden,
         count(*) FILTER (WHERE p.decision = 'REFER')::int AS referred, count(*) FILTER (WHERE p.decision = 'REFER' AND o.decision = 'APPROVE')::int AS "referredApproved"
       FROM predictions p LEFT JOIN LATERAL (SELECT decision FROM decision_overrides n WHERE n.prediction_id = p.id ORDER BY id DESC LIMIT 1) o ON true
       WHERE p.version_id = $1 AND p.purpose <> 'WHAT_IF'`,
      [rowIdOf(version.versionId)],
    );
    const all = (await rates(auditor!, '')) as { decided: number; overridden: number; rate: number; toApprove: number; toRefer: number; toDecline: number; byReason: { count: number }[]; referred: number };
    expect(all).toMatchObject({ ...counted!, rate: counted!.overridden / counted!.decided });
    expect(all.overridden).toBeGreaterThanOrEqual(4);
    expect([all.referred, counted!.referredApproved]).toEqual([2, 1]);
    expect(all.toApprove + all.toRefer + all.toDecline).toBe(all.overridden);
    expect(all.byReason.reduce((sum, { count }) => sum + count, 0)).toBe(all.overridden);
    expect(await rates(auditor!, '(until: "2020-01-01T00:00:00Z")')).toMatchObject({ decisions: 0, overridden: 0, rate: null });
    expect(await rates(auditor!, '(since: "2020-01-01T00:00:00Z")')).toEqual(all);
    expect((await (await app.as('borrower')).query(`{ modelVersion(id: "${version.versionId}") { overrides { rate } } }`)).errors[0]!.extensions.code).toBe('FORBIDDEN');
  });

  it('and after erasure the decision stays, its words are gone', async () => {
    const { id } = await decided(portal!, 'DECLINE');
    await override(id);
    await app.runtime.keys.destroy(customerIdOf(id));
    expect(await seen(underwriter!, id, 'effectiveDecision override { decision comment } reasons { text }')).toEqual({ effectiveDecision: 'APPROVE', override: { decision: 'APPROVE', comment: null }, reasons: [] });
    expect(await refused(id, { decision: 'REFER', reasonCode: 'DATA_ERROR' })).toMatchObject({ code: 'NOT_FOUND' });
  });
});
