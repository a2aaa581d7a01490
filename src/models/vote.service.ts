import { recordEvent, textDigest } from '../audit/index.js';
import { badInput, internal, newId, type Context, type Transaction } from '../platform/index.js';
import { refusedBy } from '../security/index.js';
import { completes, missingVotes, VOTES, type MissingVotes, type VotingAct } from './approval-policy.js';
import type { Gates } from './gates/gates.service.js';
import type { Measured } from './gates/types.js';
import { preparedAndGoverned } from './governed.js';
import { digestBytes } from './hex.js';
import { transitionOf } from './lifecycle.js';
import { actOn, announce, lockVersion, move, votesOn, type LockedVersion } from './version.acts.js';
import { VoteEntity } from './version.entity.js';

export interface Ballot {
  readonly versionId: string;
  /** The dossier the voter read, hexadecimal. A vote for another than the version's never counts. */
  readonly dossierDigest: string;
  readonly comment: string;
}

/** Verdicts and approvals. Voters are none of the version's makers; each has one vote, on the dossier they saw. */
export class VoteService {
  constructor(private readonly gates: Gates) {}

  /** Casts a vote; the one that completes what was required when the version was submitted moves it on. An admin's vote for it needs every gate to pass. */
  async vote(ctx: Context, act: VotingAct, ballot: Ballot): Promise<void> {
    const digest = digestBytes(ballot.dossierDigest, 'dossierDigest');
    if (ballot.comment.trim() === '') throw badInput('comment: say in a sentence what the vote rests on.');
    const measure = async (): Promise<Measured | undefined> => (act === 'APPROVE' ? this.gates.measure(ctx, ballot.versionId) : undefined);
    const work = async (tx: Transaction, measured: Measured | undefined): Promise<void> => {
      const version = await lockVersion(tx, ballot.versionId);
      transitionOf(act, version.state);
      requireSameDossier(version, ballot.dossierDigest);
      await requireIndependent(tx, ctx, act, version);
      await requireValidatorFirst(tx, act, version);
      await requireVerdictMissing(tx, act, version);
      if (measured) await this.gates.requirePassed(tx, ctx, version, measured);
      await cast(tx, ctx, act, version, digest, ballot.comment);
      if (!completes(act, await stillMissing(tx, version))) return;
      await move(tx, ctx, version, act, ballot.comment);
      await announce(tx, ctx, VOTES[act].event, version);
    };
    await this.gates.keepRefused(ctx, () => preparedAndGoverned(ctx, actOn(act, ballot.versionId), measure, work));
  }
}

async function stillMissing(tx: Transaction, { id, required, dossierDigest }: LockedVersion): Promise<MissingVotes[]> {
  if (!required) throw internal(`Version ${id} is voted on, but what it needs was never frozen.`);
  return missingVotes(required, dossierDigest, await votesOn(tx, id));
}

async function cast(tx: Transaction, ctx: Context, act: VotingAct, version: LockedVersion, dossierDigest: Buffer, comment: string): Promise<void> {
  const { role, verdict } = VOTES[act];
  const id = newId();
  await tx.manager.insert(VoteEntity, { id, versionId: version.id, userId: ctx.actor.id, role, verdict, dossierDigest, comment });
  const payload = { model: version.modelId, version: version.id, dossier: version.dossierDigest, role, verdict, text: textDigest(comment) };
  await recordEvent(tx, { type: 'VOTE_CAST', id, actor: ctx.actor.id, time: ctx.now(), payload });
}

function requireSameDossier({ version, dossierDigest }: LockedVersion, seen: string): void {
  if (seen === dossierDigest) return;
  throw refusedBy('VOTE_FOR_PRESENT_DOSSIER', {
    says: `The vote is for the dossier ${seen}, but version ${version} has ${dossierDigest}.`,
    remedy: 'Read the dossier again and vote for what it says now.',
    who: 'the voter',
    code: 'CONFLICT',
  });
}

const ONE_OF = { VALIDATOR: 'a VALIDATOR', ADMIN: 'an ADMIN' } as const;

/** The database refuses these too, by the same rule; here they get a sentence that says which part it was. */
async function requireIndependent(tx: Transaction, ctx: Context, act: VotingAct, { id, version }: LockedVersion): Promise<void> {
  const { name } = ctx.actor;
  const who = `${ONE_OF[VOTES[act].role]} who had no part in version ${version}`;
  const [row] = await tx.query<{ maker: boolean; part: string | null }>(
    `SELECT is_maker($2, $1) AS maker,
       (SELECT lower(c.part) FROM model_version_contributors c WHERE c.version_id = $1 AND c.user_id = $2 ORDER BY c.recorded_at LIMIT 1) AS part`,
    [id, ctx.actor.id],
  );
  if (row!.maker) {
    const had = row!.part ?? 'had a part in';
    throw refusedBy('MAKER_IS_NOT_CHECKER', { says: `${name} ${had} version ${version} and may not vote on it.`, remedy: 'Ask an independent colleague.', who });
  }
  const voted = (await votesOn(tx, id)).find(({ userId }) => userId === ctx.actor.id);
  if (voted) {
    throw refusedBy('ONE_VOTE_EACH', {
      says: `${name} has voted on version ${version} as ${voted.role} before; each person has one vote.`,
      remedy: 'Ask another colleague.',
      who,
      code: 'CONFLICT',
    });
  }
}

/** Where the policy asks for a validator, admins vote on what has been validated. */
async function requireValidatorFirst(tx: Transaction, act: VotingAct, version: LockedVersion): Promise<void> {
  if (act !== 'APPROVE' || (await stillMissing(tx, version)).every(({ role }) => role !== 'VALIDATOR')) return;
  throw refusedBy('VALIDATOR_FIRST', {
    says: version.state === 'VALIDATED'
      ? `The validator's verdict on version ${version.version} has expired.`
      : `A model of tier ${version.tier} needs a validator's verdict before its versions can be approved.`,
    remedy: version.state === 'VALIDATED' ? 'Ask a VALIDATOR who has not voted on it for validateModelVersion.' : 'Ask a VALIDATOR for validateModelVersion.',
    who: 'VALIDATOR',
  });
}

/** What is validated is looked at again only where a verdict has expired. */
async function requireVerdictMissing(tx: Transaction, act: VotingAct, version: LockedVersion): Promise<void> {
  if (VOTES[act].role !== 'VALIDATOR' || version.state !== 'VALIDATED' || (await stillMissing(tx, version)).some(({ role }) => role === 'VALIDATOR')) return;
  throw refusedBy('LIFECYCLE', { says: `Version ${version.version} is VALIDATED, and its verdict counts.`, remedy: 'Ask an ADMIN for approveModelVersion or rejectModelVersion.', who: 'ADMIN' });
}
