import { AssayError, messageOf, type Context } from '../../platform/index.js';
import type { Problem } from './item.js';

/** A rule's "no" is a refusal, told to the caller; anything else is a failure, told in full to the log. */
export function problemOf(ctx: Context, error: unknown): Problem {
  if (error instanceof AssayError && error.code !== 'INTERNAL') return { status: 'REFUSED', code: error.code, message: error.message };
  const id = error instanceof AssayError ? error.id : undefined;
  ctx.log.error({ err: error, id }, 'scoring failed');
  return { status: 'FAILED', code: 'INTERNAL', message: id ? `${messageOf(error)} (${id})` : 'The model could not be run. The log tells why.' };
}
