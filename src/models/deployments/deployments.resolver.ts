import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { expectId, type Context } from '../../platform/index.js';
import { proposalAfter, Requires, type Proposals } from '../../security/index.js';
import type { DeploymentService } from '../deployment.service.js';
import { deploymentOf, modelOf, versionAfter } from '../look-up.js';
import { deploymentsById } from '../model.queries.js';
import { toDeployment } from '../model.types.js';
import { liveDeployments } from './deployment.queries.js';
import {
  EndDeploymentInput, EndDeploymentPayload, ResumeModelInput, ResumeModelPayload, ResumeVersionInput, ResumeVersionPayload, RetireModelVersionInput, RetireModelVersionPayload, RollbackModelInput,
  RollbackModelPayload, SuspendModelInput, SuspendModelPayload, SuspendVersionInput, SuspendVersionPayload,
} from './deployments.types.js';
import type { StopService } from './stop.service.js';
import { openSuspension } from './suspension.queries.js';

const rowId = (id: string, type: 'Model' | 'ModelVersion' | 'Deployment'): string => expectId(id, type, false).id;

/** What changes which version of a model is live, beside deploying one. */
@Resolver()
export class DeploymentActsResolver {
  constructor(
    private readonly deployments: DeploymentService,
    private readonly stop: StopService,
    private readonly proposals: Proposals,
  ) {}

  @Requires('version:deploy', 'ROLL_BACK_MODEL')
  @Mutation(() => RollbackModelPayload, { description: 'Makes the latest earlier champion of another version, if it is still approved, the champion again. Called again, it leads back.' })
  async rollbackModel(@Ctx() ctx: Context, @Arg('input', { description: 'Which model, and why.' }) { modelId, reason, requestId }: RollbackModelInput): Promise<RollbackModelPayload> {
    const id = await this.deployments.rollBack(ctx, { modelId: rowId(modelId, 'Model'), reason, requestId: requestId ?? undefined });
    return { deployment: await deploymentOf(ctx, id) };
  }

  @Requires('version:deploy')
  @Mutation(() => EndDeploymentPayload, { description: 'Ends a challenger or a canary. A champion ends when another takes its place, or by suspendModel.' })
  async endDeployment(@Ctx() ctx: Context, @Arg('input', { description: 'Which deployment, and why.' }) { deploymentId, reason }: EndDeploymentInput): Promise<EndDeploymentPayload> {
    const id = rowId(deploymentId, 'Deployment');
    await this.deployments.end(ctx, id, reason);
    ctx.loaders.of(ctx, deploymentsById).clear(id);
    return { deployment: await deploymentOf(ctx, id) };
  }

  @Requires('version:deploy', 'RETIRE')
  @Mutation(() => RetireModelVersionPayload, { description: 'Takes an approved version that is not the champion out of use. Final.' })
  async retireModelVersion(@Ctx() ctx: Context, @Arg('input', { description: 'Which version, and why.' }) { versionId, reason }: RetireModelVersionInput): Promise<RetireModelVersionPayload> {
    const id = rowId(versionId, 'ModelVersion');
    await this.deployments.retire(ctx, id, reason);
    return { modelVersion: await versionAfter(ctx, id) };
  }

  @Requires('version:deploy')
  @Mutation(() => SuspendModelPayload, { description: 'Stops a model: when this returns, no server decides with it; requests are recorded and go to a person. Two people end it.' })
  async suspendModel(@Ctx() ctx: Context, @Arg('input', { description: 'Which model, and why.' }) { modelId, reason }: SuspendModelInput): Promise<SuspendModelPayload> {
    const id = rowId(modelId, 'Model');
    await this.stop.suspendModel(ctx, id, reason);
    return { model: await modelOf(ctx, id) };
  }

  @Requires('version:deploy', 'SUSPEND')
  @Mutation(() => SuspendVersionPayload, { description: 'Stops a version. Where it decided, the latest earlier champion that may still decide and can be loaded at once takes over, or a person decides. Two people end it.' })
  async suspendVersion(@Ctx() ctx: Context, @Arg('input', { description: 'Which version, and why.' }) { versionId, reason }: SuspendVersionInput): Promise<SuspendVersionPayload> {
    const id = rowId(versionId, 'ModelVersion');
    const { passedOver } = await this.stop.suspendVersion(ctx, id, reason);
    const modelVersion = await versionAfter(ctx, id);
    const live = await ctx.loaders.of(ctx, liveDeployments).load({ modelId: modelVersion.modelId, at: undefined });
    const others = await Promise.all(passedOver.map(async (one) => ({ modelVersion: await versionAfter(ctx, one.versionId), reason: one.reason })));
    return { modelVersion, deployment: live ? toDeployment(live) : null, passedOver: others };
  }

  @Requires('version:deploy', 'PROPOSE_RESUME_MODEL')
  @Mutation(() => ResumeModelPayload, { description: 'Proposes to end the suspension of a model. The proposal says which of the deployments that it ended begin anew when another ADMIN confirms it.' })
  async resumeModel(@Ctx() ctx: Context, @Arg('input', { description: 'Which model, and why.' }) { modelId, reason }: ResumeModelInput): Promise<ResumeModelPayload> {
    const subject = rowId(modelId, 'Model');
    const id = await this.proposals.propose(ctx, 'RESUME_MODEL', { subject, payload: await this.stop.resumption(ctx, subject), reason });
    return { proposal: await proposalAfter(ctx, this.proposals, id) };
  }

  @Requires('version:deploy', 'PROPOSE_RESUME_VERSION')
  @Mutation(() => ResumeVersionPayload, { description: 'Proposes to end the suspension of a version. When another ADMIN confirms it, the version is approved again and can be deployed.' })
  async resumeVersion(@Ctx() ctx: Context, @Arg('input', { description: 'Which version, and why.' }) { versionId, reason }: ResumeVersionInput): Promise<ResumeVersionPayload> {
    const subject = rowId(versionId, 'ModelVersion');
    const { modelId } = await versionAfter(ctx, subject);
    const suspension = (await openSuspension(ctx.db, modelId, subject))?.id ?? null;
    const id = await this.proposals.propose(ctx, 'RESUME_VERSION', { subject, payload: { suspension }, reason });
    return { proposal: await proposalAfter(ctx, this.proposals, id) };
  }
}
