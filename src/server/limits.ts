import type { ApolloServerPlugin } from '@apollo/server';
import {
  getNamedType, getNullableType, getVariableValues, GraphQLError, isListType, Kind,
  type DocumentNode, type FragmentDefinitionNode, type GraphQLSchema, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode,
} from 'graphql';
// The CommonJS half, by name: the other one would bring a second copy of graphql-js, whose types are not ours.
import { getComplexity, type ComplexityEstimator } from 'graphql-query-complexity/cjs';
import { AssayError, badInput, type Context } from '../platform/index.js';

/** What one GraphQL request may ask for. */
export const LIMITS = {
  /** Lexical tokens of the document: graphql-js compares fields that share a name pairwise, so that time grows with the square. */
  tokens: 2_000,
  /** Fields within fields; introspection by GraphiQL has 15. */
  depth: 16,
  /** Fields and fragments once every fragment is spread: spreads of spreads double with each. */
  selections: 10_000,
  /** Values the answer may hold, as estimated: see `estimate`. */
  cost: 25_000,
  /** How many things a page is taken to hold where neither `first` nor `last` is given, and at most. */
  page: 20,
  mostOnPage: 200,
  /** How many things any other list is taken to hold. */
  list: 5,
} as const;

/** Fields that cost more than 1: a card draws plots, a replay, a counterfactual and a what-if run the model, a list that is sent is worked off in the request. */
const DEAR: Readonly<Record<string, number>> = {
  /** Up to ten plots are drawn. */
  'ModelVersion.card': 2_000,
  /** Several statements, the same for all aliases. */
  'Me.tasks': 20,
  'Subscription.tasksChanged': 20,
  'Prediction.replay': 75,
  'Prediction.counterfactual': 75,
  /** Up to 21 states are scored; the first and the last of them are explained. */
  'Mutation.simulateLoan': 150,
  /** Loads the version and explains a dozen predictions. */
  'Query.previewGates': 2_500,
  'Mutation.scoreLoans': 5_000,
  'Mutation.importLoans': 5_000,
};

/** What the operation asks for, so far as it can be told without running it. */
export interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Refuses what is too deep or too costly before anything is resolved. The document must be valid.
 * @throws BAD_INPUT with the limit and what to do
 */
export function demandWithinLimits(asked: Operation): void {
  const { depth, selections } = shapeOf(asked);
  if (depth > LIMITS.depth) {
    throw badInput(`The query is ${number(depth)} fields deep; at most ${LIMITS.depth} are answered. Ask for what lies deeper in a second request, by its id.`);
  }
  if (selections > LIMITS.selections) {
    throw badInput(`The query has more than ${number(LIMITS.selections)} fields once its fragments are spread. Spread fewer fragments, or send several requests.`);
  }
  const cost = costOf(asked);
  if (cost > LIMITS.cost) {
    throw badInput(
      `The query costs ${number(cost)}; one request may cost ${number(LIMITS.cost)}. ` +
        'Ask for smaller pages (first, last), for fewer fields or under fewer aliases, or send several requests.',
    );
  }
}

const number = (value: number): string => value.toLocaleString('en');

/** The estimated number of values in the answer; 0 where the variables do not fit, and nothing will run. */
export function costOf({ schema, document, operation, variables }: Operation): number {
  const query = { ...document, definitions: document.definitions.filter((one) => one === operation || one.kind === Kind.FRAGMENT_DEFINITION) };
  try {
    return getComplexity({ schema, query, variables, estimators: [estimate], maxQueryNodes: LIMITS.selections + 1 });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors) return 0; // execution says all that is wrong with them
    throw badInput(error.message);
  }
}

/** A field costs 1 unless it is dear, and what is asked of each thing in it as often as there may be things. */
const estimate: ComplexityEstimator = ({ type, field, args, childComplexity }) => {
  const asked: unknown = args['first'] ?? args['last'];
  const size = typeof asked === 'number' ? Math.min(Math.max(asked, 0), LIMITS.mostOnPage) : usualSize(field);
  return (DEAR[`${type.name}.${field.name}`] ?? 1) + size * childComplexity;
};

function usualSize({ name, type }: Parameters<typeof estimate>[0]['field']): number {
  if (getNamedType(type).name.endsWith('Connection')) return LIMITS.page;
  // The edges are as many as the connection was taken for.
  return isListType(getNullableType(type)) && name !== 'edges' ? LIMITS.list : 1;
}

interface Shape {
  readonly depth: number;
  readonly selections: number;
}

/** Measures each fragment once, however often it is spread. Validation has refused fragments that spread themselves. */
function shapeOf({ document, operation }: Operation): Shape {
  const fragments = new Map(document.definitions.filter(isFragment).map((one) => [one.name.value, one]));
  const known = new Map<string, Shape>();
  const ofSet = (set: SelectionSetNode | undefined): Shape => {
    const inner = set?.selections.map(ofSelection) ?? [];
    return { depth: inner.reduce((most, { depth }) => Math.max(most, depth), 0), selections: inner.reduce((sum, { selections }) => sum + selections, 0) };
  };
  const ofSelection = (node: SelectionNode): Shape => {
    const { depth, selections } = node.kind === Kind.FRAGMENT_SPREAD ? ofFragment(node.name.value) : ofSet(node.selectionSet);
    return { depth: depth + (node.kind === Kind.FIELD ? 1 : 0), selections: selections + 1 };
  };
  const ofFragment = (name: string): Shape => {
    const shape = known.get(name) ?? ofSet(fragments.get(name)?.selectionSet);
    known.set(name, shape);
    return shape;
  };
  return ofSet(operation.selectionSet);
}

const isFragment = (node: DocumentNode['definitions'][number]): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION;

const plugin: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ schema, document, operation, request }) => {
      // There is none where the name fits no operation: execution says so.
      if (operation) refuseAsRequest(() => demandAnswerable({ schema, document, operation, variables: request.variables ?? {} }));
    },
  }),
};

function demandAnswerable(asked: Operation): void {
  if (asked.operation.operation === 'subscription') {
    throw badInput('Subscriptions are told over a WebSocket: connect to /graphql by the protocol graphql-transport-ws, with the token in connectionParams.');
  }
  demandWithinLimits(asked);
}

/** Refused as a whole, as a document that does not parse is. */
function refuseAsRequest(demand: () => void): void {
  try {
    demand();
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    throw new GraphQLError(error.message, { originalError: error, extensions: { http: { status: 400 } } });
  }
}

/** The limits as options of an Apollo server. */
export const limits = { plugins: [plugin], parseOptions: { maxTokens: LIMITS.tokens } };

/** graphql-js says that parsing was aborted; this says what to do. */
export const sentenceOfSyntaxError = (message: string): string =>
  message.includes('tokens. Parsing aborted')
    ? `The query has more than ${number(LIMITS.tokens)} tokens (names, signs and values). Put values into variables, repeated parts into fragments, or send several requests.`
    : message;
