import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Context } from '../../src/platform/index.js';
import type { Role } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { bypasses } from './maker-checker-oracle.js';
import { Bank, smallVersion, type SmallVersion } from './support.js';

/**
 * Maker ≠ checker, as a property: whatever people with changing roles do, in whatever order and at the same time, every
 * version that came to be approved or deployed has the votes it needs from people who could give them. The services and
 * the database are the real ones; what became of each sequence is judged by an oracle that reads nothing but the evidence.
 */
const SEQUENCES = Number(process.env['GOVERNANCE_SEQUENCES'] ?? 300);
/** Sequences that run at the same time, each over models of its own; people and their roles are shared. */
const AT_ONCE = 4;

const PEOPLE = ['Ann', 'Bob', 'Cid', 'Dora', 'Eve', 'Finn'] as const;
type Person = (typeof PEOPLE)[number];
const ROLES = ['MODEL_OWNER', 'VALIDATOR', 'ADMIN'] as const;

type Step =
  | { readonly act: 'upload' | 'edit' | 'submit' | 'withdraw' | 'deploy'; readonly by: Person }
  | { readonly act: 'validate' | 'invalidate' | 'approve' | 'reject'; readonly by: Person; readonly stale: boolean }
  | { readonly act: 'grant' | 'end'; readonly by: Person; readonly role: (typeof ROLES)[number] }
  | { readonly act: 'forge vote' | 'forge approval' | 'forge deployment' | 'swap dossier' | 'swap artefact'; readonly by: Person };

const person = fc.constantFrom(...PEOPLE);
const votes = fc.record({ act: fc.constantFrom('validate', 'approve', 'approve', 'approve', 'invalidate', 'reject'), by: person, stale: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }) });
const step = fc.oneof(
  { weight: 5, arbitrary: votes },
  { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('upload', 'edit', 'submit', 'submit', 'withdraw', 'deploy', 'deploy'), by: person }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('grant', 'end'), by: person, role: fc.constantFrom(...ROLES) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('forge vote', 'forge approval', 'forge deployment', 'swap dossier', 'swap artefact'), by: person }) },
) as fc.Arbitrary<Step>;
/** One step alone, or two or three at the same time. */
const sequence = fc.record({
  tier: fc.constantFrom('HIGH', 'MEDIUM', 'LOW', 'LOW'),
  maker: person,
  trainer: person,
  steps: fc.array(fc.oneof({ weight: 3, arbitrary: step.map((one) => [one]) }, { weight: 2, arbitrary: fc.array(step, { minLength: 2, maxLength: 3 }) }), { minLength: 4, maxLength: 9 }),
});
type Sequence = typeof sequence extends fc.Arbitrary<infer Value> ? Value : never;

let database: TestDatabase;
let bank: Bank;
let versions: readonly SmallVersion[];
type Team = Readonly<Record<Person, Context>>;
/** One for each sequence that runs, so that no sequence changes the roles of another's people. */
let teams: readonly Team[];
const grantIds = new Map<string, string>();
const counts = { sequences: 0, acts: 0, done: 0, refused: 0, races: 0 };

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  versions = await Promise.all([1, 2].map((weight) => smallVersion({ weight })));
  teams = await Promise.all(Array.from({ length: AT_ONCE }, (_, team) => newTeam(team + 1)));
  for (const version of versions) await bank.upload(teams[0]!.Ann, version);
});
afterAll(() => database.close());

async function newTeam(team: number): Promise<Team> {
  const entries = PEOPLE.map(async (name) => [name, await bank.person(`${name} ${team}`, ROLES, { granted: [] })] as const);
  const people = Object.fromEntries(await Promise.all(entries)) as Team;
  for (const name of PEOPLE) for (const role of ROLES) await give(people[name], role);
  return people;
}

async function give({ actor }: Context, role: Role): Promise<void> {
  const key = `${actor.id} ${role}`;
  if (!grantIds.has(key)) grantIds.set(key, (await bank.keepers.give(actor.id, role)).id);
}

