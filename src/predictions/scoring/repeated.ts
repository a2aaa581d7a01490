import { isSameRequest, reused, type Queryable } from '../../platform/index.js';
import type { PredictionRef } from '../record/recorder.js';
import type { ScoringItem } from './item.js';

interface Row {
  readonly principal_id: string;
  readonly request_id: string;
  readonly body_hash: Buffer;
  readonly result: PredictionRef;
}

/**
 * What was recorded for these requests before, in one query.
 * @returns for each item its prediction, a CONFLICT when the requestId was used with another body, or undefined
 */
export async function recordedPredictions(db: Queryable, items: readonly ScoringItem[]): Promise<(PredictionRef | Error | undefined)[]> {
  const asked = items.filter(({ request }) => request !== undefined);
  if (asked.length === 0) return items.map(() => undefined);
  const rows = await db.query<Row>(
    `SELECT principal_id, request_id, body_hash, result FROM idempotency
     WHERE (principal_id, request_id) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))`,
    [asked.map(({ ctx }) => ctx.actor.id), asked.map(({ request }) => request!.requestId)],
  );
  const known = new Map(rows.map((row) => [`${row.principal_id} ${row.request_id}`, row]));
  return items.map(({ ctx, request }) => {
    const row = request && known.get(`${ctx.actor.id} ${request.requestId}`);
    if (!row) return undefined;
    return isSameRequest(row.body_hash, request) ? row.result : reused(request.requestId);
  });
}
