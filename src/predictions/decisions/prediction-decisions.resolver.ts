import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { moneyOf } from '../../loans/index.js';
import { clockAt, type Context } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { DecisionValue, PredictionType } from '../history/prediction.types.js';
import { AdverseActionType, Counteroffer } from './adverse-action.types.js';
import { decides, effectiveDecision, type DecidingRow } from './decided.js';
import { dutyOf, type Duty } from './duty.js';
import type { Effective } from './effective.js';
import { decisionFileOf } from './file.queries.js';
import type { DecisionFile, OverrideRow } from './file.rows.js';
import { loanHistoryOf } from './loan-history.queries.js';
import type { CounterofferRow } from './loan-history.rows.js';
import { DecisionOverride, toOverride } from './override.types.js';
import { DecisionReview, toReview } from './review.types.js';

interface OpenedFile {
  readonly file: DecisionFile;
  readonly effective: Effective<OverrideRow>;
}

/** What people made of a prediction's decision. */
@Resolver(() => PredictionType)
export class PredictionDecisionsResolver {
  @FieldResolver(() => DecisionValue, { nullable: true, description: 'The decision in force: that of the newest override while it lasts, else the decision policy\'s; null where nothing was decided.' })
  async effectiveDecision(@Ctx() ctx: Context, @Root() prediction: PredictionType): Promise<Decision | null> {
    return (await opened(ctx, prediction))?.effective.decision ?? null;
  }

  @FieldResolver(() => DecisionOverride, { nullable: true, description: 'The override in force; null where the decision policy\'s decision is.' })
  async override(@Ctx() ctx: Context, @Root() prediction: PredictionType): Promise<DecisionOverride | null> {
    const override = (await opened(ctx, prediction))?.effective.override;
    return override ? toOverride(override, true, prediction.moment) : null;
  }

  @FieldResolver(() => [DecisionOverride], { description: 'Every override of its decision, oldest first, expired ones included.' })
  async overrides(@Ctx() ctx: Context, @Root() prediction: PredictionType): Promise<DecisionOverride[]> {
    const found = await opened(ctx, prediction);
    return found?.file.overrides.map((row) => toOverride(row, row === found.effective.override, prediction.moment)) ?? [];
  }

  @FieldResolver(() => [DecisionReview], { description: 'Every review of its decision, oldest first.' })
  async reviews(@Ctx() ctx: Context, @Root() prediction: PredictionType): Promise<DecisionReview[]> {
    const now = clockAt(ctx, prediction.moment);
    return (await opened(ctx, prediction))?.file.reviews.map((row) => toReview(row, now, prediction.moment)) ?? [];
  }

  @FieldResolver(() => AdverseActionType, { nullable: true, description: 'What a notice of adverse action needs (US Regulation B); null where nothing was decided.' })
  async adverseAction(@Ctx() ctx: Context, @Root() { row, moment }: PredictionType): Promise<AdverseActionType | null> {
    if (!decides(row)) return null;
    return toAdverseAction(row, dutyOf(await ctx.loaders.of(ctx, loanHistoryOf).load({ ...row, moment }), row.id, clockAt(ctx, moment)));
  }
}

async function opened(ctx: Context, { row, moment }: PredictionType): Promise<OpenedFile | undefined> {
  if (!decides(row)) return undefined;
  const file = await ctx.loaders.of(ctx, decisionFileOf).load({ ...row, moment });
  return { file, effective: effectiveDecision(row, file, clockAt(ctx, moment)) };
}

function toAdverseAction(row: DecidingRow, duty: Duty): AdverseActionType {
  const { action, note, notices } = duty;
  const { kind = null, rule = null, clockStartedAt = null, sendBy = null, sentAt = null, overdue = false } = action ?? {};
  const counteroffers = duty.counteroffers.map(toCounteroffer);
  return Object.assign(new AdverseActionType(), { row, duty, required: action !== undefined, kind, rule, clockStartedAt, sendBy, sentAt, overdue, note, counteroffers, notices });
}

const toCounteroffer = (row: CounterofferRow): Counteroffer => {
  const { offeredAt, acceptedAt, amount, currency, reasonCode } = row;
  return Object.assign(new Counteroffer(), { row, offeredAt, acceptedAt, reasonCode, amount: moneyOf(amount, currency) });
};
