import { recordEvent } from '../../audit/index.js';
import type { Context, Queryable, Transaction } from '../../platform/index.js';
import type { Proposal, ProposalKind } from '../../security/index.js';
import type { DeploymentRole } from '../deployment.entity.js';
import { lockExclusive } from '../model-lock.js';
import { translated } from '../refusals.js';
import { lockVersion, move } from '../version.acts.js';
import { afterChange, modelOfVersion, type LiveParts } from './acts.js';
import { changeLive, deploymentsEndedBy, type LiveChange, type OpenDeployment } from './changes.js';
import { tryToLoad, type Broken } from './previous.js';
import { cannotResumeWith, notAsSaid, notSuspended } from './rules.js';
import { openSuspension, type SuspensionRow } from './suspension.queries.js';

/** A version as it begins anew with its model. */
interface Beginning {
  readonly id: string;
  readonly version: number;
  readonly role: DeploymentRole;
  /** Of a canary. */
  readonly share: number | null;
}

/** Which suspension is to be lifted: a later one needs a proposal of its own. */
export interface ResumePayload {
  readonly suspension: string | null;
  /** Of a model: what begins anew, the champion first; nothing where there is no champion. Proposals of earlier releases lack it. */
  readonly begins?: readonly Beginning[];
}

const BOTH = { permission: 'version:deploy', roles: ['ADMIN'] } as const;

/** The lifting of suspensions, as proposals that a second ADMIN confirms. */
export const resumeKinds = (parts: LiveParts): ProposalKind<ResumePayload>[] => [resumeModelKind(parts), resumeVersionKind(parts)];

const resumeModelKind = (parts: LiveParts): ProposalKind<ResumePayload, Broken> => ({
  name: 'RESUME_MODEL',
  ...BOTH,
  describe: ({ begins }) => describe(begins),
  check: async (tx, _, { subject, payload }) => void (await beginningsOf(tx, await suspensionOf(tx, subject, null, payload), payload)),
  prepare: (ctx, { payload }) => tryToLoad(ctx, parts.versions, payload.begins ?? []),
  execute: resumeModel,
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

function describe(begins: ResumePayload['begins']): string {
  if (!begins) return 'The suspended model decides again, with what it had deployed.';
  if (begins.length === 0) {
    return 'The suspended model may be deployed again. Nothing decides until an ADMIN deploys a version: the suspension ended no champion that can be deployed now.';
  }
  const told = begins.map(({ version, role, share }) => `version ${version} as ${role}${share === null ? '' : ` for ${Number((share * 100).toFixed(2))} % of the customers`}`);
  return `The suspended model decides again, with ${told.join(', ')}.`;
}

/** What a proposal to resume a model says: of what the suspension ended, all that can be deployed now. */
export async function resumption({ versions }: LiveParts, ctx: Context, modelId: string): Promise<ResumePayload> {
  const suspension = await openSuspension(ctx.db, modelId, null);
  if (!suspension) return { suspension: null, begins: [] };
  const ended = await deploymentsEndedBy(ctx.db, suspension.id);
  const broken = await tryToLoad(ctx, versions, ended.map(({ version }) => version));
  const sound = ended.filter(({ version }) => !broken.has(version.id));
  const champion = sound.filter(({ role }) => role === 'CHAMPION');
  // Nothing stands beside a champion that does not begin.
  const all = champion.length === 0 ? [] : [...champion, ...sound.filter(({ role }) => role !== 'CHAMPION')];
  return { suspension: suspension.id, begins: all.map(({ role, share, version: { id, version } }) => ({ id, version, role, share })) };
}

/** @throws CONFLICT where nothing is suspended, or by another suspension than the proposal means */
async function suspensionOf(db: Queryable, modelId: string, versionId: string | null, { suspension }: ResumePayload): Promise<SuspensionRow> {
  const present = await openSuspension(db, modelId, versionId);
  if (!present || present.id !== suspension) throw notSuspended(versionId === null ? 'The model' : 'The version');
  return present;
}

/** What the proposal says, as deployments that the suspension ended. @throws CONFLICT where one of them cannot be made any more */
async function beginningsOf(db: Queryable, { id }: SuspensionRow, { begins }: ResumePayload): Promise<OpenDeployment[]> {
  if (!begins) throw notAsSaid('The proposal was made in an earlier release and does not say which versions begin.');
  if (begins.length > 0 && begins[0]!.role !== 'CHAMPION') throw notAsSaid('The proposal names no champion.');
  const ended = await deploymentsEndedBy(db, id);
  return begins.map((said) => {
    const found = ended.find(({ role, share, version }) => version.id === said.id && role === said.role && share === said.share);
    if (!found) throw notAsSaid(`Version ${said.version} cannot be deployed any more as ${said.role}, as the proposal says: it is no longer approved, a waiver of it has expired, or a HIGH finding is open.`);
    return found;
  });
}

/** What the confirmer read begins anew, no more and no less. */
async function resumeModel(tx: Transaction, ctx: Context, { id: proposal, subject: modelId, payload, reason }: Proposal<ResumePayload>, broken: Broken): Promise<string> {
  await lockExclusive(tx, modelId);
  for (const { id } of payload.begins ?? []) await lockVersion(tx, id);
  const suspension = await suspensionOf(tx, modelId, null, payload);
  const begins = await beginningsOf(tx, suspension, payload);
  for (const { version } of begins) if (broken.has(version.id)) throw cannotResumeWith(version, broken.get(version.id));
  return changeLive(tx, ctx, modelId, async (change) => {
    await lift(tx, ctx, suspension.id, proposal, change);
    for (const { role, share, version } of begins) await change.begin({ version, role, share, reason });
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
