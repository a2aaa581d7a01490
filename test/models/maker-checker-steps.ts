import * as fc from 'fast-check';
import type { Context } from '../../src/platform/index.js';
import { parsePolicy } from '../../src/models/policy/policy.js';
import { currentPolicyRow } from '../../src/models/policy/policy.queries.js';
import type { Tier } from '../../src/models/index.js';
import type { ProposalKindName, Role } from '../../src/security/index.js';
import { asPlainSql, FORGED, type Forgery } from './maker-checker-plain-sql.js';
import { PRINCIPAL, smallVersion, type Bank, type SmallVersion } from './support.js';

export const PEOPLE = ['Ann', 'Bob', 'Cid', 'Dora', 'Eve', 'Finn'] as const;
export type Person = (typeof PEOPLE)[number];
export const ROLES = ['MODEL_OWNER', 'VALIDATOR', 'ADMIN'] as const;
const KEEPER: Role = 'ACCESS_ADMIN';
/** What the versions fail that are built to fail, and what is waived. */
const GATE = 'MODEL_CARD';

type Step =
  | { readonly act: 'submit' | 'withdraw' | 'deploy' | 'change sides'; readonly by: Person }
  | { readonly act: 'edit'; readonly by: Person; readonly builder: Person; readonly fails: boolean }
  | { readonly act: 'validate' | 'invalidate' | 'approve' | 'reject'; readonly by: Person; readonly stale: boolean }
  | { readonly act: 'grant' | 'end'; readonly by: Person; readonly role: Role }
  | { readonly act: 'waive' | 'policy'; readonly by: Person; readonly other: Person }
  | { readonly act: 'tier'; readonly by: Person; readonly other: Person; readonly tier: Tier }
  | { readonly act: Forgery; readonly by: Person };

const by = fc.constantFrom(...PEOPLE);
const tier = fc.constantFrom<Tier>('HIGH', 'MEDIUM', 'LOW', 'LOW');
const seldom = fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const votes = fc.record({ act: fc.constantFrom('validate', 'approve', 'approve', 'approve', 'invalidate', 'reject'), by, stale: seldom });
const step = fc.oneof(
  { weight: 10, arbitrary: votes },
  { weight: 5, arbitrary: fc.record({ act: fc.constantFrom('submit', 'submit', 'withdraw', 'deploy', 'deploy'), by }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('edit'), by, builder: by, fails: seldom }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('grant', 'end'), by, role: fc.constantFrom<Role>(...ROLES, KEEPER) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('change sides'), by }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('waive', 'waive', 'waive', 'waive', 'policy'), by, other: by }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('tier'), by, other: by, tier }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom(...FORGED), by }) },
) as fc.Arbitrary<Step>;

/** A version's life: who makes it, who is there to check it, and then one step alone, or two or three at the same time. */
export const sequence = fc.record({
  tier,
  maker: by,
  builder: by,
  /** Told at registration, or left out where it is who registers. */
  trainer: fc.option(by, { freq: 3, nil: undefined }),
  /** They begin with the roles that vote, whatever they lost before. */
  checkers: fc.shuffledSubarray([...PEOPLE], { minLength: 2, maxLength: 3 }),
  /** Whether a gate fails, so that approval needs a waiver. */
  fails: fc.constantFrom(false, false, true),
  /** Whether it is submitted before anything else happens, or is besides one whose gate fails and the first two checkers waive. */
  begins: fc.constantFrom('SUBMITTED', 'SUBMITTED', 'WAIVED', 'DRAFT'),
  steps: fc.array(fc.oneof({ weight: 3, arbitrary: step.map((one) => [one]) }, { weight: 2, arbitrary: fc.array(step, { minLength: 2, maxLength: 3 }) }), { minLength: 4, maxLength: 9 }),
});
export type Sequence = typeof sequence extends fc.Arbitrary<infer Value> ? Value : never;

/** What each person of a team uploaded: whoever names it in a dossier has them for a maker. */
export interface Team {
  readonly people: Readonly<Record<Person, Context>>;
  readonly built: Readonly<Record<Person, SmallVersion>>;
}

