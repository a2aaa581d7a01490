import { recordEvents, type AuditEvent } from '../../audit/index.js';
import { AssayError, type Context, type ReadKind } from '../../platform/index.js';
import { Extensions } from 'type-graphql';

/** Whose data a field tells: the id of a customer, or of a prediction. */
type SubjectOf<Source> = (source: Source) => string;

export interface PrivilegedField {
  readonly kind: ReadKind;
  readonly subjectOf: SubjectOf<never>;
}

/** Declares that to read a field is worth an event: it tells what not everybody may see. */
export const Privileged = <Source>(kind: ReadKind, subjectOf: SubjectOf<Source>): MethodDecorator & PropertyDecorator =>
  Extensions({ privileged: { kind, subjectOf } satisfies PrivilegedField });

/** Notes a read, unless people read what is theirs. */
export function noteRead(ctx: Context, kind: ReadKind, id: string): void {
  if (ctx.actor.ownCustomerId === undefined) ctx.reads.note(kind, id);
}

/** Of 39 bytes each: an event stays below the 65,535 bytes of a leaf. */
const MOST_IN_AN_EVENT = 1_000;

/**
 * Tells the log what was read, durably, before the answer is given: one event for a request, more where it names more than a
 * thousand customers or predictions, in one statement.
 * @throws UNAVAILABLE where it cannot be told: then nothing may be answered
 */
export async function recordReads(ctx: Context): Promise<void> {
  const reads = ctx.reads.take();
  if (reads.length === 0) return;
  const parts = Math.ceil(reads.length / MOST_IN_AN_EVENT);
  const events = Array.from({ length: parts }, (_, part): AuditEvent => ({
    type: 'PERSONAL_DATA_READ',
    id: ctx.traceId,
    actor: ctx.actor.id,
    time: ctx.now(),
    payload: { reads: byKind(reads.slice(part * MOST_IN_AN_EVENT, (part + 1) * MOST_IN_AN_EVENT)), part: part + 1, parts },
  }));
  await ctx.db.transaction((tx) => recordEvents(tx, events)).catch((error: unknown) => {
    throw new AssayError('UNAVAILABLE', 'What was read could not be recorded, so it is not told. Ask again.', { cause: error });
  });
}

function byKind(reads: readonly (readonly [ReadKind, string])[]): Partial<Record<ReadKind, string[]>> {
  const kinds: Partial<Record<ReadKind, string[]>> = {};
  for (const [kind, id] of reads) (kinds[kind] ??= []).push(id);
  return kinds;
}
