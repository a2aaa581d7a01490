import { recordEvent } from '../../audit/index.js';
import type { Context, Queryable, Transaction } from '../../platform/index.js';
import type { Proposal, ProposalKind } from '../../security/index.js';
import { lockExclusive } from '../model-lock.js';
import { translated } from '../refusals.js';
import { lockVersion, move } from '../version.acts.js';
import { afterChange, modelOfVersion, type LiveParts } from './acts.js';
import { changeLive, deploymentsEndedBy, type LiveChange } from './changes.js';
import { earlierChampions } from './previous.js';
import { notSuspended } from './rules.js';
import { openSuspension, type SuspensionRow } from './suspension.queries.js';

/** Which suspension is to be lifted: a later one needs a proposal of its own. */
export interface ResumePayload {
  readonly suspension: string | null;
}

const BOTH = { permission: 'version:deploy', roles: ['ADMIN'] } as const;

/** The lifting of suspensions, as proposals that a second ADMIN confirms. */
export const resumeKinds = (parts: LiveParts): ProposalKind<ResumePayload>[] => [resumeModelKind(parts), resumeVersionKind(parts)];

const resumeModelKind = (parts: LiveParts): ProposalKind<ResumePayload> => ({
  name: 'RESUME_MODEL',
  ...BOTH,
  describe: () => 'The suspended model decides again, with what it had deployed.',
  check: async (tx, _, { subject, payload }) => void (await suspensionOf(tx, subject, null, payload)),
  execute: (tx, ctx, proposal) => resumeModel(tx, ctx, proposal),
  after: (ctx) => afterChange(parts, ctx),
  translate: translated,
});

const resumeVersionKind = (parts: LiveParts): ProposalKind<ResumePayload> => ({
  name: 'RESUME_VERSION',
  ...BOTH,
  describe: () => 'The suspended version may be deployed again.',
  check: async (tx, _, { subject, payload }) => void (await suspensionOf(tx, await modelOfVersion(tx, subject), subject, payload)),
  execute: (tx, ctx, proposal) => resumeVersion(tx, ctx, proposal),
  after: (ctx) => afterChange(parts, ctx),
  translate: translated,
});

/** @throws CONFLICT where nothing is suspended, or by another suspension than the proposal means */
async function suspensionOf(db: Queryable, modelId: string, versionId: string | null, { suspension }: ResumePayload): Promise<SuspensionRow> {
  const present = await openSuspension(db, modelId, versionId);
  if (!present || present.id !== suspension) throw notSuspended(versionId === null ? 'The model' : 'The version');
  return present;
}

/** What the suspension ended begins anew, as far as it is still approved; for the champion an earlier one stands in. */
async function resumeModel(tx: Transaction, ctx: Context, { id: proposal, subject: modelId, payload, reason }: Proposal<ResumePayload>): Promise<string> {
  await lockExclusive(tx, modelId);
  const suspension = await suspensionOf(tx, modelId, null, payload);
  return changeLive(tx, ctx, modelId, async (change) => {
    await lift(tx, ctx, suspension.id, proposal, change);
    const ended = await deploymentsEndedBy(tx, suspension.id);
    const [champion] = [...ended.filter(({ role }) => role === 'CHAMPION').map(({ version }) => version), ...(await earlierChampions(tx, modelId, undefined))];
    if (champion) await change.begin({ version: champion, role: 'CHAMPION', share: null, reason });
    const beside = champion ? ended.filter(({ role, version }) => role !== 'CHAMPION' && version.id !== champion.id) : [];
    for (const { role, share, version } of beside) await change.begin({ version, role, share, reason });
    const event = { model: modelId, suspension: suspension.id, proposal };
    await recordEvent(tx, { type: 'MODEL_RESUMED', id: suspension.id, actor: ctx.actor.id, time: ctx.now(), payload: event });
    return suspension.id;
  });
}

/** The version is approved again; what it does is for deployModelVersion to say. */
async function resumeVersion(tx: Transaction, ctx: Context, { id: proposal, subject: versionId, payload, reason }: Proposal<ResumePayload>): Promise<string> {
  const modelId = await modelOfVersion(tx, versionId);
  await lockExclusive(tx, modelId);
  const version = await lockVersion(tx, versionId);
  const suspension = await suspensionOf(tx, modelId, versionId, payload);
  return changeLive(tx, ctx, modelId, async (change) => {
    await lift(tx, ctx, suspension.id, proposal, change);
    await move(tx, ctx, version, 'RESUME', reason);
    const event = { model: modelId, version: versionId, dossier: version.dossierDigest, suspension: suspension.id, proposal };
    await recordEvent(tx, { type: 'VERSION_RESUMED', id: suspension.id, actor: ctx.actor.id, time: ctx.now(), payload: event });
    return suspension.id;
  });
}

const lift = (tx: Transaction, ctx: Context, suspension: string, proposal: string, { at }: LiveChange): Promise<unknown> =>
  tx.query('UPDATE suspensions SET valid_to = $2, proposal_id = $3, lifted_by = $4 WHERE id = $1', [suspension, at, proposal, ctx.actor.id]);
