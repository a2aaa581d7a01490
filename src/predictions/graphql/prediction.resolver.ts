import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { Customer, isRestricted, type CustomersReader } from '../../customers/index.js';
import { Loan, type LoansReader } from '../../loans/index.js';
import { Deployment, deploymentsById, LANGUAGE_ARG, languageOf, LanguageValue, Model, modelsById, ModelVersion, toDeployment, toModel, toModelVersion, versionsById } from '../../models/index.js';
import { clockAt, ConnectionArgs, connectionType, expectId, isPresent, momentOf, OrderDirection, PRESENT, toConnection, type Connection, type Context } from '../../platform/index.js';
import { demandOwn, Privileged, Requires, userOf } from '../../security/index.js';
import { PredictionCounterfactual } from '../history/counterfactual.types.js';
import type { Evidence } from '../history/evidence.js';
import { predictionById, predictionPage, type PredictionFilter } from '../history/prediction.queries.js';
import { PredictionActor, PredictionExplanation, PredictionInput, PredictionNovelty, PredictionProblem, PredictionReason, PredictionRecordType, PredictionType } from '../history/prediction.types.js';
import { PredictionReplay } from '../replay/replay.types.js';
import { isVisible, toPrediction } from './coarse.js';
import { PredictionFilterInput } from './prediction.inputs.js';

const AS_OF = 'As the database knew it then, and so all fields beneath: only what had been recorded, before any later correction. Not in the future. Model and version are told as they are now.';

export const PredictionConnection = connectionType(PredictionType, 'Prediction', 'predictions');

const rowIdOf = ({ row }: PredictionType): string => row.id;

@Resolver(() => PredictionType)
export class PredictionResolver {
  constructor(
    private readonly evidence: Evidence,
    private readonly customers: CustomersReader,
    private readonly loans: LoansReader,
  ) {}

  @Requires('prediction:read')
  @Query(() => PredictionType, { nullable: true, description: 'A prediction; null where there is none, or was none then, or it is not yours to see.' })
  async prediction(
    @Ctx() ctx: Context,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
    @Arg('asOf', () => Date, { nullable: true, description: AS_OF }) asOf?: Date,
  ): Promise<PredictionType | undefined> {
    return findPrediction(ctx, expectId(id, 'Prediction', true), await momentOf(ctx, { asOf }));
  }

  @Requires('prediction:read')
  @Query(() => PredictionConnection, { description: 'The prediction history, newest first unless asked otherwise.' })
  async predictions(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('filter', () => PredictionFilterInput, { nullable: true, description: 'Which ones; all, unless given.' }) filter?: PredictionFilterInput,
    @Arg('asOf', () => Date, { nullable: true, description: AS_OF }) asOf?: Date,
    @Arg('direction', () => OrderDirection, { nullable: true, description: 'ASC: oldest first. DESC, the default: newest first.' }) direction?: OrderDirection,
  ): Promise<Connection<PredictionType>> {
    const moment = await momentOf(ctx, { asOf });
    const found = await predictionPage(ctx, { ...filterOf(filter), moment }, page, direction === 'ASC');
    return toConnection(found, (row) => toPrediction(ctx, row, moment));
  }

  @FieldResolver(() => Customer, { description: 'Who borrows.' })
  customer(@Ctx() ctx: Context, @Root() { row, moment }: PredictionType): Promise<Customer | undefined> {
    return ctx.loaders.of(ctx, this.customers.at).load({ customerId: row.customer_id, moment });
  }

  @FieldResolver(() => Loan, { description: 'What was scored.' })
  loan(@Ctx() ctx: Context, @Root() { row, moment }: PredictionType): Promise<Loan | undefined> {
    return ctx.loaders.of(ctx, this.loans.at).load({ customerId: row.customer_id, loanId: row.loan_id, moment });
  }

