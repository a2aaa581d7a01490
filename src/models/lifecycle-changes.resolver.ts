import { Arg, Ctx, FieldResolver, ID, Resolver, Root } from 'type-graphql';
import { isLifecycle, type GovernanceNotice } from '../audit/index.js';
import { encodeGlobalId, expectId, StreamedSubscription, type Context, type Heard, type NoticeHub } from '../platform/index.js';
import { Requires, User, userOf } from '../security/index.js';
import { LifecycleChange, type LifecycleEventName } from './lifecycle-changes.types.js';
import { deploymentOf, modelOf, versionOf } from './look-up.js';
import { Deployment, Model, ModelVersion } from './model.types.js';

/** Tells the life of models as it happens, on whichever replica. */
@Resolver(() => LifecycleChange)
export class LifecycleChangesResolver {
  constructor(private readonly hub: Pick<NoticeHub<GovernanceNotice>, 'notices'>) {}

  @Requires('model:read')
  @StreamedSubscription(() => LifecycleChange, {
    description: 'Every step in the life of models and their versions, as it happens; first of all, that it is told from now on.',
    open: (resolver: LifecycleChangesResolver, _ctx, { modelId }: { modelId?: string | null }) => resolver.follow(modelId ?? undefined),
  })
  lifecycleChanged(
    @Root() heard: Heard<GovernanceNotice>,
    @Arg('modelId', () => ID, { nullable: true, description: 'Of which model; default of all.' }) _modelId?: string,
  ): LifecycleChange {
    return toChange(heard);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null for LISTENING.' })
  async by(@Ctx() ctx: Context, @Root() { actorId }: LifecycleChange): Promise<User | undefined> {
    return actorId === undefined ? undefined : userOf(ctx, actorId);
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The model; null for LISTENING.' })
  async model(@Ctx() ctx: Context, @Root() { modelId }: LifecycleChange): Promise<Model | undefined> {
    return modelId === undefined ? undefined : modelOf(ctx, modelId);
  }

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'The version; null where it happened to the model as a whole.' })
  async modelVersion(@Ctx() ctx: Context, @Root() { versionId }: LifecycleChange): Promise<ModelVersion | undefined> {
    return versionId === undefined ? undefined : versionOf(ctx, versionId);
  }

  @FieldResolver(() => Deployment, { nullable: true, description: 'The deployment, where it is about one.' })
  async deployment(@Ctx() ctx: Context, @Root() { deploymentId }: LifecycleChange): Promise<Deployment | undefined> {
    return deploymentId === undefined ? undefined : deploymentOf(ctx, deploymentId);
  }

  private follow(modelId: string | undefined): AsyncIterable<Heard<GovernanceNotice>> {
    const model = modelId === undefined ? undefined : expectId(modelId, 'Model', false).id;
    return this.hub.notices((notice) => isLifecycle(notice) && (model === undefined || notice.model === model));
  }
}

function toChange(heard: Heard<GovernanceNotice>): LifecycleChange {
  if (!heard.notice) return Object.assign(new LifecycleChange(), { id: null, event: 'LISTENING', at: heard.listeningSince } as const);
  const { event, type, at, actor, model, version, deployment } = heard.notice;
  const ids = { actorId: actor, modelId: model, versionId: version, deploymentId: deployment };
  return Object.assign(new LifecycleChange(), { id: encodeGlobalId({ type: 'AuditEvent', id: event }), event: type as LifecycleEventName, at, ...ids });
}
