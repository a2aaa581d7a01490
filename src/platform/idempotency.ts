import { AssayError, badInput, canonicalJson, isStorable, sha256 } from '../base/index.js';
import type { Context } from './context.js';
import type { Transaction } from './database.js';

/** A request that may arrive twice. */
export interface IdempotentRequest {
  readonly requestId: string;
  readonly operation: string;
  /** The request without its id; what makes two requests the same. */
  readonly body: unknown;
  /** The same as releases before keyed digests hashed it. */
  readonly formerBody?: unknown;
}

const MOST_CHARACTERS = 200;

function requireUsable({ requestId }: IdempotentRequest): void {
  if (requestId !== '' && [...requestId].length <= MOST_CHARACTERS && isStorable(requestId)) return;
  throw badInput(`requestId: give 1 to ${MOST_CHARACTERS} characters, such as a UUID, that stay the same when the request is repeated.`);
}

export const bodyHash = ({ operation, body }: IdempotentRequest): Buffer => sha256(canonicalJson([operation, body]));

/** Whether a recorded request is this one. */
export const isSameRequest = (recorded: Buffer, request: IdempotentRequest): boolean =>
  recorded.equals(bodyHash(request)) || (request.formerBody !== undefined && recorded.equals(bodyHash({ ...request, body: request.formerBody })));

/**
 * The recorded result of the same request by the same actor, if there is one.
 * @throws CONFLICT when the id was used with another body; BAD_INPUT for an id that cannot be kept
 */
export async function recordedResult<Result>(tx: Pick<Transaction, 'query'>, ctx: Context, request: IdempotentRequest): Promise<Result | undefined> {
  requireUsable(request);
  const [row] = await tx.query<{ body_hash: Buffer; result: Result }>(
    'SELECT body_hash, result FROM idempotency WHERE principal_id = $1 AND request_id = $2',
    [ctx.actor.id, request.requestId],
  );
  if (row && !isSameRequest(row.body_hash, request)) throw reused(request.requestId);
  return row?.result;
}

export function reused(requestId: string): Error {
  const remedy = 'Repeat the same body to get the same result, or use a new requestId.';
  return new AssayError('CONFLICT', `The requestId "${requestId}" was used before with another body. ${remedy}`, { rule: { name: 'REQUEST_ID_ONCE', remedy, who: 'who sent the request' } });
}

/** Does the work once; a repetition gets the recorded result. Concurrent repetitions wait for the first. */
export async function once<Result>(
  tx: Transaction,
  ctx: Context,
  request: IdempotentRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  requireUsable(request);
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`idempotency ${ctx.actor.id} ${request.requestId}`]);
  const known = await recordedResult<Result>(tx, ctx, request);
  if (known !== undefined) return known;
  const result = await work();
  await tx.query('INSERT INTO idempotency (principal_id, request_id, operation, body_hash, result) VALUES ($1, $2, $3, $4, $5)', [
    ctx.actor.id,
    request.requestId,
    request.operation,
    bodyHash(request),
    JSON.stringify(result ?? null),
  ]);
  return result;
}
