import { recordEvent, textDigest } from '../../audit/index.js';
import { badInput, canonicalJson, internal, newId, notFound, sha256, sqlState, type Context, type Transaction } from '../../platform/index.js';
import { governed, preparedAndGoverned, type GovernedAct } from '../access/governed.js';
import { refusedBy } from '../rules.js';
import type { Proposal, ProposalKind, ProposalKindName } from './kinds.js';
import { proposalRows, type ProposalRow } from './proposals.queries.js';

export interface ProposalRequest {
  /** The row id of what it is about. */
  readonly subject: string;
  /** JSON without personal data. */
  readonly payload: object;
  readonly reason: string;
}

/** Days for which a proposal waits for its second person. */
const OPEN_DAYS = 14;
const UNIQUE_VIOLATION = '23505';

/** Four eyes: one person proposes, another confirms, and the confirmation does it, in one transaction. */
export class Proposals {
  private readonly kinds: ReadonlyMap<ProposalKindName, ProposalKind>;

  constructor(kinds: readonly ProposalKind[]) {
    this.kinds = new Map(kinds.map((kind) => [kind.name, kind]));
  }

  /** @returns the id of the proposal */
  async propose(ctx: Context, name: ProposalKindName, request: ProposalRequest): Promise<string> {
    const kind = this.kindOf(name);
    return governed(ctx, actOf(kind, 'PROPOSE', request.subject), (tx) => this.proposeWithin(tx, ctx, name, request), kind.translate);
  }

  /** The same as a part of an act that has checked permission and grant. */
  async proposeWithin(tx: Transaction, ctx: Context, name: ProposalKindName, { subject, payload, reason }: ProposalRequest): Promise<string> {
    if (reason.trim() === '') throw badInput('reason: say in a sentence why.');
    const kind = this.kindOf(name);
    await kind.check?.(tx, ctx, { kind: name, subject, payload, reason, proposedBy: ctx.actor.id });
    await requireNoneOpen(tx, kind, subject, payload);
    const id = newId();
    await tx.query(
      `INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, expires_at) VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 day')`,
      [id, name, subject, JSON.stringify(payload), ctx.actor.id, reason, OPEN_DAYS],
    );
    await record(tx, ctx, 'PROPOSED', { id, kind: name, subject, payload }, reason);
    return id;
  }

  /** Confirms what somebody else proposed, which does it. @throws NOT_FOUND; REFUSED to who proposed it, and for one that is not open */
  async confirm(ctx: Context, proposalId: string, comment: string): Promise<void> {
    const { row, kind } = await this.find(ctx, proposalId);
    await preparedAndGoverned(ctx, actOf(kind, 'CONFIRM', proposalId), async () => kind.prepare?.(ctx, row), async (tx, prepared) => {
      requireOther(ctx, row, kind);
      await requireProposerActs(tx, row, kind);
      const kept = keptWords(kind, comment);
      await decide(tx, ctx, row, 'CONFIRMED', kept);
      await kind.check?.(tx, ctx, row);
      const made = await kind.execute(tx, ctx, row, prepared);
      await record(tx, ctx, 'PROPOSAL_CONFIRMED', row, kept, made);
    }, kind.translate);
    await kind.after?.(ctx);
  }

  /** Declines a proposal; who proposed it takes it back so. */
  async decline(ctx: Context, proposalId: string, comment: string): Promise<void> {
    const { row, kind } = await this.find(ctx, proposalId);
    await governed(ctx, actOf(kind, 'DECLINE', proposalId), async (tx) => {
      const kept = keptWords(kind, comment);
      await decide(tx, ctx, row, 'DECLINED', kept);
      await record(tx, ctx, 'PROPOSAL_DECLINED', row, kept);
    });
  }

  /** Everything that can be proposed, for lists and tasks. */
  get all(): readonly ProposalKind[] {
    return [...this.kinds.values()];
  }

  kindOf(name: ProposalKindName): ProposalKind {
    const kind = this.kinds.get(name);
    if (!kind) throw internal(`Nothing carries out proposals of the kind ${name}.`);
    return kind;
  }

  private async find(ctx: Context, id: string): Promise<{ row: ProposalRow; kind: ProposalKind }> {
    const [row] = await proposalRows(ctx.db, [id]);
    if (!row) throw notFound('There is no such proposal.');
    return { row, kind: this.kindOf(row.kind) };
  }
}

const actOf = ({ name, permission, roles }: ProposalKind, verb: string, subject: string): GovernedAct => ({ name: `${verb}_${name}`, subject, permission, role: roles });

