import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { badInput, ConnectionArgs, expectId, fetchPage, internal, toConnection, type Connection, type Context } from '../../platform/index.js';
import { Requires, User, userOf } from '../../security/index.js';
import { modelOf, versionOf } from '../look-up.js';
import { Model, ModelVersion } from '../model.types.js';
import {
  AcceptResolutionInput, AcceptResolutionPayload, FindingFilterInput, RaiseFindingInput, RaiseFindingPayload, ReassignFindingInput, ReassignFindingPayload, RejectResolutionInput, RejectResolutionPayload,
  ResolveFindingInput, ResolveFindingPayload,
} from './findings.inputs.js';
import { findingsById, findingsOfModel, findingsOfVersion, findingsQuery, reassignmentsOfFinding, resolutionsOfFinding, type FindingRow } from './findings.queries.js';
import type { FindingsService, NewFinding } from './findings.service.js';
import { Finding, FindingConnection, FindingReassignment, FindingResolution, toFinding, toReassignment, toResolution } from './findings.types.js';

const rowId = (id: string | null | undefined, type: string): string | undefined => (id == null ? undefined : expectId(id, type, false).id);
const findingId = (id: string): string => expectId(id, 'Finding', false).id;
const OPEN_ONLY = { nullable: true, description: 'true: only what is not closed; false: only what is.' } as const;

@Resolver()
export class FindingsResolver {
  constructor(private readonly findings: FindingsService) {}

  @Requires('model:read')
  @Query(() => FindingConnection, { name: 'findings', description: 'The weaknesses that validators raised, newest first.' })
  async list(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('filter', () => FindingFilterInput, { nullable: true, description: 'Which ones; all, unless given.' }) filter?: FindingFilterInput,
  ): Promise<Connection<Finding>> {
    const { versionId, modelId, ownerId, severity, open, overdue } = filter ?? {};
    const query = findingsQuery({
      versionId: rowId(versionId, 'ModelVersion'), modelId: rowId(modelId, 'Model'), ownerId: rowId(ownerId, 'User'), severity: severity ?? undefined, open: open ?? undefined, overdue: overdue ?? undefined,
    });
    return toConnection(await fetchPage<FindingRow>(ctx.db, query, page), toFinding);
  }

  @Requires('model:read')
  @Query(() => Finding, { nullable: true, description: 'A finding, by id.' })
  async finding(@Ctx() ctx: Context, @Arg('id', () => ID, { description: 'Its id.' }) id: string): Promise<Finding | undefined> {
    const row = await ctx.loaders.of(ctx, findingsById).load(findingId(id));
    return row && toFinding(row);
  }

  @Requires('finding:raise')
  @Mutation(() => RaiseFindingPayload, { description: 'Raises a weakness. A HIGH one blocks approval, and that it is deployed to decide, until a validator accepts its resolution.' })
  async raiseFinding(@Ctx() ctx: Context, @Arg('input', { description: 'The weakness.' }) { versionId, modelId, ownerId, ...finding }: RaiseFindingInput): Promise<RaiseFindingPayload> {
    const id = await this.findings.raise(ctx, { ...finding, about: aboutOf(versionId, modelId), ownerId: expectId(ownerId, 'User', false).id });
    return { finding: await findingAfter(ctx, id) };
  }

  @Requires('finding:raise')
  @Mutation(() => ReassignFindingPayload, { description: 'Gives an open finding to another owner, or another date. Neither its owner nor a maker of the version may; what was before stays in `reassignments`.' })
  async reassignFinding(@Ctx() ctx: Context, @Arg('input', { description: 'Which finding, whose it shall be, by when, and why.' }) input: ReassignFindingInput): Promise<ReassignFindingPayload> {
    const id = findingId(input.findingId);
    await this.findings.reassign(ctx, { ...input, findingId: id, ownerId: expectId(input.ownerId, 'User', false).id });
    return { finding: await findingAfter(ctx, id) };
  }

  @Requires('finding:resolve')
  @Mutation(() => ResolveFindingPayload, { description: 'Says what was done about a finding of yours. A validator then looks at it.' })
  async resolveFinding(@Ctx() ctx: Context, @Arg('input', { description: 'Which finding, and what was done.' }) input: ResolveFindingInput): Promise<ResolveFindingPayload> {
    const id = findingId(input.findingId);
    await this.findings.resolve(ctx, { ...input, findingId: id });
    return { finding: await findingAfter(ctx, id) };
  }

  @Requires('finding:raise')
  @Mutation(() => AcceptResolutionPayload, { description: 'Closes a finding: what its owner did is enough. Neither its owner nor a maker of the version may.' })
  async acceptResolution(@Ctx() ctx: Context, @Arg('input', { description: 'Which finding, and why.' }) { findingId: id, comment }: AcceptResolutionInput): Promise<AcceptResolutionPayload> {
    await this.findings.accept(ctx, { findingId: findingId(id), comment });
    return { finding: await findingAfter(ctx, findingId(id)) };
  }

  @Requires('finding:raise')
  @Mutation(() => RejectResolutionPayload, { description: 'Sends a finding back to its owner: more has to be done.' })
  async rejectResolution(@Ctx() ctx: Context, @Arg('input', { description: 'Which finding, and why.' }) { findingId: id, comment }: RejectResolutionInput): Promise<RejectResolutionPayload> {
    await this.findings.reject(ctx, { findingId: findingId(id), comment });
    return { finding: await findingAfter(ctx, findingId(id)) };
  }
}

