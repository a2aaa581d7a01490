import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../../platform/index.js';
import { may, Requires } from '../../security/index.js';
import { LANGUAGE_ARG, languageOf, LanguageValue } from '../../models/index.js';
import type { Evidence } from '../history/evidence.js';
import { AdverseActionReason, AdverseActionScore, AdverseActionType, Counteroffer } from './adverse-action.types.js';
import { keyFactors, principalReasons } from './principal-reasons.js';
import type { ToldReason } from './reason-codes.js';
import type { DecisionTexts } from './texts.js';

/** The parts of a notice that lie in the sealed record. */
@Resolver(() => AdverseActionType)
export class AdverseActionResolver {
  constructor(private readonly evidence: Evidence) {}

  @FieldResolver(() => [AdverseActionReason], { description: 'The specific principal reasons, at most four; of a decline by a person theirs first. Empty where no notice is due, and where the customer was erased.' })
  async principalReasons(
    @Ctx() ctx: Context,
    @Root() { row, required, effective }: AdverseActionType,
    @Arg('language', () => LanguageValue, LANGUAGE_ARG) value: LanguageValue,
  ): Promise<ToldReason[]> {
    if (!required) return [];
    const language = languageOf(value);
    return principalReasons({ decision: row.decision, reasons: await this.evidence.reasons(ctx, row, language) }, effective.override, language);
  }

  @FieldResolver(() => [AdverseActionReason], { description: 'What pulled the score down most: four key factors, a fifth where enquiries are one (FCRA 615(a)). Empty where no notice is due, and where there is no score.' })
  async scoreFactors(
    @Ctx() ctx: Context,
    @Root() { row, required }: AdverseActionType,
    @Arg('language', () => LanguageValue, LANGUAGE_ARG) value: LanguageValue,
  ): Promise<ToldReason[]> {
    return required ? keyFactors(await this.evidence.rankedReasons(ctx, row, languageOf(value))) : [];
  }

  @FieldResolver(() => AdverseActionScore, { nullable: true, description: 'The score, for the applicant, for underwriters and for those who may see predictions in full; null for others, where no notice is due, and where there is no score.' })
  score(@Ctx() ctx: Context, @Root() { row, required }: AdverseActionType): AdverseActionScore | null {
    const entitled = ctx.actor.ownCustomerId === row.customer_id || may(ctx, 'decision:read') || may(ctx, 'prediction:detail');
    if (!required || !entitled || row.score_points === null) return null;
    return { points: Math.round(row.score_points), createdAt: row.created_at };
  }
}

@Resolver(() => Counteroffer)
export class CounterofferResolver {
  constructor(private readonly texts: DecisionTexts) {}

  @Requires('customer:identity')
  @FieldResolver(() => String, { nullable: true, description: 'The terms in words; null where none were given, and where the customer was erased.' })
  terms(@Ctx() ctx: Context, @Root() { row: { customerId, id, terms } }: Counteroffer): Promise<string | null> {
    return this.texts.open(ctx, customerId, { table: 'counteroffers', column: 'terms', id }, terms);
  }
}
