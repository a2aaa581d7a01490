import { Max, Min } from 'class-validator';
import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import type { Page } from '../page.js';

@ObjectType({ description: 'Where a page stands in its list.', simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follows after `endCursor`.' }) hasNextPage!: boolean;
  @Field(() => Boolean, { description: 'Whether more comes before `startCursor`.' }) hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true, description: 'The cursor of the first edge.' }) startCursor!: string | null;
  @Field(() => String, { nullable: true, description: 'The cursor of the last edge.' }) endCursor!: string | null;
}

const MOST = 200;

/** Relay's paging arguments. */
@ArgsType()
export class ConnectionArgs {
  @Min(0)
  @Max(MOST)
  @Field(() => Int, { nullable: true, description: `How many from the start, at most ${MOST}; 20 where neither first nor last is given.` })
  first?: number;

  @Field(() => String, { nullable: true, description: 'Only what comes after this cursor.' })
  after?: string;

  @Min(0)
  @Max(MOST)
  @Field(() => Int, { nullable: true, description: `How many from the end, at most ${MOST}.` })
  last?: number;

  @Field(() => String, { nullable: true, description: 'Only what comes before this cursor.' })
  before?: string;
}

export interface Connection<Node> {
  edges: { node: Node; cursor: string }[];
  pageInfo: PageInfo;
  totalCount: () => Promise<number>;
}

/** The Relay connection and edge types of a node type. */
export function connectionType<Node extends object>(node: ClassType<Node>, name: string, plural: string): ClassType<Connection<Node>> {
  @ObjectType(`${name}Edge`, { description: `One of the ${plural}, with its cursor.`, simpleResolvers: true })
  class Edge {
    @Field(() => node, { description: 'The thing itself.' }) node!: Node;
    @Field(() => String, { description: 'Its place in the list, for `after` and `before`.' }) cursor!: string;
  }
  @ObjectType(`${name}Connection`, { description: `A page of ${plural}.`, simpleResolvers: true })
  class NodeConnection {
    @Field(() => [Edge], { description: 'The page, in order.' }) edges!: Edge[];
    @Field(() => PageInfo, { description: 'Where the page stands in the list.' }) pageInfo!: PageInfo;
    @Field(() => Int, { description: 'How many there are in all; counted only when asked for.' }) totalCount!: () => Promise<number>;
  }
  return NodeConnection;
}

/** A page of rows as a connection of nodes. */
export function toConnection<Row, Node>(page: Page<Row>, toNode: (row: Row) => Node): Connection<Node> {
  const edges = page.rows.map(({ row, cursor }) => ({ node: toNode(row), cursor }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNext,
      hasPreviousPage: page.hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: page.count,
  };
}
