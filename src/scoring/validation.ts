import { z } from 'zod';
import { badInput } from '../base/index.js';

const pathText = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '');

/**
 * Parses untrusted JSON with a zod schema.
 * @param what the thing in a person's words, for the sentence ("feature schema")
 * @throws BAD_INPUT naming the first offending place
 */
export function parseWith<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` at ${pathText(issue.path)}` : '';
  const more = result.error.issues.length > 1 ? ` (and ${result.error.issues.length - 1} more)` : '';
  throw badInput(`The ${what} is not valid${where}: ${issue?.message ?? 'unknown problem'}${more}.`);
}
