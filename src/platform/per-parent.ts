import type { Context } from './context.js';
import type { Queryable } from './database.js';
import type { LoaderDefinition } from './loaders.js';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** How many of the first parameters name the parent, all of them uuids. */
  readonly keys: number;
}

/**
 * Lets the children of one parent be read by a plain statement, and those of a whole page of parents in one: all
 * statements of the moment that differ in their first `keys` parameters only run together, as lateral parts.
 * Results are not remembered, since a mutation may come between two reads of a request.
 */
export function perParent(ctx: Context, keys: 1 | 2): Queryable {
  return {
    async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
      const loader = ctx.loaders.of(ctx, statements);
      const statement = { sql, parameters, keys };
      try {
        return (await loader.load(statement)) as Row[];
      } finally {
        loader.clear(statement);
      }
    },
  };
}

const statements: LoaderDefinition<Statement, object[]> = {
  cacheKey: ({ sql, parameters }) => JSON.stringify([sql, parameters]),
  async load(ctx, asked) {
    const groups = new Map<string, Statement[]>();
    for (const statement of asked) {
      const alike = JSON.stringify([statement.sql, statement.parameters.slice(statement.keys)]);
      groups.set(alike, [...(groups.get(alike) ?? []), statement]);
    }
    const found = new Map<Statement, object[]>();
    for (const group of groups.values()) {
      for (const [index, rows] of (await runTogether(ctx.db, group)).entries()) found.set(group[index]!, rows);
    }
    return asked.map((statement) => found.get(statement)!);
  },
};

/** @returns the rows of each statement, in the order that its own ORDER BY gave them */
async function runTogether(db: Queryable, group: readonly Statement[]): Promise<object[][]> {
  const { sql, parameters, keys } = group[0]!;
  const columns = Array.from({ length: keys }, (_, key) => group.map((statement) => statement.parameters[key]));
  const child = sql.replaceAll(/\$(\d+)/g, (text, number: string) => (Number(number) <= keys ? `parent.key${number}` : text));
  const rows = await db.query<{ parent_position: string }>(
    `SELECT parent.position AS parent_position, child.*
     FROM unnest(${columns.map((_, key) => `$${key + 1}::uuid[]`).join(', ')})
       WITH ORDINALITY AS parent (${columns.map((_, key) => `key${key + 1}`).join(', ')}, position)
     CROSS JOIN LATERAL (${child}) child`,
    [...columns, ...parameters.slice(keys)],
  );
  const results: object[][] = group.map(() => []);
  for (const { parent_position: position, ...row } of rows) results[Number(position) - 1]!.push(row);
  return results;
}