/** What is said of somebody whose data is to go would outlive it in the clear. */
const keptWords = ({ wordless }: ProposalKind, comment: string): string => (wordless ? 'What was said is not kept: it is about a person whose data is to be destroyed.' : comment);

function requireOther({ actor }: Context, { proposedBy }: Proposal, { roles }: ProposalKind): void {
  if (proposedBy !== actor.id) return;
  throw refusedBy('SECOND_PERSON', {
    says: `${actor.name} proposed this and cannot confirm it.`,
    remedy: `Ask another person who is ${roles.join(' or ')} for confirmProposal.`,
    who: roles.join(', '),
  });
}

/** Who proposed it must still be somebody who may. Their grants are locked, so that none ends before the confirmation does it. */
async function requireProposerActs(tx: Transaction, { proposedBy }: Proposal, { roles }: ProposalKind): Promise<void> {
  await tx.query('SELECT FROM role_grants WHERE user_id = $1 ORDER BY id FOR SHARE', [proposedBy]);
  const [able] = await tx.query('SELECT FROM unnest($2::text[]) AS role WHERE acts_as($1, role)', [proposedBy, roles]);
  if (able) return;
  const named = roles.join(' or ');
  throw refusedBy('PROPOSER_HOLDS_ROLE', {
    says: `Who proposed this holds no current grant of the role ${named} any more.`,
    remedy: 'Decline it, and have somebody who holds the role propose it again.',
    who: named,
  });
}

/** The decision's key is the proposal: of two at the same time one waits, and then learns that it came second. */
async function decide(tx: Transaction, ctx: Context, row: ProposalRow, verdict: 'CONFIRMED' | 'DECLINED', comment: string): Promise<void> {
  if (row.state === 'EXPIRED' && verdict === 'CONFIRMED') throw notOpen(`expired on ${row.expiresAt.toISOString()}`);
  await tx
    .query('INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, $3, $4)', [row.id, ctx.actor.id, verdict, comment])
    .catch((error: unknown) => {
      if (sqlState(error) === UNIQUE_VIOLATION) throw notOpen(`was ${row.state === 'OPEN' ? 'decided' : row.state.toLowerCase()} before`);
      if (sqlState(error) === 'AS009') throw notOpen(`expired on ${row.expiresAt.toISOString()}`);
      throw error;
    });
}

const notOpen = (what: string): Error =>
  refusedBy('PROPOSAL_OPEN', { says: `The proposal ${what}.`, remedy: 'Propose it again if it is still wanted.', who: 'whoever may propose it', code: 'CONFLICT' });

/** One after the other for each subject, so that two of the same do not wait for confirmation side by side. */
async function requireNoneOpen(tx: Transaction, { name }: ProposalKind, subject: string, payload: object): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`proposal ${name} ${subject}`]);
  const [open] = await tx.query<{ id: string }>(
    `SELECT p.id FROM proposals p WHERE p.kind = $1 AND p.subject = $2 AND p.payload = $3::jsonb AND p.expires_at > clock_timestamp()
       AND NOT EXISTS (SELECT FROM proposal_decisions d WHERE d.proposal_id = p.id)`,
    [name, subject, JSON.stringify(payload)],
  );
  if (!open) return;
  throw refusedBy('PROPOSAL_OPEN', {
    says: 'The same has been proposed already and waits for a second person.',
    remedy: 'Ask for its confirmation, or decline it first.',
    who: 'another person of the same role',
    code: 'CONFLICT',
  });
}

type Described = Pick<Proposal, 'id' | 'kind' | 'subject' | 'payload'>;

function record(tx: Transaction, ctx: Context, type: 'PROPOSED' | 'PROPOSAL_DECLINED', proposal: Described, said: string): Promise<void>;
function record(tx: Transaction, ctx: Context, type: 'PROPOSAL_CONFIRMED', proposal: Described, said: string, made: string): Promise<void>;
function record(tx: Transaction, ctx: Context, type: 'PROPOSED' | 'PROPOSAL_CONFIRMED' | 'PROPOSAL_DECLINED', { id, kind, subject, payload }: Described, said: string, made = ''): Promise<void> {
  const about = { proposal: id, kind, subject, digest: sha256(canonicalJson(payload)).toString('hex'), text: textDigest(said) };
  const common = { id, actor: ctx.actor.id, time: ctx.now() };
  return recordEvent(tx, type === 'PROPOSAL_CONFIRMED' ? { ...common, type, payload: { ...about, made } } : { ...common, type, payload: about });
}