export async function newTeam(bank: Bank, team: number): Promise<Team> {
  const people = {} as Record<Person, Context>;
  const built = {} as Record<Person, SmallVersion>;
  for (const [i, name] of PEOPLE.entries()) {
    people[name] = await bank.person(`${name} ${team}`, ROLES, { granted: [] });
    // Another label makes another schema: no artefact is shared, each has its one builder.
    built[name] = await smallVersion({ weight: 1 + (10 * team + i) / 100, spec: { ...PRINCIPAL, label: `Amount, by ${name} ${team}` } });
    for (const role of ROLES) await give(bank, people[name], role);
    await bank.upload(people[name], built[name]);
  }
  return { people, built };
}

/** What the test ordered and the service said it did: the oracle's own list of makers, whatever the service wrote down. */
export class Ordered {
  readonly makers: (readonly [versionId: string, userId: string])[] = [];
  note(versionId: string, ...makers: readonly (Context | undefined)[]): void {
    for (const maker of makers) if (maker) this.makers.push([versionId, maker.actor.id]);
  }
}

const held = async ({ database }: Bank, { actor }: Context, role: Role): Promise<string | undefined> =>
  (await database.db.query<{ id: string }>('SELECT id FROM role_grants WHERE user_id = $1 AND role = $2 AND valid_to IS NULL', [actor.id, role]))[0]?.id;

/** Grants a role by as many of the two keepers as it takes, unless it is held. */
export async function give(bank: Bank, ctx: Context, role: Role): Promise<void> {
  if (await held(bank, ctx, role)) return;
  const { grants, proposals, first, second } = bank.keepers;
  const granted = await grants.grantRole(first, { to: ctx.actor.id, role, reason: 'A reason.' });
  if ('proposalId' in granted) await confirmed(proposals, granted.proposalId, first, second);
}

async function end(bank: Bank, ctx: Context, role: Role): Promise<void> {
  const id = await held(bank, ctx, role);
  if (id) await bank.keepers.grants.endRole(bank.keepers.first, id);
}

/** From voting to keeping the roles of others, or back. */
async function changeSides(bank: Bank, ctx: Context): Promise<void> {
  const from: readonly Role[] = (await held(bank, ctx, KEEPER)) ? [KEEPER] : ['VALIDATOR', 'ADMIN'];
  for (const role of from) await end(bank, ctx, role);
  await give(bank, ctx, from[0] === KEEPER ? 'ADMIN' : KEEPER);
}

/** What nobody confirms is taken back, so that it can be proposed again. */
async function confirmed(proposals: Bank['keepers']['proposals'], id: string, proposer: Context, other: Context): Promise<void> {
  try {
    await proposals.confirm(other, id, 'Agreed.');
  } catch (error) {
    await proposals.decline(proposer, id, 'Not so.').catch(() => undefined);
    throw error;
  }
}

interface Target {
  readonly versionId: string;
  readonly modelId: string;
}

/** What a team does, through the services or with the application's password past them. */
export class Play {
  constructor(
    private readonly bank: Bank,
    private readonly team: Team,
    private readonly ordered: Ordered,
  ) {}

  /** Registers the version of a sequence over a model of its own. */
  async begin({ tier: of, maker, builder, trainer, checkers, fails, begins }: Sequence): Promise<Target> {
    const { bank, team: { people } } = this;
    await give(bank, people[maker], 'MODEL_OWNER');
    for (const one of checkers) {
      await end(bank, people[one], KEEPER);
      for (const role of ['VALIDATOR', 'ADMIN'] as const) await give(bank, people[one], role);
    }
    const modelId = await bank.newModel(people[maker], of);
    const trainedBy = trainer && people[trainer].actor.id;
    const versionId = await bank.versions.registerVersion(people[maker], { modelId, dossier: this.dossier(builder, fails || begins === 'WAIVED'), ...(trainedBy && { trainedBy: [trainedBy] }) });
    this.ordered.note(versionId, people[maker], people[builder], trainer && people[trainer]);
    const target = { versionId, modelId };
    // Either may be refused: another team's change of policy comes between, or a checker is a maker.
    if (begins !== 'DRAFT') await this.take(target, { act: 'submit', by: maker }).catch(() => undefined);
    if (begins === 'WAIVED') await this.take(target, { act: 'waive', by: checkers[0]!, other: checkers[1]! }).catch(() => undefined);
    return target;
  }

