import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse, validate } from 'graphql';
import { CLOCKS, lastDay } from '../../../src/predictions/decisions/adverse-action.js';
import { buildAssaySchema, type Instances } from '../../../src/schema.js';

const PAGE = fileURLToPath(new URL('../../../../docs/decisions-and-notices.md', import.meta.url));

/** Resolvers are named, not run, so anything can stand in for them. */
const schema = await buildAssaySchema({ get: () => ({}) } as unknown as Instances);
const page = await readFile(PAGE, 'utf8');

describe('docs/decisions-and-notices.md', () => {
  const documents = [...page.matchAll(/```graphql\n(.+?)```/gsu)].map(([, text]) => text!);

  it.each(documents.map((text) => [text.split(/[\s({]/u)[1], text]))('%s can be pasted', (_, text) => {
    expect(validate(schema, parse(text!)).map(({ message }) => message)).toEqual([]);
  });

  it('has variables that are JSON', () => {
    const variables = [...page.matchAll(/```json\n(.+?)```/gsu)].map(([, text]) => text!);
    expect(variables.length).toBeGreaterThan(5);
    for (const text of variables) expect(JSON.parse(text)).toEqual({ input: expect.any(Object) });
  });

  it('counts its examples right', () => {
    const examples = [...page.matchAll(/\| (\d{4}-\d\d-\d\d) \| (\d{4}-\d\d-\d\d) \|/gu)].map(([, start, last]) => [start!, last!] as const);
    expect(examples).toHaveLength(5);
    const spans = Object.values(CLOCKS).map(({ days }) => days);
    for (const [start, last] of examples) expect(spans.map((days) => lastDay(new Date(`${start}T12:00:00Z`), days))).toContain(last);
  });
});
