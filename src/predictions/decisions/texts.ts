import { isRestricted } from '../../customers/index.js';
import type { Context, LoaderDefinition } from '../../platform/index.js';
import type { DataKey, KeyRing } from '../../security/index.js';
import { unsealText, type TextPlace } from './sealed.js';

/** Opens the free text of decisions, one key look-up for a page of them. */
export class DecisionTexts {
  private readonly keyOf: LoaderDefinition<string, DataKey | undefined>;

  constructor(keys: KeyRing) {
    this.keyOf = { load: (_, customerIds) => keys.keysOf(customerIds) };
  }

  /** @returns null where there is none, the customer was erased, or is only kept and not for this reader */
  async open(ctx: Context, customerId: string, place: TextPlace, sealed: string | null): Promise<string | null> {
    const key = sealed === null || (await isRestricted(ctx, customerId)) ? undefined : await ctx.loaders.of(ctx, this.keyOf).load(customerId);
    return key ? unsealText(key, place, sealed!) : null;
  }
}