  private dossier(builder: Person, fails: boolean): string {
    const { dossier } = this.team.built[builder];
    // `undefined` is left out of JSON: the card says nothing of it.
    return JSON.stringify(fails ? { ...dossier, modelCard: { ...dossier.modelCard, ethics: undefined } } : dossier);
  }

  async take(target: Target, one: Step): Promise<unknown> {
    const { bank, team: { people } } = this;
    const { versionId, modelId } = target;
    const ctx = people[one.by];
    switch (one.act) {
      case 'edit': return this.edit(versionId, one);
      case 'submit': return bank.versions.submit(ctx, versionId).then(() => this.ordered.note(versionId, ctx));
      case 'withdraw': return bank.versions.withdraw(ctx, versionId, 'A reason.');
      case 'validate': return this.vote('VALIDATE', versionId, one);
      case 'invalidate': return this.vote('INVALIDATE', versionId, one);
      case 'approve': return this.vote('APPROVE', versionId, one);
      case 'reject': return this.vote('REJECT', versionId, one);
      case 'deploy': return bank.deployments.deploy(ctx, { versionId, role: 'CHAMPION', reason: 'A reason.' });
      case 'grant': return give(bank, ctx, one.role);
      case 'end': return end(bank, ctx, one.role);
      case 'change sides': return changeSides(bank, ctx);
      case 'waive': return this.together('WAIVE_GATE', versionId, { gate: GATE, dossier: (await bank.version(versionId)).digest, expiresAt: new Date(Date.now() + 86_400_000).toISOString() }, one);
      case 'tier': return this.together('CHANGE_TIER', modelId, { tier: one.tier }, one);
      case 'policy': return this.changePolicy(one);
      default: return asPlainSql(bank.database.db, one.act, { ...target, userId: ctx.actor.id, keeperId: bank.keepers.first.actor.id });
    }
  }

  private async edit(versionId: string, one: { by: Person; builder: Person; fails: boolean }): Promise<void> {
    const { people } = this.team;
    const { digest } = await this.bank.version(versionId);
    await this.bank.versions.edit(people[one.by], { versionId, replaces: digest, dossier: this.dossier(one.builder, one.fails) });
    this.ordered.note(versionId, people[one.by], people[one.builder]);
  }

  private async vote(act: 'VALIDATE' | 'INVALIDATE' | 'APPROVE' | 'REJECT', versionId: string, one: { by: Person; stale: boolean }): Promise<void> {
    const dossierDigest = one.stale ? '0'.repeat(64) : (await this.bank.version(versionId)).digest;
    await this.bank.votes.vote(this.team.people[one.by], act, { versionId, dossierDigest, comment: 'A reason.' });
  }

  /** One proposes, another confirms, who is now and then the same. */
  private async together(kind: ProposalKindName, subject: string, payload: object, one: { by: Person; other: Person }): Promise<void> {
    const { people } = this.team;
    const { proposals } = this.bank.keepers;
    const id = await proposals.propose(people[one.by], kind, { subject, payload, reason: 'A reason.' });
    await confirmed(proposals, id, people[one.by], people[one.other]);
  }

  /** Versions of tier MEDIUM need an admin more, or again one less: what is submitted keeps what it needed then. */
  private async changePolicy(one: { by: Person; other: Person }): Promise<void> {
    const { id, version: after, body } = await currentPolicyRow(this.bank.database.db);
    const policy = JSON.parse(body) as { tiers: { MEDIUM: { votes: { ADMIN: number } } } };
    policy.tiers.MEDIUM.votes.ADMIN = 3 - policy.tiers.MEDIUM.votes.ADMIN;
    // Another policy each time, so that a proposal that stays open is in nobody's way.
    const { canonical } = parsePolicy(JSON.stringify({ ...policy, decisionReviewDays: 10 + (after % 20) }));
    await this.together('CHANGE_POLICY', id, { after, body: canonical }, one);
  }
}
