import { recordEvent } from '../audit/index.js';
import { badInput, newId, notFound, sha256, sqlState, type Context } from '../platform/index.js';
import { governed, refusedBy, type DataKey, type GovernedAct, type KeyRing } from '../security/index.js';
import { holdById, type HoldRow } from './retention.queries.js';

const LONGEST = 4_000;
const UNIQUE_VIOLATION = '23505';

/** What keeps records although no clock does: a dispute, an order of a court. Placed and lifted by who answers for personal data. */
export class HoldService {
  constructor(private readonly keys: KeyRing) {}

  /** @returns the id of the hold. @throws NOT_FOUND for an erased customer */
  place(ctx: Context, customerId: string, reason: string): Promise<string> {
    return governed(ctx, actOf('PLACE_LEGAL_HOLD', customerId), async (tx) => {
      const id = newId();
      const sealed = seal(await this.keys.keyOf(customerId), 'legal_holds', id, reason);
      await tx.query('INSERT INTO legal_holds (customer_id, id, reason, placed_by) VALUES ($1, $2, $3, $4)', [customerId, id, sealed, ctx.actor.id]);
      await recordEvent(tx, { type: 'LEGAL_HOLD_PLACED', id, actor: ctx.actor.id, time: ctx.now(), payload: { customer: customerId, hold: id, reason: sha256(sealed).toString('hex') } });
      return id;
    });
  }

  /** @throws REFUSED for one that was lifted */
  async lift(ctx: Context, id: string, reason: string): Promise<void> {
    await governed(ctx, actOf('LIFT_LEGAL_HOLD', id), async (tx) => {
      const hold = await holdById(tx, id);
      if (!hold) throw notFound('There is no such legal hold.');
      const { customerId } = hold;
      const sealed = seal(await this.keys.keyOf(customerId), 'legal_hold_ends', id, reason);
      await tx.query('INSERT INTO legal_hold_ends (customer_id, hold_id, reason, lifted_by) VALUES ($1, $2, $3, $4)', [customerId, id, sealed, ctx.actor.id]);
      await recordEvent(tx, { type: 'LEGAL_HOLD_LIFTED', id, actor: ctx.actor.id, time: ctx.now(), payload: { customer: customerId, hold: id, reason: sha256(sealed).toString('hex') } });
    }, (error) => (sqlState(error) === UNIQUE_VIOLATION ? refusedBy('HOLD_LIFTED_ONCE', { says: 'The legal hold was lifted before.', remedy: 'Place another one if it is needed again.', who: 'PRIVACY_OFFICER' }) : error));
  }

  /** Why it was placed and lifted; null where there is nothing, or the customer was erased. */
  async reasons({ customerId, id, reason, liftReason }: HoldRow): Promise<{ reason: string | null; liftReason: string | null }> {
    const [key] = await this.keys.keysOf([customerId]);
    if (!key) return { reason: null, liftReason: null };
    return { reason: opened(key, 'legal_holds', id, reason), liftReason: liftReason && opened(key, 'legal_hold_ends', id, liftReason) };
  }
}

const actOf = (name: string, subject: string): GovernedAct => ({ name, subject, permission: 'hold:place', role: 'PRIVACY_OFFICER' });

function seal(key: DataKey, table: string, id: string, reason: string): Buffer {
  if (reason.trim() === '' || reason.length > LONGEST) throw badInput(`reason: give 1 to ${LONGEST.toLocaleString('en')} characters.`);
  return key.seal({ table, column: 'reason', id }, Buffer.from(reason));
}

const opened = (key: DataKey, table: string, id: string, sealed: Buffer): string => key.unseal({ table, column: 'reason', id }, sealed).toString('utf8');
