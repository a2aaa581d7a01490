import { Field, ID, InterfaceType } from 'type-graphql';
import type { Context } from '../context.js';
import type { GlobalId } from '../ids.js';

/** Relay's global object identification. */
@InterfaceType({ description: 'Anything with a global id; `node(id)` finds it.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque global id; stable.' })
  id!: string;
}

/** How `node(id)` finds a thing of a type; each room offers the loaders of its types. */
export type NodeLoader = (ctx: Context, id: GlobalId) => Promise<object | undefined>;
