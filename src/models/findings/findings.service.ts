import { recordEvent, textDigest } from '../../audit/index.js';
import { badInput, internal, newId, notFound, type Context, type Transaction } from '../../platform/index.js';
import { grantedNow, refusedBy, rolesWith } from '../../security/index.js';
import { governed, type GovernedAct } from '../governed.js';
import { findingRows, type FindingRow } from './findings.queries.js';
import { requireStep, type FindingSeverity, type ResolutionOutcome } from './lifecycle.js';

export interface NewFinding {
  /** Of one version, or of a model as a whole. */
  readonly about: { readonly versionId: string } | { readonly modelId: string };
  readonly title: string;
  readonly text: string;
  readonly severity: FindingSeverity;
  /** Who has to do something about it. */
  readonly ownerId: string;
  readonly dueAt: Date;
  /** Digests of artefacts, or words. */
  readonly evidence: readonly string[];
}

export interface NewOwner {
  readonly findingId: string;
  /** Who has to do something about it from now on; the same one, where only the date moves. */
  readonly ownerId: string;
  readonly dueAt: Date;
  readonly reason: string;
}

export interface NewResolution {
  readonly findingId: string;
  readonly outcome: ResolutionOutcome;
  readonly text: string;
  readonly evidence: readonly string[];
}

export interface ResolutionVerdict {
  readonly findingId: string;
  readonly comment: string;
}

const RESOLVERS = rolesWith('finding:resolve');

/** Weaknesses that validators raise: raised, resolved by their owners, closed by a validator. Each step is a new row; nothing is overwritten. */
export class FindingsService {
  /** @returns the id of the finding */
  async raise(ctx: Context, { about, ...finding }: NewFinding): Promise<string> {
    requireWords(finding);
    if (finding.dueAt <= ctx.now()) throw badInput('dueAt: give a time that is still to come.');
    const id = newId();
    return governed(ctx, { name: 'RAISE_FINDING', subject: 'versionId' in about ? about.versionId : about.modelId, permission: 'finding:raise', role: 'VALIDATOR' }, async (tx) => {
      const { modelId, versionId } = await subjectOf(tx, about);
      await requireResolver(tx, finding.ownerId);
      const { title, text, severity, ownerId, dueAt, evidence } = finding;
      await tx.query(
        `INSERT INTO findings (id, model_id, version_id, title, text, severity, owner_id, due_at, evidence, raised_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [id, modelId, versionId, title, text, severity, ownerId, dueAt, evidence, ctx.actor.id],
      );
      await recordEvent(tx, { type: 'FINDING_RAISED', id, actor: ctx.actor.id, time: ctx.now(), payload: { finding: id, model: modelId, version: versionId, severity, text: textDigest(`${title}\n${text}`) } });
      return id;
    });
  }

  /** Gives an open finding to another owner, or another date: its owner may have left. @returns the id of the reassignment */
  async reassign(ctx: Context, { findingId, ownerId, dueAt, reason }: NewOwner): Promise<string> {
    requireWords({ reason });
    if (dueAt <= ctx.now()) throw badInput('dueAt: give a time that is still to come.');
    const id = newId();
    return governed(ctx, actOn('REASSIGN_FINDING', findingId, { permission: 'finding:raise', role: 'VALIDATOR' }), async (tx) => {
      const finding = await lockFinding(tx, findingId);
      requireStep('REASSIGN', finding.state);
      await requireIndependent(tx, ctx, finding, TO_REASSIGN);
      if (ownerId === finding.ownerId && dueAt.getTime() === finding.dueAt.getTime()) throw badInput('Say what changes: give another ownerId, or another dueAt.');
      await requireResolver(tx, ownerId);
      // From whom it goes and what was due before is written by the database, which looks under the same lock.
      await tx.query(
        `INSERT INTO finding_reassignments (id, finding_id, from_owner, to_owner, due_before, due_at, reason, by_user) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [id, findingId, finding.ownerId, ownerId, finding.dueAt, dueAt, reason, ctx.actor.id],
      );
      const payload = { ...payloadOf(finding), reassignment: id, from: finding.ownerId, to: ownerId, due: dueAt.toISOString(), text: textDigest(reason) };
      await recordEvent(tx, { type: 'FINDING_REASSIGNED', id: findingId, actor: ctx.actor.id, time: ctx.now(), payload });
      return id;
    });
  }

  /** What its owner did about it, or why the risk is to be borne. @returns the id of the resolution */
  async resolve(ctx: Context, { findingId, outcome, text, evidence }: NewResolution): Promise<string> {
    requireWords({ text });
    const id = newId();
    return governed(ctx, actOn('RESOLVE_FINDING', findingId, { permission: 'finding:resolve', role: RESOLVERS }), async (tx) => {
      const finding = await lockFinding(tx, findingId);
      requireStep('RESOLVE', finding.state);
      await requireOwner(tx, ctx, finding);
      await tx.query('INSERT INTO finding_resolutions (id, finding_id, outcome, text, evidence, proposed_by) VALUES ($1, $2, $3, $4, $5, $6)', [id, findingId, outcome, text, evidence, ctx.actor.id]);
      await recordEvent(tx, { type: 'FINDING_RESOLVED', id: findingId, actor: ctx.actor.id, time: ctx.now(), payload: { ...payloadOf(finding), resolution: id, outcome, text: textDigest(text) } });
      return id;
    });
  }

  /** Closes a finding. */
  accept(ctx: Context, verdict: ResolutionVerdict): Promise<void> {
    return this.judge(ctx, 'ACCEPT', verdict);
  }

