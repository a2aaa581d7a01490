import { createSourceEventStream, execute, getOperationAST, GraphQLError, Kind, parse, validate, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { badInput, mapStream, messageOf, type Context } from '../../platform/index.js';
import { demandWithinLimits, limits } from '../limits.js';

/** What a subscriber asked for, found valid and within the limits of any request; or why not. */
export function readOperation(schema: GraphQLSchema, { query, operationName, variables }: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
  try {
    const document = parse(query, limits.parseOptions);
    const mistakes = validate(schema, document);
    if (mistakes.length > 0) return mistakes.map((mistake) => asRequestError(mistake));
    const operation = getOperationAST(document, operationName);
    if (!operation) throw badInput('The document holds several operations or none. Send one subscription, or name it with operationName.');
    if (operation.operation !== 'subscription') throw badInput('Only subscriptions are answered over this socket. Send queries and mutations as POST to /graphql.');
    demandWithinLimits({ schema, document, operation, variables: variables ?? {} });
    return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null };
  } catch (error) {
    if (error instanceof GraphQLError) return [asRequestError(error)];
    return [asGraphQLError(error)];
  }
}

export const asGraphQLError = (thrown: unknown): GraphQLError => new GraphQLError(messageOf(thrown), { originalError: thrown instanceof Error ? thrown : null });

/** What GraphQL itself refused is told in its own sentence, as over HTTP. */
const asRequestError = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, { nodes: error.nodes ?? null, source: error.source ?? null, positions: error.positions ?? null, originalError: error.originalError ?? null, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });

/** Answers each event in a context of its own: nothing is shown as an earlier event had it loaded, and every permission is asked for again. */
export async function subscribeAfresh(args: ExecutionArgs, contextOf: () => Context): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const events = await openEvents(args, contextOf);
  if (!(Symbol.asyncIterator in events)) return { ...events, ...(events.errors && { errors: events.errors.map(asVariablesError) }) };
  return mapStream(events[Symbol.asyncIterator](), async (event) => execute({ ...args, rootValue: event, contextValue: contextOf() }));
}

async function openEvents(args: ExecutionArgs, contextOf: () => Context): Promise<AsyncIterable<unknown> | ExecutionResult> {
  try {
    return await createSourceEventStream({ ...args, contextValue: contextOf() });
  } catch (error) {
    return { errors: [asGraphQLError(error)] };
  }
}

/** Variables that do not fit are told of at their definition; everything else was thrown by a field. */
const asVariablesError = (error: GraphQLError): GraphQLError => (error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION ? asRequestError(error) : error);
