import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { expectId, notFound, type Context } from '../../platform/index.js';
import { may, proposalAfter, Requires, User, userOf, type Proposals } from '../../security/index.js';
import { versionsById } from '../model.queries.js';
import { ModelVersion } from '../model.types.js';
import { evaluationsOfVersion, resultsOfEvaluation, waiversById, waiversOfVersion } from './gates.queries.js';
import type { Gates } from './gates.service.js';
import { GateEvaluation, GateType, GateWaiver, toEvaluation, toGate, toWaiver, WaiveGateInput, WaiveGatePayload } from './gates.types.js';
import type { WaiverPayload } from './waive-gate.js';

const versionId = (id: string): string => expectId(id, 'ModelVersion', false).id;

@Resolver()
export class GatesResolver {
  constructor(
    private readonly gates: Gates,
    private readonly proposals: Proposals,
  ) {}

  @Requires('gate:preview')
  @Query(() => [GateType], { description: 'What the gates would say of a version now, as of a DRAFT before it is submitted. It is loaded and run; nothing is recorded.' })
  async previewGates(@Ctx() ctx: Context, @Arg('versionId', () => ID, { description: 'The version.' }) id: string): Promise<GateType[]> {
    return (await this.gates.preview(ctx, versionId(id))).map((result) => toGate(result, may(ctx, 'model:fairness')));
  }

  @Requires('gate:waive', 'PROPOSE_WAIVE_GATE')
  @Mutation(() => WaiveGatePayload, { description: 'Proposes that a version passes although a gate fails, for a time. Another VALIDATOR or ADMIN confirms it; neither made the version.' })
  async waiveGate(@Ctx() ctx: Context, @Arg('input', { description: 'Which gate, why, and until when.' }) { gate, reason, expiresAt, ...input }: WaiveGateInput): Promise<WaiveGatePayload> {
    const version = await ctx.loaders.of(ctx, versionsById).load(versionId(input.versionId));
    if (!version) throw notFound('There is no such model version.');
    const payload: WaiverPayload = { gate, dossier: version.dossierDigest, expiresAt: expiresAt.toISOString() };
    const id = await this.proposals.propose(ctx, 'WAIVE_GATE', { subject: version.id, payload, reason });
    return { proposal: await proposalAfter(ctx, this.proposals, id) };
  }
}

@Resolver(() => ModelVersion)
export class VersionGatesResolver {
  @Requires('model:read')
  @FieldResolver(() => [GateType], { description: 'What the gates said when they were last evaluated for the record; empty before submission.' })
  async gates(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<GateType[]> {
    const last = (await ctx.loaders.of(ctx, evaluationsOfVersion).load(rowId)).at(-1);
    return last ? gatesOf(ctx, last.id) : [];
  }

  @Requires('model:read')
  @FieldResolver(() => [GateEvaluation], { description: 'Every evaluation of its gates, at submission and at each vote for it, oldest first.' })
  async gateEvaluations(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<GateEvaluation[]> {
    return (await ctx.loaders.of(ctx, evaluationsOfVersion).load(rowId)).map(toEvaluation);
  }

  @Requires('model:read')
  @FieldResolver(() => [GateWaiver], { description: 'The waivers of its gates, oldest first, those that have expired as well.' })
  async waivers(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<GateWaiver[]> {
    return (await ctx.loaders.of(ctx, waiversOfVersion).load(rowId)).map(toWaiver);
  }
}

const gatesOf = async (ctx: Context, evaluationId: string): Promise<GateType[]> =>
  (await ctx.loaders.of(ctx, resultsOfEvaluation).load(evaluationId)).map((result) => toGate(result, may(ctx, 'model:fairness')));

@Resolver(() => GateEvaluation)
export class GateEvaluationResolver {
  @FieldResolver(() => User, { description: 'Whose act it belongs to.' })
  by(@Ctx() ctx: Context, @Root() { byUserId }: GateEvaluation): Promise<User> {
    return userOf(ctx, byUserId);
  }

  @Requires('model:read')
  @FieldResolver(() => [GateType], { description: 'What each gate said.' })
  gates(@Ctx() ctx: Context, @Root() { rowId }: GateEvaluation): Promise<GateType[]> {
    return gatesOf(ctx, rowId);
  }
}

@Resolver(() => GateType)
export class GateResolver {
  @FieldResolver(() => GateWaiver, { nullable: true, description: 'The waiver under which it counts as passed.' })
  async waiver(@Ctx() ctx: Context, @Root() { waiverId }: GateType): Promise<GateWaiver | null> {
    const row = waiverId === null ? undefined : await ctx.loaders.of(ctx, waiversById).load(waiverId);
    return row ? toWaiver(row) : null;
  }
}

@Resolver(() => GateWaiver)
export class GateWaiverResolver {
  @FieldResolver(() => User, { description: 'Who proposed it.' })
  proposedBy(@Ctx() ctx: Context, @Root() { proposedById }: GateWaiver): Promise<User> {
    return userOf(ctx, proposedById);
  }

  @FieldResolver(() => User, { description: 'Who confirmed it.' })
  confirmedBy(@Ctx() ctx: Context, @Root() { confirmedById }: GateWaiver): Promise<User> {
    return userOf(ctx, confirmedById);
  }
}
