import { recordEvent } from '../../audit/index.js';
import { badInput, DAY, newId, type Context, type Transaction } from '../../platform/index.js';
import { refusedBy, type ProposalKind } from '../../security/index.js';
import { currentPolicy } from '../policy/policy.queries.js';
import type { VersionState } from '../lifecycle.js';
import { translated } from '../refusals.js';
import { lockVersion, type LockedVersion } from '../version.acts.js';
import { GATES, WAIVABLE } from './gates.js';
import { lastVerdict } from './gates.queries.js';
import type { GateName } from './types.js';

export interface WaiverPayload {
  readonly gate: GateName;
  /** The dossier it is for, hexadecimal. */
  readonly dossier: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** From submission on; for what is live a waiver is renewed so. */
const WAIVED_WHILE: readonly VersionState[] = ['SUBMITTED', 'VALIDATED', 'APPROVED', 'SUSPENDED'];

/** A failing gate counts as passed, for one dossier and a time: two people who did not make the version, each a VALIDATOR or an ADMIN. */
export const WAIVE_GATE: ProposalKind<WaiverPayload> = {
  name: 'WAIVE_GATE',
  permission: 'gate:waive',
  roles: ['VALIDATOR', 'ADMIN'],
  describe: ({ gate, dossier, expiresAt }) => `The gate ${gate} is waived until ${expiresAt} for the dossier ${dossier}.`,
  async check(tx, ctx, { subject, payload }) {
    const version = await lockVersion(tx, subject);
    await requireIndependent(tx, ctx, version);
    requireSame(version, payload);
    requireState(version);
    await requireFailing(tx, version, payload);
    await requireInTime(tx, ctx, payload);
  },
  async execute(tx, ctx, { id: proposalId, subject, payload: { gate, dossier, expiresAt }, reason }) {
    const { modelId } = await lockVersion(tx, subject);
    const id = newId();
    await tx.query(`INSERT INTO gate_waivers (id, version_id, gate, dossier_digest, reason, proposal_id, expires_at) VALUES ($1, $2, $3, decode($4, 'hex'), $5, $6, $7)`, [
      id, subject, gate, dossier, reason, proposalId, expiresAt,
    ]);
    await recordEvent(tx, { type: 'GATE_WAIVED', id, actor: ctx.actor.id, time: ctx.now(), payload: { model: modelId, version: subject, dossier, gate, proposal: proposalId, until: expiresAt } });
    return id;
  },
  translate: translated,
};

async function requireIndependent(tx: Transaction, { actor }: Context, { id, version }: LockedVersion): Promise<void> {
  const [row] = await tx.query<{ made: boolean }>('SELECT is_maker($1, $2) AS made', [actor.id, id]);
  if (!row!.made) return;
  throw refusedBy('MAKER_IS_NOT_CHECKER', { says: `${actor.name} had a part in version ${version} and may waive none of its gates.`, remedy: 'Ask an independent colleague.', who: `a VALIDATOR or ADMIN who had no part in version ${version}` });
}

function requireSame({ version, dossierDigest }: LockedVersion, { dossier }: WaiverPayload): void {
  if (dossier === dossierDigest) return;
  throw refusedBy('WAIVABLE', { says: `Version ${version} has another dossier than the waiver is for.`, remedy: 'Propose a waiver for the present one.', who: 'VALIDATOR or ADMIN', code: 'CONFLICT' });
}

function requireState({ version, state }: LockedVersion): void {
  if (WAIVED_WHILE.includes(state)) return;
  throw refusedBy('WAIVABLE', { says: `Gates are waived while a version is ${WAIVED_WHILE.join(', ')}; version ${version} is ${state}.`, remedy: 'Submit it first, or register a new version.', who: 'MODEL_OWNER' });
}

async function requireFailing(tx: Transaction, { id, version, dossierDigest }: LockedVersion, { gate }: WaiverPayload): Promise<void> {
  if (!WAIVABLE.includes(gate)) throw refusedBy('WAIVABLE', { says: `The gate ${gate} is never waived.`, remedy: GATES[gate].notWaived!, who: 'MODEL_OWNER' });
  const verdict = await lastVerdict(tx, id, dossierDigest, gate);
  if (verdict === 'FAIL' || verdict === 'WAIVED') return;
  throw refusedBy('WAIVABLE', {
    says: `There is nothing to waive: when it was last evaluated, the gate ${gate} of version ${version} ${verdict === undefined ? 'was not judged' : `said ${verdict}`}.`,
    remedy: 'Propose a waiver once it fails.',
    who: 'VALIDATOR or ADMIN',
  });
}

async function requireInTime(tx: Transaction, ctx: Context, { expiresAt }: WaiverPayload): Promise<void> {
  const end = new Date(expiresAt).getTime();
  if (!(end > ctx.now().getTime())) throw badInput('expiresAt: give a time that is still to come.');
  const { waiverDays } = await currentPolicy(tx);
  if (end <= ctx.now().getTime() + waiverDays * DAY) return;
  throw refusedBy('WAIVER_LIMITED', { says: `A waiver lasts at most ${waiverDays} days, by the governance policy; this one would last until ${expiresAt}.`, remedy: 'Give an earlier expiresAt.', who: 'VALIDATOR or ADMIN' });
}
