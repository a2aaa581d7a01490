import { unwrapResolverError } from '@apollo/server/errors';
import type { ValidationError } from 'class-validator';
import type { GraphQLFormattedError } from 'graphql';
import { ArgumentValidationError } from 'type-graphql';
import { AssayError, internal, type Logger } from '../platform/index.js';
import { sentenceOfSyntaxError } from './limits.js';

/** Gives every error a stable code and an id, and keeps what went wrong inside to the log. */
export const formatErrors =
  (log: Logger) =>
  (formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError => {
    const original = unwrapResolverError(thrown);
    const error = asAssayError(original);
    if (!error && isRequestError(formatted)) return withCode(formatted, 'BAD_INPUT');
    const told = error ?? internal('Something went wrong inside Assay. The log tells more under this id.');
    if (told.code === 'INTERNAL') log.error({ err: original, id: told.id, path: formatted.path }, 'request failed');
    const rule = told.rule && { rule: told.rule.name, remedy: told.rule.remedy, who: told.rule.who };
    return { ...formatted, message: told.message, extensions: { code: told.code, id: told.id, ...rule } };
  };

/** A document or variable that GraphQL itself refused: its own sentence is the best one. */
const isRequestError = ({ extensions }: GraphQLFormattedError): boolean =>
  ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE'].includes(String(extensions?.['code']));

function withCode(formatted: GraphQLFormattedError, code: 'BAD_INPUT'): GraphQLFormattedError {
  const { id, message } = new AssayError(code, sentenceOfSyntaxError(formatted.message));
  return { ...formatted, message, extensions: { code, id, graphql: formatted.extensions?.['code'] } };
}

function asAssayError(error: unknown): AssayError | undefined {
  if (error instanceof AssayError) return error;
  if (error instanceof ArgumentValidationError) {
    return new AssayError('BAD_INPUT', (error.extensions.validationErrors as ValidationError[]).flatMap((one) => sentences(one)).join(' '));
  }
  // graphql-js wraps what a scalar's parser throws.
  const cause = (error as { originalError?: unknown } | undefined)?.originalError;
  return cause && cause !== error ? asAssayError(cause) : undefined;
}

function sentences({ property, constraints, children }: ValidationError, path = ''): string[] {
  const here = Object.values(constraints ?? {}).map((text) => `${path}${text.endsWith('.') ? text : `${text}.`}`);
  return [...here, ...(children ?? []).flatMap((child) => sentences(child, `${path}${property}.`))];
}
