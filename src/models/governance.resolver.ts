import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { expectId, type Context } from '../platform/index.js';
import { Requires } from '../security/index.js';
import type { VotingAct } from './approval-policy.js';
import type { DeploymentService } from './deployment.service.js';
import { ApproveModelVersionInput, DeployModelVersionInput, EditModelVersionInput, RegisterModelInput, RegisterModelVersionInput, RejectModelVersionInput, SubmitModelVersionInput, ValidateModelVersionInput, WithdrawModelVersionInput, type VoteInput } from './governance.inputs.js';
import { ApproveModelVersionPayload, DeployModelVersionPayload, EditModelVersionPayload, RegisterModelPayload, RegisterModelVersionPayload, RejectModelVersionPayload, SubmitModelVersionPayload, ValidateModelVersionPayload, WithdrawModelVersionPayload, type VersionPayload } from './governance.payloads.js';
import { deploymentOf, modelOf, versionAfter } from './look-up.js';
import type { ModelService } from './model.service.js';
import type { VersionService } from './version.service.js';
import type { VoteService } from './vote.service.js';

const versionId = (id: string): string => expectId(id, 'ModelVersion', false).id;
const usersOf = (ids: readonly string[] | null | undefined): string[] | undefined => ids?.map((id) => expectId(id, 'User', false).id);

@Resolver()
export class GovernanceResolver {
  constructor(
    private readonly models: ModelService,
    private readonly versions: VersionService,
    private readonly votes: VoteService,
    private readonly deployments: DeploymentService,
  ) {}

  @Requires('model:register')
  @Mutation(() => RegisterModelPayload, { description: 'Registers a model; you own it. It is of tier HIGH until two ADMINs say otherwise (changeTier).' })
  async registerModel(@Ctx() ctx: Context, @Arg('input', { description: 'The model.' }) input: RegisterModelInput): Promise<RegisterModelPayload> {
    return { model: await modelOf(ctx, await this.models.registerModel(ctx, { ...input, requestId: input.requestId ?? undefined })) };
  }

  @Requires('model:register', 'REGISTER')
  @Mutation(() => RegisterModelVersionPayload, { description: 'Registers a DRAFT from uploaded artefacts; they are loaded, and their parity is checked again.' })
  async registerModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'The version.' }) input: RegisterModelVersionInput): Promise<VersionPayload> {
    const modelId = expectId(input.modelId, 'Model', false).id;
    const id = await this.versions.registerVersion(ctx, { modelId, dossier: input.dossier, trainedBy: usersOf(input.trainedBy), requestId: input.requestId ?? undefined });
    return { modelVersion: await versionAfter(ctx, id) };
  }

  @Requires('version:submit', 'EDIT')
  @Mutation(() => EditModelVersionPayload, { description: 'Gives a DRAFT another dossier, verified like the first. Its editor has no vote on it.' })
  async editModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'The version and its dossier.' }) input: EditModelVersionInput): Promise<VersionPayload> {
    const id = versionId(input.versionId);
    await this.versions.edit(ctx, { versionId: id, replaces: input.replaces, dossier: input.dossier, trainedBy: usersOf(input.trainedBy) });
    return { modelVersion: await versionAfter(ctx, id) };
  }

  @Requires('version:submit', 'SUBMIT')
  @Mutation(() => SubmitModelVersionPayload, { description: 'Hands a DRAFT to its voters; from then on nothing in it can change.' })
  async submitModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'Which version.' }) input: SubmitModelVersionInput): Promise<VersionPayload> {
    const id = versionId(input.versionId);
    await this.versions.submit(ctx, id);
    return { modelVersion: await versionAfter(ctx, id) };
  }

  @Requires('version:submit', 'WITHDRAW')
  @Mutation(() => WithdrawModelVersionPayload, { description: 'Takes a version back before it is approved. Final.' })
  async withdrawModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'Which version, and why.' }) input: WithdrawModelVersionInput): Promise<VersionPayload> {
    const id = versionId(input.versionId);
    await this.versions.withdraw(ctx, id, input.reason);
    return { modelVersion: await versionAfter(ctx, id) };
  }

  @Requires('version:validate', 'VALIDATE')
  @Mutation(() => ValidateModelVersionPayload, { description: 'Gives a validator\'s verdict on a submitted version.' })
  validateModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'The verdict.' }) input: ValidateModelVersionInput): Promise<VersionPayload> {
    return this.vote(ctx, input.verdict === 'FOR' ? 'VALIDATE' : 'INVALIDATE', input);
  }

  @Requires('version:approve', 'APPROVE')
  @Mutation(() => ApproveModelVersionPayload, { description: 'Votes for a version as an admin; the last vote needed approves it.' })
  approveModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'The vote.' }) input: ApproveModelVersionInput): Promise<VersionPayload> {
    return this.vote(ctx, 'APPROVE', input);
  }

  @Requires('version:approve', 'REJECT')
  @Mutation(() => RejectModelVersionPayload, { description: 'Votes against a version as an admin, which rejects it. Final.' })
  rejectModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'The vote.' }) input: RejectModelVersionInput): Promise<VersionPayload> {
    return this.vote(ctx, 'REJECT', input);
  }

  @Requires('version:deploy', 'DEPLOY')
  @Mutation(() => DeployModelVersionPayload, { description: 'Gives an approved version a role for its model, from this moment on: the champion decides, challengers score beside it, a canary decides for a share.' })
  async deployModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'Which version, and why.' }) input: DeployModelVersionInput): Promise<DeployModelVersionPayload> {
    const id = await this.deployments.deploy(ctx, { ...input, versionId: versionId(input.versionId), share: input.share ?? undefined, requestId: input.requestId ?? undefined });
    return { deployment: await deploymentOf(ctx, id) };
  }

  private async vote(ctx: Context, act: VotingAct, { versionId: globalId, dossierDigest, comment }: VoteInput): Promise<VersionPayload> {
    const id = versionId(globalId);
    await this.votes.vote(ctx, act, { versionId: id, dossierDigest, comment });
    return { modelVersion: await versionAfter(ctx, id) };
  }
}
