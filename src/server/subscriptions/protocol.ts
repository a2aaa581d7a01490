import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { makeServer, type Context as SocketContext, type Server } from 'graphql-ws';
import { afresh, AssayError, internal, newContext, refused, unauthenticated, type Context, type Database, type Logger } from '../../platform/index.js';
import type { Authenticator, Bearer } from '../../security/index.js';
import { formatErrors } from '../errors.js';
import { NOT_ALLOWED, TRY_AGAIN, WENT_WRONG } from './close.js';
import { asGraphQLError, readOperation, subscribeAfresh } from './operation.js';

export interface ProtocolParts {
  readonly schema: GraphQLSchema;
  readonly authenticator: Pick<Authenticator, 'bearerOf'>;
  readonly db: Database;
  readonly log: Logger;
}

/** A socket, from opening to close. */
export interface Connection {
  close(code: number, reason: string): void;
  /** Who it is, once they have said so. */
  bearer?: Bearer;
  /** Closes it when the token expires. */
  expiry?: NodeJS.Timeout;
}

type Params = Record<string, unknown> | undefined;

/** Subscriptions that one socket may have open. */
export const MOST_SUBSCRIPTIONS = 20;

const MILLISECONDS_TO_SAY_WHO = 3_000;

/** The protocol graphql-transport-ws: who may connect, what they may ask, and how they are told what went wrong. */
export function openProtocol({ schema, authenticator, db, log }: ProtocolParts): Server<Connection> {
  const format = formatErrors(log);
  const formatted = (error: GraphQLError): GraphQLFormattedError => format(error.toJSON(), error);
  return makeServer<Params, Connection>({
    connectionInitWaitTimeout: MILLISECONDS_TO_SAY_WHO,
    onConnect: (opened) => admit(opened, authenticator, log),
    onSubscribe: ({ subscriptions, extra }, _id, payload) => {
      if (Object.keys(subscriptions).length > MOST_SUBSCRIPTIONS) return [tooMany()];
      const asked = readOperation(schema, payload);
      if (!('document' in asked)) return asked;
      const { actor, expiresAt } = bearerOf(extra);
      const ctx = newContext({ db, log, actor });
      return { ...asked, contextValue: () => stillHolding(ctx, expiresAt) };
    },
    subscribe: (args) => subscribeAfresh(args, args.contextValue as () => Context),
    onNext: (_opened, _id, _payload, _args, { data, errors }) => (errors ? { data: data ?? null, errors: errors.map(formatted) } : undefined),
    onError: (_opened, _id, _payload, errors) => errors.map(formatted),
    onClose: ({ extra }) => clearTimeout(extra.expiry),
  });
}

/** Whoever says who they are is let in until their token expires. */
async function admit({ connectionParams, extra }: SocketContext<Params, Connection>, authenticator: ProtocolParts['authenticator'], log: Logger): Promise<boolean> {
  try {
    extra.bearer = await authenticator.bearerOf(authorizationIn(connectionParams));
    closeWhenExpired(extra, extra.bearer.expiresAt.getTime());
    return true;
  } catch (thrown) {
    const error = thrown instanceof AssayError ? thrown : internal('Something went wrong inside Assay. The log tells more.', thrown);
    if (error.code === 'INTERNAL') log.error({ err: thrown, id: error.id }, 'a socket could not be let in');
    extra.close(codeOf(error), error.message);
    return false; // closed already, with a sentence
  }
}

/** The name of the parameter is that of the header, in whichever case a client writes it. */
function authorizationIn(params: Params): string {
  const value = Object.entries(params ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  if (typeof value !== 'string' || value === '') throw unauthenticated('Send a token: connectionParams { "Authorization": "Bearer <JWT>" }.');
  return value;
}

function codeOf({ code }: AssayError): number {
  if (code === 'INTERNAL') return WENT_WRONG;
  return code === 'UNAVAILABLE' ? TRY_AGAIN : NOT_ALLOWED;
}

const expired = (): AssayError => unauthenticated('The token has expired. Ask the issuer for a new one, and connect again.');

/** The longest that a timer of Node waits. */
const LONGEST = 2 ** 31 - 1;

function closeWhenExpired(connection: Connection, at: number): void {
  const left = at - Date.now();
  if (left <= 0) return connection.close(NOT_ALLOWED, expired().message);
  connection.expiry = setTimeout(() => closeWhenExpired(connection, at), Math.min(left, LONGEST)).unref();
}

function bearerOf({ bearer }: Connection): Bearer {
  if (!bearer) throw internal('A socket subscribed before it was let in.');
  return bearer;
}

/** @throws UNAUTHENTICATED once the token has expired: a timer may be late */
function stillHolding(ctx: Context, expiresAt: Date): Context {
  if (expiresAt <= ctx.now()) throw expired();
  return afresh(ctx);
}

const tooMany = (): GraphQLError =>
  asGraphQLError(refused(`This socket has ${MOST_SUBSCRIPTIONS} subscriptions open, the most that are kept. End one, or open another socket.`));
