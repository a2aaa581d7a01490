import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { decodeGlobalId, Node, type Context, type NodeLoader } from './platform/index.js';
import { Requires } from './security/index.js';

/** Finds anything by its id; each room says how its own types are found and by whom. */
@Resolver()
export class NodeResolver {
  constructor(private readonly loaders: Readonly<Record<string, NodeLoader>>) {}

  @Requires('self:read')
  @Query(() => Node, { nullable: true, description: 'Anything, by its global id; null where there is none, or it is not yours to see.' })
  async node(@Ctx() ctx: Context, @Arg('id', () => ID, { description: 'A global id.' }) id: string): Promise<object | undefined> {
    const globalId = decodeGlobalId(id);
    return Object.hasOwn(this.loaders, globalId.type) ? this.loaders[globalId.type]!(ctx, globalId) : undefined;
  }
}
