import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Customer, isRestricted } from '../../customers/index.js';
import { LANGUAGE_ARG, languageOf, LanguageValue } from '../../models/index.js';
import { clockAt, type Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { toPrediction } from '../graphql/coarse.js';
import type { Evidence } from '../history/evidence.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import { profileLoans } from './profile.queries.js';
import { exposuresOf, warningsOf, worstOf } from './profile.js';
import { Direction, RiskDriver, RiskProfile, Strength } from './profile.types.js';

/** A profile with the prediction behind it, for the fields that open its record. */
class ProfileOfPrediction extends RiskProfile {
  readonly worst: PredictionRow | undefined;
}

@Resolver(() => Customer)
export class CustomerProfileResolver {
  @Requires('prediction:read')
  @FieldResolver(() => RiskProfile, { description: 'The risk of the customer as their loans were last scored.' })
  async riskProfile(@Ctx() ctx: Context, @Root() customer: Customer): Promise<RiskProfile> {
    const loans = await ctx.loaders.of(ctx, profileLoans).load(customer);
    const worst = worstOf(loans);
    const told = worst && toPrediction(ctx, worst);
    return Object.assign(new ProfileOfPrediction(), {
      worst,
      grade: told?.grade ?? null,
      pd: told?.pd ?? null,
      scorePoints: told?.scorePoints ?? null,
      exposures: exposuresOf(loans),
      expectedLosses: null,
      asOf: worst?.created_at ?? null,
      warnings: warningsOf(loans, clockAt(ctx, customer.moment)),
    });
  }
}

const MOST_DRIVERS = 5;

@Resolver(() => RiskProfile)
export class ProfileDriversResolver {
  constructor(private readonly evidence: Evidence) {}

  @FieldResolver(() => [RiskDriver], { description: 'What moved the score most, at most five.' })
  async drivers(@Ctx() ctx: Context, @Root() { worst }: ProfileOfPrediction, @Arg('language', () => LanguageValue, LANGUAGE_ARG) language: LanguageValue): Promise<RiskDriver[]> {
    if (!worst || (await isRestricted(ctx, worst.customer_id))) return [];
    const attributions = (await this.evidence.explanation(ctx, worst, languageOf(language)))?.attributions ?? [];
    const total = attributions.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
    return attributions
      .filter(({ contribution }) => contribution !== 0)
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
      .slice(0, MOST_DRIVERS)
      .map(({ feature, label, contribution }) => ({
        feature,
        label,
        direction: contribution > 0 ? Direction.INCREASES_RISK : Direction.REDUCES_RISK,
        strength: strengthOf(Math.abs(contribution) / total),
      }));
  }
}

const strengthOf = (share: number): Strength => (share >= 0.25 ? Strength.STRONG : share >= 0.1 ? Strength.MODERATE : Strength.WEAK);
