import type { GraphQLSchema } from 'graphql';
import { Extensions, Subscription } from 'type-graphql';
import type { Context } from '../context.js';
import { internal } from '../../base/index.js';

type Returns = () => unknown;

/** Opens the events of one subscriber, on the resolver that was constructed. */
type Open<Resolver, Args> = (resolver: Resolver, ctx: Context, args: Args) => AsyncIterable<unknown>;

interface Opening {
  readonly resolver: Function;
  readonly open: Open<object, object>;
}

const unopened = (): never => {
  throw internal('The streams of this schema were not opened.');
};

/** A subscription whose events come from its resolver's instance; by itself type-graphql knows none when one subscribes. */
export function StreamedSubscription<Resolver extends object, Args extends object = object>(returns: Returns, { description, open }: { description: string; open: Open<Resolver, Args> }): MethodDecorator {
  return (prototype, name, descriptor) => {
    const opening: Opening = { resolver: prototype.constructor, open: open as Open<object, object> };
    Extensions({ opening })(prototype, name, descriptor);
    Subscription(returns as Parameters<typeof Subscription>[0] & Returns, { description, subscribe: unopened })(prototype, name, descriptor);
  };
}

/** Lets every subscription of a built schema open its stream on its resolver. */
export function openStreams(schema: GraphQLSchema, get: (resolver: Function) => object): GraphQLSchema {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const opening = field.extensions['opening'] as Opening | undefined;
    if (!opening) throw internal(`Subscription.${field.name} does not say where its events come from. Declare it by @StreamedSubscription(…).`);
    field.subscribe = (_source, args, ctx: Context) => opening.open(get(opening.resolver), ctx, args);
  }
  return schema;
}

/** type-graphql asks for a broker of topics where there are subscriptions; here each opens its own stream. */
export const NO_TOPICS = { publish: unopened, subscribe: unopened };
