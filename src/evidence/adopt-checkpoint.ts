import { adoptCheckpoint, type Adopted, type TransparencyLog } from '../audit/index.js';
import { newId, type Context } from '../platform/index.js';
import { isRefusal, recordRefusal } from '../security/index.js';

/**
 * Lets a log sign of which this machine knows no checkpoint, in the name of who runs the command. A refusal is an audit event.
 * @param checkpoint one that somebody kept; undefined where nobody did
 * @throws REFUSED, BAD_INPUT
 */
export async function adoptKeptCheckpoint(ctx: Context, log: TransparencyLog, checkpoint: string | undefined): Promise<Adopted> {
  try {
    return await adoptCheckpoint(ctx.db, log, { event: newId(), actor: ctx.actor.id, now: ctx.now(), checkpoint });
  } catch (error) {
    if (isRefusal(error)) await recordRefusal(ctx, { name: 'ADOPT_CHECKPOINT', subject: ctx.actor.id }, error);
    throw error;
  }
}
