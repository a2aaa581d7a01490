import { openEpoch, type OpenedEpoch, type TransparencyLog } from '../audit/index.js';
import { newId, type Context } from '../platform/index.js';
import { isRefusal, recordRefusal } from '../security/index.js';

/**
 * Opens a new epoch in the name of who runs the command: whoever has the database and the key of the log may. A refusal is an audit event.
 * @param witnessed a checkpoint that somebody kept
 * @throws REFUSED where the log can go on, or nothing is known that it could follow; BAD_INPUT for what is no checkpoint of this log
 */
export async function openNewEpoch(ctx: Context, log: TransparencyLog, reason: string, witnessed?: string): Promise<OpenedEpoch> {
  try {
    return await openEpoch(ctx.db, log, { event: newId(), actor: ctx.actor.id, now: ctx.now(), reason, witnessed });
  } catch (error) {
    if (isRefusal(error)) await recordRefusal(ctx, { name: 'OPEN_EPOCH', subject: ctx.actor.id }, error);
    throw error;
  }
}
