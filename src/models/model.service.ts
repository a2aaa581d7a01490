import { recordEvent } from '../audit/index.js';
import { badInput, newId, once, type Context } from '../platform/index.js';
import { governed } from './governed.js';
import { ModelEntity } from './model.entity.js';
import { PRODUCT } from '../loans/index.js';

export interface NewModel {
  readonly name: string;
  /** What the number means, in words: "PD, retail cards, 12 months". */
  readonly purpose: string;
  /** The decision it serves, by which requests are routed to it. */
  readonly decisionPurpose: string;
  readonly products: readonly string[];
  readonly horizonMonths: number;
  /** What its number may be used for; nothing is recorded as not stated. */
  readonly permittedUse?: string | undefined;
  /** Where it must not be relied on. */
  readonly limits?: string | undefined;
  readonly requestId?: string | undefined;
}

const MOST_MONTHS = 600;

/** Of every model when it is registered. That it matters less is said by two ADMINs (changeTier), not by who will submit its versions. */
const FIRST_TIER = 'HIGH';

export class ModelService {
  /** Registers a model, owned by the actor. @returns its id. @throws CONFLICT when the name is taken */
  async registerModel(ctx: Context, request: NewModel): Promise<string> {
    const { requestId, ...model } = request;
    const { permittedUse = null, limits = null } = model;
    requireSound(model);
    const id = newId();
    const act = { name: 'REGISTER_MODEL', subject: id, permission: 'model:register', role: 'MODEL_OWNER' } as const;
    return governed(ctx, act, async (tx) => {
      const work = async (): Promise<string> => {
        await tx.manager.insert(ModelEntity, { id, ...model, tier: FIRST_TIER, permittedUse, limits, products: [...model.products], ownerId: ctx.actor.id });
        await recordEvent(tx, { type: 'MODEL_REGISTERED', id, actor: ctx.actor.id, time: ctx.now(), payload: { model: id } });
        return id;
      };
      return requestId === undefined ? work() : once(tx, ctx, { requestId, operation: 'registerModel', body: model }, work);
    });
  }
}

function requireSound({ name, purpose, decisionPurpose, products, horizonMonths }: Omit<NewModel, 'requestId'>): void {
  for (const [field, text] of Object.entries({ name, purpose, decisionPurpose })) {
    if (text.trim() === '' || text.trim() !== text || text.length > 200) throw badInput(`${field}: give 1 to 200 characters without blanks around them.`);
  }
  const odd = products.find((product) => !PRODUCT.test(product));
  if (odd !== undefined) throw badInput(`products: "${odd.slice(0, 80)}" is not a product. Write lower-case letters, digits and hyphens, like credit-card.`);
  if (products.length === 0 || new Set(products).size < products.length) throw badInput('products: name at least one product, each once.');
  if (!Number.isInteger(horizonMonths) || horizonMonths < 1 || horizonMonths > MOST_MONTHS) throw badInput(`horizonMonths: ${horizonMonths} is not a horizon. Give 1 to ${MOST_MONTHS} whole months.`);
}
