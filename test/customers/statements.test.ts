import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newContext, type Context, type Database } from '../../src/platform/index.js';
import { recordBook } from '../loans/books.js';
import { openLending, type Lending } from './lending.js';

const CUSTOMERS = 50;

const NESTED = `query ($asOf: DateTime, $effectiveAt: DateTime) { customers(first: ${CUSTOMERS}, asOf: $asOf, effectiveAt: $effectiveAt) { edges { node {
  displayName attributes { name } history { effectiveAt }
  loans(first: 5) { totalCount edges { node {
    externalId status principal { amount } daysPastDue attributes { name } history { status } customer { externalId }
    repayments(last: 6) { periodEnd balance { amount } } outcome { defaulted } } } } } } } }`;

/** A context whose database counts the statements sent to it. */
function counting(ctx: Context): { ctx: Context; statements: string[] } {
  const statements: string[] = [];
  const db: Database = Object.assign(Object.create(ctx.db) as Database, {
    query: (sql: string, parameters?: readonly unknown[]) => {
      statements.push(sql);
      return ctx.db.query(sql, parameters);
    },
  });
  return { ctx: newContext({ actor: ctx.actor, log: ctx.log, db }), statements };
}

describe('a nested query', () => {
  let lending: Lending;
  beforeAll(async () => {
    lending = await openLending();
    const { db, keys } = lending.database;
    await recordBook(db, keys, Array.from({ length: CUSTOMERS }, (_, index) => ({ externalId: `n${index}`, loans: 1 + (index % 2), periods: 6, defaulted: index % 5 === 0 })));
  });
  afterAll(() => lending.close());

  it.each([
    ['now', () => ({})],
    ['as of a moment', () => ({ asOf: new Date().toISOString() })],
    ['as of a moment, of what was true at another', () => ({ asOf: new Date().toISOString(), effectiveAt: '2026-01-01T00:00:00Z' })],
  ])('costs one statement for each kind of thing, however many customers there are: %s', async (_, momentOf) => {
    const { ctx, statements } = counting(await lending.database.contextOf('PORTAL'));
    const { data, errors } = await lending.run(ctx, NESTED, momentOf());
    expect(errors).toBeUndefined();
    const edges = (data as { customers: { edges: { node: { loans: { totalCount: number; edges: { node: { repayments: object[]; outcome: object } }[] } } }[] } }).customers.edges;
    expect(edges).toHaveLength(CUSTOMERS);
    expect(edges.map(({ node }) => node.loans.totalCount)).toEqual(Array.from({ length: CUSTOMERS }, (__, index) => 1 + (index % 2)));
    expect(edges.every(({ node }) => node.loans.edges.every(({ node: loan }) => loan.repayments.length === 6 && loan.outcome !== null))).toBe(true);
    // Customers, their history, their loans, their loans' count; of the loans: newest period, history, customer, repayments, outcome.
    // Whether a moment is settled is asked once, and is no statement of what is read.
    expect(statements.filter((sql) => !sql.includes('pg_is_in_recovery'))).toHaveLength(9);
  });
});
