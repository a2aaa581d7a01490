import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { isRestricted } from '../../customers/index.js';
import { internal, type Context } from '../../platform/index.js';
import { may, Privileged, Requires } from '../../security/index.js';
import { LANGUAGE_ARG, languageOf, LanguageValue } from '../../models/index.js';
import type { Evidence } from '../history/evidence.js';
import { predictionById, type PredictionRow } from '../history/prediction.queries.js';
import { AdverseActionReason, AdverseActionScore, AdverseActionType, Counteroffer } from './adverse-action.types.js';
import type { Duty } from './duty.js';
import { keyFactors, principalReasons } from './principal-reasons.js';
import type { ToldReason } from './reason-codes.js';
import type { DecisionTexts } from './texts.js';

/** The parts of a notice that lie in the sealed record. */
@Resolver(() => AdverseActionType)
export class AdverseActionResolver {
  constructor(private readonly evidence: Evidence) {}

  @FieldResolver(() => [AdverseActionReason], { description: 'The specific principal reasons, at most four; those that people gave first. Empty where no notice is due, and where the customer was erased.' })
  async principalReasons(
    @Ctx() ctx: Context,
    @Root() { row, required, sentAt, duty }: AdverseActionType,
    @Arg('language', () => LanguageValue, LANGUAGE_ARG) value: LanguageValue,
  ): Promise<ToldReason[]> {
    if (!required || (await isOver(ctx, row, sentAt))) return [];
    const language = languageOf(value);
    const { decision, codes } = duty.reasons;
    return principalReasons({ decision, reasons: await this.evidence.reasons(ctx, await toldOf(ctx, row, duty), language) }, codes, language);
  }

  @FieldResolver(() => [AdverseActionReason], { description: 'What pulled the score down most: four key factors, a fifth where enquiries are one (FCRA 615(a)). Empty where no notice is due, and where there is no score.' })
  async scoreFactors(
    @Ctx() ctx: Context,
    @Root() { row, required, sentAt, duty }: AdverseActionType,
    @Arg('language', () => LanguageValue, LANGUAGE_ARG) value: LanguageValue,
  ): Promise<ToldReason[]> {
    if (!required || (await isOver(ctx, row, sentAt))) return [];
    return keyFactors(await this.evidence.rankedReasons(ctx, await toldOf(ctx, row, duty), languageOf(value)));
  }

  @FieldResolver(() => AdverseActionScore, { nullable: true, description: 'The score, for the applicant, for underwriters and for those who may see predictions in full; null for others, where no notice is due, and where there is no score.' })
  async score(@Ctx() ctx: Context, @Root() { row, required, duty }: AdverseActionType): Promise<AdverseActionScore | null> {
    const entitled = ctx.actor.ownCustomerId === row.customer_id || may(ctx, 'decision:read') || may(ctx, 'prediction:detail');
    if (!required || !entitled) return null;
    const { score_points: points, created_at: createdAt } = await toldOf(ctx, row, duty);
    return points === null ? null : { points: Math.round(points), createdAt };
  }
}

/** A notice that is still to be sent needs its reasons, however late it is. */
const isOver = async (ctx: Context, row: PredictionRow, sentAt: Date | null): Promise<boolean> => sentAt !== null && isRestricted(ctx, row.customer_id);

/** The prediction whose reasons are told: another one where a counteroffer answered an earlier decision on the application. */
async function toldOf(ctx: Context, row: PredictionRow, { reasons: { predictionId: id } }: Duty): Promise<PredictionRow> {
  const found = id === row.id ? row : await ctx.loaders.of(ctx, predictionById).load({ customerId: row.customer_id, id });
  if (!found) throw internal(`Prediction ${id} has a counteroffer but cannot be read.`);
  return found;
}

@Resolver(() => Counteroffer)
export class CounterofferResolver {
  constructor(private readonly texts: DecisionTexts) {}

  @Privileged('STATEMENT', ({ row }: Counteroffer) => row.customerId)
  @Requires('customer:identity')
  @FieldResolver(() => String, { nullable: true, description: 'The terms in words; null where none were given, and where the customer was erased.' })
  terms(@Ctx() ctx: Context, @Root() { row: { customerId, id, terms } }: Counteroffer): Promise<string | null> {
    return this.texts.open(ctx, customerId, { table: 'counteroffers', column: 'terms', id }, terms);
  }
}
