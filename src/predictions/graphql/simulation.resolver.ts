import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { isRestricted } from '../../customers/index.js';
import { LANGUAGE_ARG, languageOf, LanguageValue } from '../../models/index.js';
import type { Context } from '../../platform/index.js';
import { Privileged, Requires } from '../../security/index.js';
import type { Evidence } from '../history/evidence.js';
import { PredictionExplanation, PredictionReason, PredictionType } from '../history/prediction.types.js';
import type { ScoringService } from '../scoring/scoring.service.js';
import { Simulation, SimulationBaseline } from '../simulation/simulation.types.js';
import { loanOf, optionsOf, recorded } from './scoring.resolver.js';
import { SimulateLoanInput, SimulateLoanPayload } from './simulation.inputs.js';

/** What-ifs: how changed data would change the result (GDPR article 15(1)(h), CJEU C-203/22). */
@Resolver(() => PredictionType)
export class SimulationResolver {
  constructor(
    private readonly scoring: ScoringService,
    private readonly evidence: Evidence,
  ) {}

  @Requires('score:simulate')
  @Mutation(() => SimulateLoanPayload, { description: 'Scores a loan as it would be with changed values, one change upon the other. Recorded as a what-if: the book is not changed, nothing is decided.' })
  async simulateLoan(@Ctx() ctx: Context, @Arg('input', { description: 'The loan, and what is changed.' }) input: SimulateLoanInput): Promise<SimulateLoanPayload> {
    const changes = input.changes.map(({ path, value }) => ({ path, value: value ?? null }));
    const ref = await this.scoring.simulateLoan(ctx, { ...optionsOf(ctx, input), loan: loanOf(input), requestId: input.requestId ?? undefined, changes });
    return { prediction: await recorded(ctx, ref) };
  }

  @Privileged('PREDICTION', ({ row }: PredictionType) => row.id)
  @FieldResolver(() => Simulation, { nullable: true, description: 'Of a what-if the way from the loan as it is recorded, change by change; null for every other prediction.' })
  async simulation(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<Simulation | null> {
    return row.purpose !== 'WHAT_IF' || (await isRestricted(ctx, row.customer_id)) ? null : this.evidence.simulation(ctx, row);
  }
}

@Resolver(() => SimulationBaseline)
export class SimulationBaselineResolver {
  @FieldResolver(() => [PredictionReason], { description: 'The principal reasons against approval before any change, at most four.' })
  reasons(@Root() { told }: SimulationBaseline, @Arg('language', () => LanguageValue, LANGUAGE_ARG) language: LanguageValue): readonly PredictionReason[] {
    return told(languageOf(language));
  }

  @Requires('prediction:detail')
  @FieldResolver(() => PredictionExplanation, { description: 'What each input contributed before any change.' })
  explanation(@Root() { recordedExplanation }: SimulationBaseline): PredictionExplanation {
    return recordedExplanation;
  }
}