  @Requires('model:read')
  @FieldResolver(() => Model, { nullable: true, description: 'The model that served it; null where none did.' })
  async model(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<Model | undefined> {
    const found = row.model_id && (await ctx.loaders.of(ctx, modelsById).load(row.model_id));
    return found ? toModel(found) : undefined;
  }

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'The version that scored; null where none was reached.' })
  async modelVersion(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<ModelVersion | undefined> {
    const found = row.version_id && (await ctx.loaders.of(ctx, versionsById).load(row.version_id));
    return found ? toModelVersion(found) : undefined;
  }

  @Requires('model:read')
  @FieldResolver(() => Deployment, { nullable: true, description: 'The deployment it ran under: who made the version live, when and why.' })
  async deployment(@Ctx() ctx: Context, @Root() { row, moment }: PredictionType): Promise<Deployment | undefined> {
    const found = row.deployment_id && (await ctx.loaders.of(ctx, deploymentsById).load(row.deployment_id));
    if (!found) return undefined;
    const lasted = !isPresent(moment) && found.validTo !== null && found.validTo > clockAt(ctx, moment);
    return toDeployment(lasted ? { ...found, validTo: null, endedBy: null, endReason: null } : found);
  }

  @Requires('prediction:detail')
  @FieldResolver(() => PredictionActor, { description: 'Who asked for it, in which role.' })
  async actor(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionActor> {
    const [{ id, name }, body] = await Promise.all([userOf(ctx, row.actor_id), this.evidence.bodyOf(ctx, row)]);
    return { id, name, role: body?.roles.join(', ') ?? '' };
  }

  @FieldResolver(() => [PredictionReason], { description: 'The principal reasons against approval, at most four; empty where the customer was erased, and for who works with personal data where it is only kept (retention).' })
  async reasons(@Ctx() ctx: Context, @Root() { row }: PredictionType, @Arg('language', () => LanguageValue, LANGUAGE_ARG) language: LanguageValue): Promise<readonly PredictionReason[]> {
    return (await isRestricted(ctx, row.customer_id)) ? [] : this.evidence.reasons(ctx, row, languageOf(language));
  }

  @Privileged('PREDICTION', rowIdOf)
  @FieldResolver(() => PredictionCounterfactual, { nullable: true, description: 'What would have to be otherwise for a PD below the approval line; null where there is no score, where the customer was erased, and for who works with personal data where it is only kept (retention).' })
  async counterfactual(@Ctx() ctx: Context, @Root() { row }: PredictionType, @Arg('language', () => LanguageValue, LANGUAGE_ARG) language: LanguageValue): Promise<PredictionCounterfactual | null> {
    return (await isRestricted(ctx, row.customer_id)) ? null : this.evidence.counterfactual(ctx, row, languageOf(language));
  }

  @FieldResolver(() => PredictionProblem, { nullable: true, description: 'Why there is no score.' })
  async problem(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionProblem | null> {
    return row.status === 'SCORED' ? null : ((await this.evidence.bodyOf(ctx, row))?.problem ?? null);
  }

  @Privileged('PREDICTION', rowIdOf)
  @Requires('prediction:detail')
  @FieldResolver(() => [PredictionInput], { description: 'What went in, in the order of the feature schema.' })
  inputs(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionInput[]> {
    return this.evidence.inputs(ctx, row);
  }

  @Requires('prediction:detail')
  @FieldResolver(() => PredictionNovelty, { nullable: true, description: 'Whether the applicant is like those the version learned from; null where it does not know, and where there is no score.' })
  async novelty(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionNovelty | null> {
    return (await this.evidence.bodyOf(ctx, row))?.outputs?.novelty ?? null;
  }

  @Privileged('PREDICTION', rowIdOf)
  @Requires('prediction:detail')
  @FieldResolver(() => PredictionExplanation, { nullable: true, description: 'What each input contributed.' })
  explanation(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionExplanation | null> {
    return this.evidence.explanation(ctx, row);
  }

  @Privileged('PREDICTION', rowIdOf)
  @Requires('prediction:detail')
  @FieldResolver(() => PredictionRecordType, { nullable: true, description: 'The stored record; null where the customer was erased.' })
  record(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionRecordType | null> {
    return this.evidence.record(ctx, row);
  }

  @Requires('prediction:detail')
  @FieldResolver(() => PredictionReplay, { nullable: true, description: 'The prediction computed again from its record alone; null where no score was made.' })
  replay(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<PredictionReplay | null> {
    return this.evidence.replay(ctx, row);
  }
}

/** A prediction that the actor may see. */
export async function findPrediction(ctx: Context, ref: { customerId: string; id: string }, moment = PRESENT): Promise<PredictionType | undefined> {
  demandOwn(ctx, ref.customerId);
  const row = await ctx.loaders.of(ctx, predictionById).load(ref);
  const seen = row && isVisible(ctx, row) && (isPresent(moment) || (row.recorded_at ?? row.created_at) <= clockAt(ctx, moment));
  return seen ? toPrediction(ctx, row, moment) : undefined;
}

const rowId = (text: string | null | undefined, type: string): string | undefined => (text == null ? undefined : expectId(text, type, false).id);

function filterOf(filter: PredictionFilterInput | undefined): Omit<PredictionFilter, 'moment'> {
  const { customerId, loanId, modelId, modelVersionId, decision, grade, status, purpose, jobId, challenger, waiting, createdAt } = filter ?? {};
  const loan = loanId == null ? undefined : expectId(loanId, 'Loan', true);
  return {
    customerId: rowId(customerId, 'Customer'),
    loan: loan && { customerId: loan.customerId, loanId: loan.id },
    modelId: rowId(modelId, 'Model'),
    versionId: rowId(modelVersionId, 'ModelVersion'),
    jobId: rowId(jobId, 'Job'),
    challenger: challenger ?? undefined,
    waiting: waiting ?? undefined,
    decision: decision ?? undefined,
    grade: grade ?? undefined,
    status: status ?? undefined,
    purpose: purpose ?? undefined,
    createdAt: { gte: createdAt?.gte ?? undefined, lt: createdAt?.lt ?? undefined },
  };
}