function aboutOf(versionId: string | null | undefined, modelId: string | null | undefined): NewFinding['about'] {
  if ((versionId == null) === (modelId == null)) throw badInput('Say what the finding is about: give either versionId or modelId.');
  return versionId == null ? { modelId: rowId(modelId, 'Model')! } : { versionId: rowId(versionId, 'ModelVersion')! };
}

async function findingAfter(ctx: Context, id: string): Promise<Finding> {
  const loader = ctx.loaders.of(ctx, findingsById);
  loader.clear(id);
  const row = await loader.load(id);
  if (!row) throw internal(`Finding ${id} was recorded but cannot be read.`);
  return toFinding(row);
}

@Resolver(() => Finding)
export class FindingResolver {
  @Requires('model:read')
  @FieldResolver(() => User, { description: 'Who has to resolve it.' })
  owner(@Ctx() ctx: Context, @Root() { ownerId }: Finding): Promise<User> {
    return userOf(ctx, ownerId);
  }

  @Requires('model:read')
  @FieldResolver(() => User, { description: 'Who raised it.' })
  raisedBy(@Ctx() ctx: Context, @Root() { raisedById }: Finding): Promise<User> {
    return userOf(ctx, raisedById);
  }

  @FieldResolver(() => Model, { description: 'The model that it is about.' })
  model(@Ctx() ctx: Context, @Root() { modelId }: Finding): Promise<Model> {
    return modelOf(ctx, modelId);
  }

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'The version that it is about; null where it is the model as a whole.' })
  version(@Ctx() ctx: Context, @Root() { versionId }: Finding): Promise<ModelVersion> | null {
    return versionId === null ? null : versionOf(ctx, versionId);
  }

  @Requires('model:read')
  @FieldResolver(() => [FindingReassignment], { description: 'How it changed hands or dates since it was raised, oldest first.' })
  async reassignments(@Ctx() ctx: Context, @Root() { rowId: id }: Finding): Promise<FindingReassignment[]> {
    return (await ctx.loaders.of(ctx, reassignmentsOfFinding).load(id)).map(toReassignment);
  }

  @Requires('model:read')
  @FieldResolver(() => [FindingResolution], { description: 'What its owner did about it, and what validators said to that, oldest first.' })
  async resolutions(@Ctx() ctx: Context, @Root() { rowId: id }: Finding): Promise<FindingResolution[]> {
    return (await ctx.loaders.of(ctx, resolutionsOfFinding).load(id)).map(toResolution);
  }
}

@Resolver(() => FindingReassignment)
export class FindingReassignmentResolver {
  @FieldResolver(() => User, { description: 'Whose it was.' })
  from(@Ctx() ctx: Context, @Root() { fromOwnerId }: FindingReassignment): Promise<User> {
    return userOf(ctx, fromOwnerId);
  }

  @FieldResolver(() => User, { description: 'Whose it is since.' })
  to(@Ctx() ctx: Context, @Root() { toOwnerId }: FindingReassignment): Promise<User> {
    return userOf(ctx, toOwnerId);
  }

  @FieldResolver(() => User, { description: 'The validator who did it.' })
  by(@Ctx() ctx: Context, @Root() { byUserId }: FindingReassignment): Promise<User> {
    return userOf(ctx, byUserId);
  }
}

@Resolver(() => FindingResolution)
export class FindingResolutionResolver {
  @FieldResolver(() => User, { description: 'Who proposed it.' })
  proposedBy(@Ctx() ctx: Context, @Root() { proposedById }: FindingResolution): Promise<User> {
    return userOf(ctx, proposedById);
  }

  @FieldResolver(() => User, { nullable: true, description: 'The validator who accepted or rejected it.' })
  decidedBy(@Ctx() ctx: Context, @Root() { decidedById }: FindingResolution): Promise<User> | null {
    return decidedById === null ? null : userOf(ctx, decidedById);
  }
}

const shown = (rows: readonly FindingRow[], open: boolean | undefined): Finding[] => rows.filter(({ state }) => open == null || (state !== 'CLOSED') === open).map(toFinding);

@Resolver(() => ModelVersion)
export class VersionFindingsResolver {
  @Requires('model:read')
  @FieldResolver(() => [Finding], { description: 'The findings on it, oldest first.' })
  async findings(@Ctx() ctx: Context, @Root() { rowId: id }: ModelVersion, @Arg('open', () => Boolean, OPEN_ONLY) open?: boolean): Promise<Finding[]> {
    return shown(await ctx.loaders.of(ctx, findingsOfVersion).load(id), open);
  }
}

@Resolver(() => Model)
export class ModelFindingsResolver {
  @Requires('model:read')
  @FieldResolver(() => [Finding], { description: 'The findings on it and its versions, oldest first.' })
  async findings(@Ctx() ctx: Context, @Root() { rowId: id }: Model, @Arg('open', () => Boolean, OPEN_ONLY) open?: boolean): Promise<Finding[]> {
    return shown(await ctx.loaders.of(ctx, findingsOfModel).load(id), open);
  }
}