  /** Sends a finding back to its owner. */
  reject(ctx: Context, verdict: ResolutionVerdict): Promise<void> {
    return this.judge(ctx, 'REJECT', verdict);
  }

  private async judge(ctx: Context, act: 'ACCEPT' | 'REJECT', { findingId, comment }: ResolutionVerdict): Promise<void> {
    requireWords({ comment });
    await governed(ctx, actOn(`${act}_RESOLUTION`, findingId, { permission: 'finding:raise', role: 'VALIDATOR' }), async (tx) => {
      const finding = await lockFinding(tx, findingId);
      requireStep(act, finding.state);
      await requireIndependent(tx, ctx, finding, TO_JUDGE);
      const { resolutionId: resolution } = finding;
      if (resolution === null) throw internal(`Finding ${findingId} waits for a verdict on no resolution.`);
      await tx.query('INSERT INTO finding_verdicts (resolution_id, verdict, comment, decided_by) VALUES ($1, $2, $3, $4)', [resolution, `${act}ED`, comment, ctx.actor.id]);
      const type = act === 'ACCEPT' ? 'RESOLUTION_ACCEPTED' : 'RESOLUTION_REJECTED';
      await recordEvent(tx, { type, id: findingId, actor: ctx.actor.id, time: ctx.now(), payload: { ...payloadOf(finding), resolution, text: textDigest(comment) } });
    });
  }
}

const actOn = (name: string, subject: string, who: Pick<GovernedAct, 'permission' | 'role'>): GovernedAct => ({ name, subject, ...who });

const payloadOf = ({ id, modelId, versionId }: FindingRow): { finding: string; model: string; version: string | null } => ({ finding: id, model: modelId, version: versionId });

function requireWords(words: Readonly<Record<string, unknown>>): void {
  for (const field of ['title', 'text', 'comment', 'reason']) {
    const value = words[field];
    if (typeof value === 'string' && value.trim() === '') throw badInput(`${field}: write at least a sentence.`);
  }
}

async function subjectOf(tx: Transaction, about: NewFinding['about']): Promise<{ modelId: string; versionId: string | null }> {
  if ('versionId' in about) {
    const [version] = await tx.query<{ modelId: string }>('SELECT model_id AS "modelId" FROM model_versions WHERE id = $1', [about.versionId]);
    if (!version) throw notFound('versionId: there is no such model version.');
    return { modelId: version.modelId, versionId: about.versionId };
  }
  const [model] = await tx.query('SELECT id FROM models WHERE id = $1', [about.modelId]);
  if (!model) throw notFound('modelId: there is no such model.');
  return { modelId: about.modelId, versionId: null };
}

/** Who could never resolve it does not get it. */
async function requireResolver(tx: Transaction, ownerId: string): Promise<void> {
  const [owner] = await tx.query<{ name: string; able: boolean }>(
    `SELECT u.name, EXISTS (SELECT FROM unnest($2::text[]) AS r(role) WHERE ${grantedNow('u.id', 'r.role')}) AS able FROM users u WHERE u.id = $1`,
    [ownerId, RESOLVERS],
  );
  if (!owner) throw notFound('ownerId: there is no such user.');
  if (owner.able) return;
  throw refusedBy('FINDING_HAS_OWNER', {
    says: `${owner.name} holds none of the roles ${RESOLVERS.join(', ')} and could never resolve the finding.`,
    remedy: 'Name an owner who can.',
    who: 'VALIDATOR',
  });
}

async function lockFinding(tx: Transaction, id: string): Promise<FindingRow> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('finding ' || $1, 0))`, [id]);
  const [row] = await findingRows(tx, [id]);
  if (!row) throw notFound('There is no such finding.');
  return row;
}

const nameOf = async (tx: Transaction, userId: string): Promise<string> => (await tx.query<{ name: string }>('SELECT name FROM users WHERE id = $1', [userId]))[0]?.name ?? 'its owner';

async function requireOwner(tx: Transaction, { actor }: Context, { ownerId, title }: FindingRow): Promise<void> {
  if (ownerId === actor.id) return;
  const owner = await nameOf(tx, ownerId);
  throw refusedBy('RESOLVED_BY_OWNER', {
    says: `“${title}” belongs to ${owner}, not to ${actor.name}.`,
    remedy: `Ask ${owner} for resolveFinding. If ${owner} cannot, a VALIDATOR gives it to somebody else with reassignFinding.`,
    who: `${owner}, or VALIDATOR`,
  });
}

const TO_JUDGE = { rule: 'RESOLUTION_JUDGED_BY_OTHERS', cannot: 'cannot judge its resolution' } as const;
const TO_REASSIGN = { rule: 'REASSIGNED_BY_OTHERS', cannot: 'can give it neither another owner nor more time' } as const;

/** The database refuses these too; here they get a sentence that says why. */
async function requireIndependent(tx: Transaction, { actor }: Context, { ownerId, modelId, versionId, title }: FindingRow, { rule, cannot }: typeof TO_JUDGE | typeof TO_REASSIGN): Promise<void> {
  const [{ made }] = (await tx.query<{ made: boolean }>(
    'SELECT is_maker($1, $2) OR $2::uuid IS NULL AND EXISTS (SELECT FROM models WHERE id = $3 AND owner_id = $1) AS made',
    [actor.id, versionId, modelId],
  )) as [{ made: boolean }];
  const why = ownerId === actor.id ? `owns “${title}”` : made ? `made what “${title}” is about` : undefined;
  if (why === undefined) return;
  throw refusedBy(rule, { says: `${actor.name} ${why} and ${cannot}.`, remedy: 'Ask an independent colleague.', who: 'another VALIDATOR' });
}
