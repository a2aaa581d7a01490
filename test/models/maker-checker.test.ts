import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { forgeries, type Stage } from './maker-checker-forgeries.js';
import { bypasses, RULES, type Bypass, type Told } from './maker-checker-oracle.js';
import { give, newTeam, Ordered, Play, sequence, type Sequence, type Team } from './maker-checker-steps.js';
import { Bank } from './support.js';

/**
 * Maker ≠ checker, as a property: whatever people with changing roles do, in whatever order and at the same time, every
 * version that came to be approved or deployed has the votes it needs from people who could give them. The services and
 * the database are the real ones; what became of the sequences is judged by an oracle that reads nothing but the evidence.
 * CONTRIBUTING.md says how to run more of them, and one again.
 */
const SEQUENCES = Number(process.env['GOVERNANCE_SEQUENCES'] ?? 60);
const SEED = Number(process.env['GOVERNANCE_SEED'] ?? Date.now() % 2 ** 31);
/** Sequences that run at the same time, each over models of its own and by a team of its own. */
const AT_ONCE = 4;

let database: TestDatabase;
let bank: Bank;
let teams: readonly Team[];
let told: Told;
const counts = { acts: 0, done: 0, refused: 0, races: 0 };
/** Which sequence a version or its model came from. */
const origin = new Map<string, Sequence>();

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  teams = await Promise.all(Array.from({ length: AT_ONCE }, (_, team) => newTeam(bank, team + 1)));
  told = { ordered: new Ordered(), keepers: [bank.keepers.first, bank.keepers.second].map(({ actor }) => actor.id) };
});
afterAll(() => database.close());

/** Plays one sequence over a model and a version of its own. @returns what it was about */
async function play(team: Team, drawn: Sequence): Promise<readonly string[]> {
  const acting = new Play(bank, team, told.ordered);
  const target = await acting.begin(drawn);
  // Whatever became of it, somebody tries in the end to deploy it.
  for (const together of [...drawn.steps, [{ act: 'deploy', by: drawn.checkers[0]! } as const]]) {
    const results = await Promise.allSettled(together.map((one) => acting.take(target, one)));
    const done = results.filter(({ status }) => status === 'fulfilled').length;
    counts.acts += results.length;
    counts.done += done;
    counts.refused += results.length - done;
    counts.races += results.length > 1 ? 1 : 0;
  }
  for (const id of Object.values(target)) origin.set(id, drawn);
  return Object.values(target);
}

/** Plays what went wrong again, alone, and shortens it for as long as it goes wrong. */
async function shortest({ subject }: Bypass): Promise<string> {
  const drawn = origin.get(subject);
  if (!drawn) return '(of no one sequence)';
  const holds = fc.asyncProperty(sequence, async (one) => {
    const about = await play(teams[0]!, one);
    return (await bypasses(database.db, told)).every((bypass) => !about.includes(bypass.subject));
  });
  const { counterexample } = await fc.check(holds, { examples: [[drawn]], numRuns: 1, interruptAfterTimeLimit: 60_000 });
  return fc.stringify(counterexample?.[0] ?? drawn);
}

/** What came of it all, in one line. */
async function summary(found: readonly Bypass[]) {
  const [made] = await database.db.query<{ approved: number; deployed: number; waivers: number; tiers: number; policies: number; keepers: number }>(
    `SELECT (SELECT count(*)::int FROM model_versions WHERE state = 'APPROVED') AS approved, (SELECT count(DISTINCT version_id)::int FROM deployments) AS deployed,
       (SELECT count(*)::int FROM gate_waivers) AS waivers, (SELECT count(*)::int FROM model_tier_changes) AS tiers,
       (SELECT count(*)::int - 1 FROM governance_policies) AS policies, (SELECT count(*)::int - 2 FROM role_grants WHERE role = 'ACCESS_ADMIN') AS keepers`,
  );
  const all = { seed: SEED, sequences: SEQUENCES, ...counts, ...made!, bypasses: found.length };
  process.stderr.write(`maker ≠ checker: ${Object.entries(all).map(([name, count]) => `${name} ${count}`).join(', ')}\n`);
  return all;
}

describe('maker ≠ checker, without exception:', () => {
  it(`${SEQUENCES} sequences of acts by people with changing roles leave no bypass`, async () => {
    const drawn = fc.sample(sequence, { numRuns: SEQUENCES, seed: SEED });
    let next = 0;
    const work = async (team: Team): Promise<void> => {
      while (next < drawn.length) await play(team, drawn[next++]!);
    };
    await Promise.all(teams.map(work));
    const found = await bypasses(database.db, told);
    const all = await summary(found);
    expect({ seed: SEED, found, shortest: found[0] && (await shortest(found[0])) }).toEqual({ seed: SEED, found: [] });
    // It would be no feat if nothing were ever approved, waived, lowered or refused.
    expect(all.approved).toBeGreaterThan(Math.floor(SEQUENCES / 150));
    expect(all.deployed).toBeGreaterThan(Math.floor(SEQUENCES / 150));
    expect(all.refused).toBeGreaterThan(SEQUENCES);
    for (const made of [all.waivers, all.tiers, all.policies, all.keepers]) expect(made).toBeGreaterThan(SEQUENCES >= 200 ? 0 : -1);
  }, 240_000 + SEQUENCES * 600);

  describe('the oracle sees every kind of bypass, made by a superuser with the rules switched off:', () => {
    let stage: Stage;
    beforeAll(async () => {
      const { people: { Ann: maker, Bob: trainer, Cid: one, Dora: other, Eve: builder }, built } = await newTeam(bank, AT_ONCE + 1);
      const stranger = await bank.person('Sid Stranger', [], { granted: [] });
      for (const voter of [one, other]) for (const role of ['VALIDATOR', 'ADMIN'] as const) await give(bank, voter, role);
      const submitted = async (tier: 'LOW' | 'HIGH'): Promise<readonly [versionId: string, modelId: string]> => {
        const modelId = await bank.newModel(maker, tier);
        const versionId = await bank.versions.registerVersion(maker, { modelId, dossier: JSON.stringify(built.Eve.dossier), trainedBy: [trainer.actor.id] });
        await bank.versions.submit(maker, versionId);
        told.ordered.note(versionId, trainer);
        return [versionId, modelId];
      };
      const [[low, lowModel], [high]] = [await submitted('LOW'), await submitted('HIGH')];
      const ids = Object.fromEntries(Object.entries({ maker, trainer, builder, one, other, stranger, keeper: bank.keepers.first }).map(([name, { actor }]) => [name, actor.id]));
      stage = { low, lowModel, high, ...(ids as Pick<Stage, 'maker' | 'trainer' | 'builder' | 'one' | 'other' | 'stranger' | 'keeper'>) };
    });

    it.each(RULES)('%s', async (rule) => {
      for (const { sql, subject } of forgeries(stage)[rule]) {
        const found = await asSuperuser(database.name, async (client) => {
          await client.query("BEGIN; SET LOCAL session_replication_role = 'replica'");
          for (const [text, ...parameters] of sql) await client.query(text, parameters);
          const seen = await bypasses({ query: async <Row>(text: string, parameters?: readonly unknown[]) => (await client.query(text, [...(parameters ?? [])])).rows as Row[] }, told);
          await client.query('ROLLBACK');
          return seen;
        });
        expect(found).toContainEqual({ rule, subject });
      }
    });
  });
});
