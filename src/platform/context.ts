import { randomUUID } from 'node:crypto';
import type { Database } from './database.js';
import { Loaders } from './loaders.js';
import type { Logger } from './log.js';
import { PrivilegedReads } from './privileged-reads.js';

/** Who acts: a person or a service, as a verified token named it. */
export interface Actor {
  /** The row in `users`; a pseudonym outside this database. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
  /** Set for a borrower: the only customer whose data this actor may see. */
  readonly ownCustomerId: string | undefined;
}

/** The first argument of every use case. Background work builds one explicitly. */
export interface Context {
  readonly actor: Actor;
  readonly db: Database;
  readonly log: Logger;
  readonly loaders: Loaders;
  /** What is read that not everybody may see, for the log. */
  readonly reads: PrivilegedReads;
  /** Correlates the log lines and errors of one HTTP request; not the caller's idempotency key. */
  readonly traceId: string;
  now(): Date;
}

export function newContext(parts: Pick<Context, 'actor' | 'db' | 'log'> & { now?: () => Date }): Context {
  const traceId = randomUUID();
  return {
    actor: parts.actor,
    db: parts.db,
    log: parts.log.child({ traceId, actor: parts.actor.id }),
    loaders: new Loaders(),
    reads: new PrivilegedReads(),
    traceId,
    now: parts.now ?? (() => new Date()),
  };
}

/** The same person and trace with nothing loaded yet: what is read is read anew. */
export const afresh = (ctx: Context): Context => ({ ...ctx, loaders: new Loaders() });
