import { encodeGlobalId, PRESENT, type Context } from '../../platform/index.js';
import { may } from '../../security/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import { PredictionType, type DecisionValue, type PredictionPurpose, type Status } from '../history/prediction.types.js';

/** Two significant digits: enough to talk about, too little to copy a model by asking it. */
export const coarsePd = (pd: number): number => Number(pd.toPrecision(2));

export const coarsePoints = (points: number): number => Math.round(points / 10) * 10;

/** A row as the API tells it, in the precision that the caller may see. */
export function toPrediction(ctx: Context, row: PredictionRow, moment = PRESENT): PredictionType {
  const exact = may(ctx, 'prediction:detail');
  const told = (value: number | null, coarse: (value: number) => number): number | null => (value === null || exact ? value : coarse(value));
  return Object.assign(new PredictionType(), {
    id: encodeGlobalId({ type: 'Prediction', customerId: row.customer_id, id: row.id }),
    row,
    moment,
    status: row.status as Status,
    purpose: row.purpose as PredictionPurpose,
    decision: row.decision as DecisionValue | null,
    grade: row.grade,
    pd: told(row.pd, coarsePd),
    scorePoints: told(row.score_points, coarsePoints),
    asOf: row.as_of,
    createdAt: row.created_at,
    requestId: row.request_id,
  });
}

/** What-ifs, and what challengers said, are for those who may see predictions in full. */
export const isVisible = (ctx: Context, { purpose, shadow_of }: PredictionRow): boolean =>
  (purpose !== 'WHAT_IF' && shadow_of === null) || may(ctx, 'prediction:detail');
