import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { AssayError, badInput, expectId, internal, messageOf, PRESENT, type Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { predictionById } from '../history/prediction.queries.js';
import type { PredictionType } from '../history/prediction.types.js';
import type { ScoreJobs } from '../jobs/score-jobs.js';
import type { PredictionRef } from '../record/recorder.js';
import type { AsOf } from '../scoring/item.js';
import { MOST_AT_ONCE, type ListRequest, type ScoringOptions, type ScoringService } from '../scoring/scoring.service.js';
import { toPrediction } from './coarse.js';
import { JobType, toJob } from './job.types.js';
import { ScoreLoanInput, ScoreLoanPayload, ScoreLoansInput, ScoreLoansPayload, type ScoreLoanResult } from './scoring.inputs.js';

type Options = Pick<ScoreLoanInput, 'purpose' | 'modelId' | 'asOf' | 'asOfDecision'>;

@Resolver()
export class ScoringResolver {
  constructor(
    private readonly scoring: ScoringService,
    private readonly jobs: ScoreJobs,
  ) {}

  @Requires('score:run')
  @Mutation(() => ScoreLoanPayload, { description: 'Scores a loan with the live version of the model that serves it, explains and records the prediction.' })
  async scoreLoan(@Ctx() ctx: Context, @Arg('input', { description: 'The loan and how to score it.' }) input: ScoreLoanInput): Promise<ScoreLoanPayload> {
    const ref = await this.scoring.scoreLoan(ctx, { ...optionsOf(ctx, input), loan: loanOf(input), requestId: input.requestId ?? undefined });
    return { prediction: await recorded(ctx, ref) };
  }

  @Requires('score:run')
  @Mutation(() => ScoreLoansPayload, { description: `Scores up to ${MOST_AT_ONCE} loans while you wait; more become a job, see \`job(id)\`.` })
  async scoreLoans(@Ctx() ctx: Context, @Arg('input', { description: 'The loans and how to score them.' }) input: ScoreLoansInput): Promise<ScoreLoansPayload> {
    const { loans, requestId } = input;
    const list = { ...optionsOf(ctx, input), loans, requestId };
    if (loans.length > MOST_AT_ONCE) return { results: null, job: await this.startJob(ctx, list), total: loans.length };
    const found = await this.scoring.scoreList(ctx, list);
    return { results: await Promise.all(found.map((result, at) => resultOf(ctx, loans[at]!, result))), job: null, total: loans.length };
  }

  @Requires('prediction:read')
  @Query(() => JobType, { description: 'Long work that you started; any, for those who may see predictions in full.' })
  async job(@Ctx() ctx: Context, @Arg('id', () => ID, { description: 'Its id.' }) id: string): Promise<JobType> {
    return toJob(await this.jobs.find(ctx, expectId(id, 'Job', false).id));
  }

  private async startJob(ctx: Context, list: ListRequest): Promise<JobType> {
    return toJob(await this.jobs.find(ctx, await this.jobs.start(ctx, list)));
  }
}

/** @throws BAD_INPUT for an asOf in the future, or two at once */
export function optionsOf(ctx: Context, { purpose, modelId, asOf, asOfDecision }: Options): ScoringOptions {
  if (asOf && asOfDecision) throw badInput('Give asOf or asOfDecision, not both.');
  if (asOf && asOf > ctx.now()) throw badInput(`asOf ${asOf.toISOString()} lies in the future. Leave it out to score as of now.`);
  const when: AsOf | undefined = asOfDecision ? 'decision' : (asOf ?? undefined);
  return { purpose, modelId: modelId == null ? undefined : expectId(modelId, 'Model', false).id, asOf: when };
}

/** @throws BAD_INPUT unless the loan is named in exactly one way */
export function loanOf({ loanId, externalId }: ScoreLoanInput): string {
  if ((loanId == null) === (externalId == null)) throw badInput('Name the loan: give either loanId or externalId.');
  return (loanId ?? externalId)!;
}

/** What was recorded, as the caller may see it. */
export async function recorded(ctx: Context, ref: PredictionRef, moment = PRESENT): Promise<PredictionType> {
  const row = await ctx.loaders.of(ctx, predictionById).load(ref);
  if (!row) throw internal(`Prediction ${ref.id} was recorded but cannot be read.`);
  return toPrediction(ctx, row, moment);
}

async function resultOf(ctx: Context, loan: string, result: PredictionRef | Error): Promise<ScoreLoanResult> {
  if (!(result instanceof Error)) return { loan, prediction: await recorded(ctx, result), error: null };
  if (!(result instanceof AssayError) || result.code === 'INTERNAL') throw result;
  return { loan, prediction: null, error: { code: result.code, message: messageOf(result) } };
}