async function end({ actor }: Context, role: Role): Promise<void> {
  const id = grantIds.get(`${actor.id} ${role}`);
  if (id === undefined) return;
  grantIds.delete(`${actor.id} ${role}`);
  await bank.keepers.grants.endRole(bank.keepers.first, id);
}

const sql = (text: string, parameters: readonly unknown[]): Promise<unknown> => database.db.transaction((tx) => tx.query(text, parameters));

/** Somebody does something: through the service, or with the application's password past it. */
async function take(people: Team, target: { versionId: string; modelId: string }, one: Step): Promise<unknown> {
  const { versionId, modelId } = target;
  const ctx = people[one.by];
  const { digest } = await bank.version(versionId);
  const ballot = { versionId, dossierDigest: 'stale' in one && one.stale ? '0'.repeat(64) : digest, comment: 'A reason.' };
  switch (one.act) {
    case 'upload': return bank.upload(ctx, versions[1]!);
    case 'edit': return bank.versions.edit(ctx, { versionId, replaces: digest, dossier: JSON.stringify(versions[1]!.dossier) });
    case 'submit': return bank.versions.submit(ctx, versionId);
    case 'withdraw': return bank.versions.withdraw(ctx, versionId, 'A reason.');
    case 'validate': return bank.votes.vote(ctx, 'VALIDATE', ballot);
    case 'invalidate': return bank.votes.vote(ctx, 'INVALIDATE', ballot);
    case 'approve': return bank.votes.vote(ctx, 'APPROVE', ballot);
    case 'reject': return bank.votes.vote(ctx, 'REJECT', ballot);
    case 'deploy': return bank.deployments.deploy(ctx, { versionId, role: 'CHAMPION', reason: 'A reason.' });
    case 'grant': return give(ctx, one.role);
    case 'end': return end(ctx, one.role);
    case 'forge vote':
      return sql(
        `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment)
         SELECT gen_random_uuid(), id, $2, 'ADMIN', 'FOR', dossier_digest, 'forged' FROM model_versions WHERE id = $1`, [versionId, ctx.actor.id]);
    case 'forge approval': return sql(`UPDATE model_versions SET state = 'APPROVED' WHERE id = $1`, [versionId]);
    case 'forge deployment':
      return sql(
        `INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES (gen_random_uuid(), $1, $2, 'CHAMPION', clock_timestamp(), $3, 'forged')`,
        [modelId, versionId, ctx.actor.id]);
    case 'swap dossier': return sql(`UPDATE model_versions SET dossier = '{}', dossier_digest = sha256('{}') WHERE id = $1 AND state <> 'DRAFT'`, [versionId]);
    case 'swap artefact': return sql(`UPDATE model_version_artefacts SET sha256 = (SELECT sha256 FROM artefacts LIMIT 1) WHERE version_id = $1`, [versionId]);
  }
}

/** Plays one sequence over a model and a version of its own. */
async function play(people: Team, { tier, maker, trainer, steps }: Sequence): Promise<void> {
  await give(people[maker], 'MODEL_OWNER');
  const modelId = await bank.newModel(people[maker], tier as 'HIGH');
  const versionId = await bank.versions.registerVersion(people[maker], { modelId, dossier: JSON.stringify(versions[0]!.dossier), trainedBy: [people[trainer].actor.id] });
  for (const together of steps) {
    const results = await Promise.allSettled(together.map((one) => take(people, { versionId, modelId }, one)));
    counts.acts += results.length;
    counts.races += results.length > 1 ? 1 : 0;
    counts.done += results.filter(({ status }) => status === 'fulfilled').length;
    counts.refused += results.filter(({ status }) => status === 'rejected').length;
  }
  counts.sequences += 1;
}

