import { badInput, once, type Context, type Transaction } from '../platform/index.js';
import type { KeyRing } from '../security/index.js';

const EXTERNAL_ID = /^[^\p{Cc}\p{Cs}]{1,200}$/u;

/** Whether a text can be a caller's own id: what is not one names nothing. */
export const isExternalId = (text: string): boolean => text.length <= 200 && EXTERNAL_ID.test(text);

/** @throws BAD_INPUT for a text that cannot be a caller's own id */
export function checkedExternalId(text: string, where = 'externalId'): string {
  if (isExternalId(text)) return text;
  throw badInput(`${where}: ${JSON.stringify(text.slice(0, 80))} cannot be an external id. Give 1 to 200 characters without line breaks or control characters.`);
}

const CLOCK_SKEW_MILLISECONDS = 5 * 60_000;

/**
 * When a fact was true; now, unless said otherwise.
 * @throws BAD_INPUT for a time that has not come: it would count as known before it is true
 */
export function effectiveTime(ctx: Context, time: Date | null | undefined, where: string): Date {
  const now = ctx.now();
  if (!time) return now;
  if (time.getTime() <= now.getTime() + CLOCK_SKEW_MILLISECONDS) return time;
  throw badInput(`${where}: ${time.toISOString()} is in the future. Record facts once they are true.`);
}

/** Keeps those who change the same thing apart until the transaction ends, so that no change builds on an outdated state. */
export async function lockThing(tx: Transaction, type: string, id: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${type} ${id}`]);
}

/** Does the work of a mutation; where the input carries a requestId, once only. What was asked is told apart by a keyed digest: it is about a person. */
export async function repeatable<Result>(
  tx: Transaction,
  ctx: Context,
  keys: Pick<KeyRing, 'fingerprint'>,
  operation: string,
  { requestId, ...body }: { readonly requestId?: string | null },
  work: () => Promise<Result>,
): Promise<Result> {
  if (requestId === undefined || requestId === null) return work();
  return once(tx, ctx, { requestId, operation, body: await keys.fingerprint(body), formerBody: body }, work);
}
