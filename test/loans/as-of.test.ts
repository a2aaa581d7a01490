import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertCustomers, insertFacts, type RecordedCustomer } from '../../src/customers/index.js';
import { insertLoanFacts, insertLoans, insertOutcomes, insertRepayments } from '../../src/loans/index.js';
import type { Transaction } from '../../src/platform/index.js';
import { asSuperuser } from '../support/postgres.js';
import { heldTransaction, untilAfter } from '../support/moments.js';
import { openLending, type Lending } from '../customers/lending.js';
import { RECORDER } from './books.js';

const SEQUENCES = 200;
const ROUNDS = 8;
const SEED = Number(process.env['HISTORY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32: the same seed, the same numbers. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const DAYS = [1, 2, 3, 4, 5, 6].map((day) => new Date(Date.UTC(2024, 0, day)));

/** One recording as the test keeps it: in which round it was learned, and when it was true. */
interface Kept {
  readonly round: number;
  readonly effectiveAt: Date;
  readonly value: number;
}

interface KeptLoan {
  readonly id: string;
  readonly facts: Kept[];
  readonly repayments: Kept[];
  readonly outcomes: Kept[];
}

/** One customer's history: each round adds one recording, or none. */
interface Sequence {
  readonly externalId: string;
  readonly startsIn: number;
  customer?: RecordedCustomer;
  readonly facts: Kept[];
  readonly loans: KeptLoan[];
}

const SNAPSHOT = `query ($asOf: DateTime, $effectiveAt: DateTime) { customers(first: ${SEQUENCES}, asOf: $asOf, effectiveAt: $effectiveAt) { totalCount edges { node {
  externalId effectiveAt recordedAt attributes { name value } identity { name value } history { effectiveAt recordedAt attributes { value } }
  loans(first: 5) { totalCount edges { node {
    externalId status principal { amount } effectiveAt daysPastDue attributes { value } history { effectiveAt recordedAt principal { amount } }
    repayments(last: 10) { periodEnd recordedAt daysPastDue } outcome { defaulted effectiveAt recordedAt } } } } } } } }`;

interface Answer {
  readonly customers: { readonly totalCount: number; readonly edges: readonly { readonly node: Told }[] };
}

interface Told {
  readonly externalId: string;
  readonly attributes: readonly { readonly value: number }[];
  readonly loans: { readonly totalCount: number; readonly edges: readonly { readonly node: { readonly externalId: string; readonly principal: { readonly amount: string }; readonly repayments: readonly { readonly periodEnd: string; readonly daysPastDue: number }[]; readonly outcome: { readonly defaulted: boolean } | null } }[] };
}

const customerFacts = ({ effectiveAt, value }: Kept) => ({ effectiveAt, identity: { name: `Name ${value}` }, attributes: { value }, protected: {} });

const loanFacts = ({ effectiveAt, value }: Kept) => ({ effectiveAt, status: 'ON_BOOK' as const, principal: String(value), attributes: { value } });

/** Of those that were learned by a round and true by a day: what was true last, of that what was learned last. */
const newest = (kept: readonly Kept[], round: number, day: Date, by: 'effective' | 'round' = 'effective'): Kept | undefined =>
  kept.filter((one) => one.round <= round && one.effectiveAt <= day).sort((a, b) => (by === 'effective' && a.effectiveAt.getTime() - b.effectiveAt.getTime()) || a.round - b.round).at(-1);

const seen = ({ externalId, attributes, loans }: Told): object => ({
  externalId,
  value: attributes[0]!.value,
  loans: loans.edges.map(({ node }) => ({ externalId: node.externalId, principal: node.principal.amount, defaulted: node.outcome?.defaulted ?? null, late: node.repayments.map(({ daysPastDue }) => daysPastDue) })),
});

const byName = (a: object, b: object): number => ((a as Told).externalId < (b as Told).externalId ? -1 : 1);

describe('the book as of a moment', () => {
  let lending: Lending;
  const random = randomOf(SEED);
  const sequences: Sequence[] = Array.from({ length: SEQUENCES }, (_, index) => ({ externalId: `s${index}`, startsIn: index % 4, facts: [], loans: [] }));
  /** What was told after each round, and when. */
  const remembered: { at: Date; told: Answer }[] = [];

  beforeAll(async () => {
    lending = await openLending();
    for (let round = 0; round < ROUNDS; round += 1) {
      await lending.database.db.transaction((tx) => recordRound(tx, round));
      const at = new Date();
      remembered.push({ at, told: await snapshot() });
      await untilAfter(at);
    }
  });
  afterAll(() => lending.close());

  /** Times go as text, as they do over HTTP. */
  const ask = <Data = Record<string, never>>(role: 'AUDITOR' | 'PORTAL', query: string, variables: object): Promise<Data> => lending.ask<Data>(role, query, JSON.parse(JSON.stringify(variables)) as object);

  const snapshot = (moment: { asOf?: Date; effectiveAt?: Date } = {}): Promise<Answer> => ask<Answer>('AUDITOR', SNAPSHOT, moment);

  async function recordRound(tx: Transaction, round: number): Promise<void> {
    const kept = (): Kept => ({ round, effectiveAt: DAYS[random(DAYS.length)]!, value: random(1_000) });
    const starting = sequences.filter(({ startsIn }) => startsIn === round);
    const firsts = starting.map(() => kept());
    const made = starting.length === 0 ? [] : await insertCustomers(tx, RECORDER, lending.database.keys, starting.map(({ externalId }, index) => ({ externalId, synthetic: true, ...customerFacts(firsts[index]!) })));
    for (const [index, sequence] of starting.entries()) {
      sequence.customer = made[index]!;
      sequence.facts.push(firsts[index]!);
    }
    for (const sequence of sequences.filter(({ startsIn }) => startsIn < round)) await recordOne(tx, sequence, kept());
  }

  async function recordOne(tx: Transaction, { customer, externalId, facts, loans }: Sequence, one: Kept): Promise<void> {
    const act = random(6);
    const { effectiveAt, value } = one;
    if (act === 0) {
      facts.push(one);
      return insertFacts(tx, RECORDER, lending.database.keys, [{ customer: customer!, facts: customerFacts(one) }]);
    }
    const loan = loans[random(loans.length)];
    if (!loan || (act === 1 && loans.length < 3)) {
      const [id] = await insertLoans(tx, RECORDER, [{ customer: customer!, loan: { externalId: `${externalId}/${loans.length}`, product: 'car-loan', kind: 'INSTALMENT', currency: 'EUR', ...loanFacts(one) } }]);
      return void loans.push({ id: id!, facts: [one], repayments: [], outcomes: [] });
    }
    const ref = { customerId: customer!.id, loanId: loan.id };
    if (act === 2) {
      loan.facts.push(one);
      return insertLoanFacts(tx, RECORDER, [{ customer: customer!, loanId: loan.id, facts: loanFacts(one) }]);
    }
    if (act === 3) {
      loan.outcomes.push(one);
      return void (await insertOutcomes(tx, RECORDER, [{ ...ref, outcome: { defaulted: value % 2 === 0, effectiveAt, knownAt: effectiveAt } }]));
    }
    loan.repayments.push(one);
    return insertRepayments(tx, RECORDER, [{ ...ref, repayment: { periodEnd: effectiveAt, daysPastDue: value } }]);
  }

  it(`was exactly what was told then, corrections and all (HISTORY_SEED=${SEED})`, async () => {
    for (const { at, told } of remembered) expect(await snapshot({ asOf: at })).toEqual(told);
    expect(remembered.at(-1)!.told.customers.totalCount).toBe(SEQUENCES);
    expect(new Set(remembered.map(({ told }) => JSON.stringify(told))).size).toBe(ROUNDS);
  });

  const expectedOf = ({ facts, loans, externalId }: Sequence, round: number, day: Date): object | undefined => {
    const own = newest(facts, round, day);
    return own && {
      externalId,
      value: own.value,
      loans: loans.flatMap((loan, index) => {
        const terms = newest(loan.facts, round, day);
        const outcome = newest(loan.outcomes, round, day, 'round');
        const periods = DAYS.filter((end) => end <= day).reverse().flatMap((end) => newest(loan.repayments.filter(({ effectiveAt }) => +effectiveAt === +end), round, day) ?? []);
        return terms ? [{ externalId: `${externalId}/${index}`, principal: String(terms.value), defaulted: outcome ? outcome.value % 2 === 0 : null, late: periods.map(({ value }) => value) }] : [];
      }),
    };
  };

  it('is cut in two directions: what was known then, of what was true at another time', async () => {
    for (const round of [2, 5, ROUNDS - 1]) {
      for (const day of [DAYS[0]!, DAYS[2]!, DAYS[4]!]) {
        const { customers } = await snapshot({ asOf: remembered[round]!.at, effectiveAt: day });
        const expected = sequences.map((sequence) => sequence.startsIn <= round && expectedOf(sequence, round, day)).filter((one) => one);
        expect(customers.edges.map(({ node }) => seen(node)).sort(byName)).toEqual(expected.sort(byName as never));
        expect(customers.totalCount).toBe(expected.length);
      }
    }
  });

  it('is asked of one customer or loan too, who was none before being recorded', async () => {
    const sequence = sequences.find(({ loans, startsIn }) => startsIn === 1 && loans.length > 0 && loans[0]!.facts[0]!.round > 2)!;
    const query = 'query ($customer: String!, $loan: String!, $asOf: DateTime) { customer(externalId: $customer, asOf: $asOf) { externalId } loan(externalId: $loan, asOf: $asOf) { externalId customer { externalId } } }';
    const names = { customer: sequence.externalId, loan: `${sequence.externalId}/0` };
    const answers = await Promise.all([0, 1, ROUNDS - 1].map((round) => ask('AUDITOR', query, { ...names, asOf: remembered[round]!.at })));
    expect(answers).toEqual([
      { customer: null, loan: null },
      { customer: { externalId: names.customer }, loan: null },
      { customer: { externalId: names.customer }, loan: { externalId: names.loan, customer: { externalId: names.customer } } },
    ]);
  });

  it('shows no more of a customer than the present does: neither to who may not see it, nor after an erasure', async () => {
    const { at } = remembered.at(-1)!;
    const { externalId, customer } = sequences[0]!;
    const masked = await ask('PORTAL', 'query ($externalId: String!, $asOf: DateTime) { customer(externalId: $externalId, asOf: $asOf) { displayName } }', { externalId, asOf: at });
    expect(masked).toEqual({ customer: { displayName: expect.stringMatching(/^N… \d… \(synthetic\)$/) } });
    expect(await lending.refusal('PORTAL', 'query ($externalId: String!, $asOf: DateTime) { customer(externalId: $externalId, asOf: $asOf) { identity { value } } }', { externalId, asOf: at.toISOString() })).toContain('customer:identity');
    await lending.database.keys.destroy(customer!.id);
    const erased = await ask('AUDITOR', 'query ($externalId: String!, $asOf: DateTime) { customer(externalId: $externalId, asOf: $asOf) { displayName erased identity { value } attributes { value } history { attributes { value } } } }', { externalId, asOf: at });
    expect(erased).toMatchObject({ customer: { displayName: 'erased', erased: true, identity: [], attributes: [] } });
    expect(JSON.stringify(erased)).not.toMatch(/"value"/);
  });

  it.each(['asOf', 'effectiveAt'])('%s is not of a time to come', async (name) => {
    const sentence = await lending.refusal('PORTAL', `{ customers(${name}: "2999-01-01T00:00:00Z") { totalCount } }`);
    expect(sentence).toMatch(new RegExp(`^${name}: 2999-01-01T00:00:00.000Z is still to come; what will be .* is not known. Leave it out for now, or give an earlier moment.$`));
  });

  it('is not told of where the database does not say what is still recording', async () => {
    const { app, owner } = lending.database.urls;
    const granted = async (what: string): Promise<void> => void (await asSuperuser(new URL(owner).pathname.slice(1), (client) => client.query(`${what} assay_app`)));
    await granted('GRANT SET ON PARAMETER track_activities TO');
    const silent = new Client(app);
    await silent.connect();
    try {
      await silent.query('SET track_activities = off');
      await silent.query('BEGIN');
      const asOf = new Date().toISOString();
      expect(await lending.refusal('PORTAL', 'query ($asOf: DateTime) { customers(asOf: $asOf) { totalCount } }', { asOf })).toMatch(/^asOf: .* cannot be told of: track_activities is off in the database/);
    } finally {
      await silent.end();
      await granted('REVOKE SET ON PARAMETER track_activities FROM');
    }
  });

  it('never changes: a transaction that began before and is not done yet is waited for, then told of', async () => {
    const { externalId, customer } = sequences[4]!;
    const query = 'query ($externalId: String!, $asOf: DateTime) { customer(externalId: $externalId, asOf: $asOf) { history { recordedAt attributes { value } } } }';
    const read = (asOf: Date): Promise<object> => ask('AUDITOR', query, { externalId, asOf });
    const before = new Date();
    await untilAfter(new Date(before.getTime() + 2));
    const { began: started, end } = await heldTransaction(lending.database.db, (tx) =>
      insertFacts(tx, RECORDER, lending.database.keys, [{ customer: customer!, facts: customerFacts({ round: 0, effectiveAt: DAYS[5]!, value: 4_711 }) }]));
    try {
      const first = await read(before);
      expect(JSON.stringify(first)).not.toContain('4711');
      expect(await lending.refusal('AUDITOR', query, { externalId, asOf: started.toISOString() })).toMatch(/^asOf: .* is too close: a transaction that began at .* is still recording, and may add to what was known then. Ask again in a moment, or give an earlier one.$/);
      await end();
      expect(await read(before)).toEqual(first);
      expect(JSON.stringify(await read(started))).toContain('4711');
    } finally {
      await end();
    }
  });
});