type Statement = readonly [sql: string, parameters: readonly unknown[]];
const vote = (versionId: string, who: string, digest = 'v.dossier_digest'): Statement => [
  `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment) SELECT gen_random_uuid(), v.id, $2, 'ADMIN', 'FOR', ${digest}, 'x' FROM model_versions v WHERE v.id = $1`,
  [versionId, who],
];
const approve = (versionId: string): Statement => [`UPDATE model_versions SET state = 'APPROVED' WHERE id = $1`, [versionId]];

const stateCounts = async (): Promise<Record<string, number>> =>
  Object.fromEntries((await database.db.query<{ state: string; count: number }>('SELECT state, count(*)::int AS count FROM model_versions GROUP BY state')).map(({ state, count }) => [state, count]));

describe('maker ≠ checker, without exception:', () => {
  it(`${SEQUENCES} sequences of acts by people with changing roles leave no bypass`, async () => {
    const drawn = fc.sample(sequence, { numRuns: SEQUENCES, seed: 20_261_125 });
    let next = 0;
    const work = async (team: Team): Promise<void> => {
      while (next < drawn.length) await play(team, drawn[next++]!);
    };
    await Promise.all(teams.map(work));
    const found = await bypasses(database.db);
    const states = await stateCounts();
    const [deployed] = await database.db.query<{ count: number }>('SELECT count(DISTINCT version_id)::int AS count FROM deployments');
    process.stderr.write(`maker ≠ checker: ${JSON.stringify({ ...counts, bypasses: found.length, states, deployed: deployed!.count })}\n`);
    expect(found).toEqual([]);
    // It would be no feat if nothing were ever approved.
    expect(states['APPROVED']).toBeGreaterThan(SEQUENCES / 50);
    expect(deployed!.count).toBeGreaterThan(SEQUENCES / 200);
    expect(counts.refused).toBeGreaterThan(SEQUENCES);
  }, 300_000);

  it('and the oracle sees every kind of bypass, made by a superuser with the rules switched off', async () => {
    const { Ann: maker, Bob: other } = teams[0]!;
    const forge = async (tier: 'LOW' | 'HIGH', statements: (versionId: string, modelId: string) => readonly Statement[]): Promise<string[]> => {
      await give(maker, 'MODEL_OWNER');
      const modelId = await bank.newModel(maker, tier);
      const versionId = await bank.versions.registerVersion(maker, { modelId, dossier: JSON.stringify(versions[0]!.dossier) });
      await bank.versions.submit(maker, versionId);
      await asSuperuser(database.name, async (client) => {
        await client.query("SET session_replication_role = 'replica'");
        for (const [text, parameters] of statements(versionId, modelId)) await client.query(text, [...parameters]);
      });
      return [...new Set((await bypasses(database.db)).filter((one) => one.versionId === versionId).map(({ rule }) => rule))];
    };
    const bob = other.actor.id;
    await give(other, 'ADMIN');
    expect(await forge('LOW', (id) => [vote(id, maker.actor.id), approve(id)])).toEqual(expect.arrayContaining(['maker voted']));
    expect(await forge('LOW', (id) => [vote(id, bob, `sha256('x')`), approve(id)])).toEqual(expect.arrayContaining(['vote on another dossier', 'too few votes']));
    expect(await forge('HIGH', (id) => [vote(id, bob), approve(id)])).toEqual(['too few votes']);
    expect(await forge('LOW', (id) => [vote(id, bank.keepers.first.actor.id), approve(id)])).toEqual(expect.arrayContaining(['voter without grant']));
    expect(await forge('LOW', (id, model) => [[`INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES (gen_random_uuid(), $2, $1, 'CHAMPION', now(), $3, 'x')`, [id, model, bob]]])).toEqual(['deployed without approval']);
    expect(await forge('LOW', (id) => [[`UPDATE model_versions SET dossier = '{}', dossier_digest = sha256('{}') WHERE id = $1`, [id]]])).toEqual(['dossier changed after submission']);
  });
});
