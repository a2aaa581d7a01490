import { randomUUID } from 'node:crypto';

/** Stable codes for machines; the message is for people. */
export type ErrorCode =
  | 'BAD_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'REFUSED'
  | 'NO_MODEL'
  | 'AMBIGUOUS_MODEL'
  | 'UNAVAILABLE'
  | 'INTERNAL';

/** The rule that said no, for machines and for people who want to know how to go on. */
export interface RuleTold {
  /** Stable name of the rule. */
  readonly name: string;
  /** What would satisfy it. */
  readonly remedy: string;
  /** Who can do that. */
  readonly who: string;
}

/** An error with an identity: a stable code, and an instance id by which an operator finds it in the log. */
export class AssayError extends Error {
  readonly id: string = randomUUID();
  readonly rule: RuleTold | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown; rule?: RuleTold },
  ) {
    super(message, options);
    this.name = 'AssayError';
    this.rule = options?.rule;
  }
}

/** The caller sent something that cannot be accepted; the sentence says what, where and what to do. */
export const badInput = (message: string): AssayError => new AssayError('BAD_INPUT', message);

export const unauthenticated = (message: string): AssayError => new AssayError('UNAUTHENTICATED', message);

export const forbidden = (message: string): AssayError => new AssayError('FORBIDDEN', message);

export const notFound = (message: string): AssayError => new AssayError('NOT_FOUND', message);

/** The request contradicts something already recorded. */
export const conflict = (message: string): AssayError => new AssayError('CONFLICT', message);

/** A rule of the business or of governance says no. */
export const refused = (message: string): AssayError => new AssayError('REFUSED', message);

/** Something Assay itself got wrong; the message is safe to show, the cause goes to the log. */
export const internal = (message: string, cause?: unknown): AssayError =>
  new AssayError('INTERNAL', message, cause === undefined ? undefined : { cause });

/** The message of anything thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
