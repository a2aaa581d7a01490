import { V7Generator } from 'uuidv7';
import { badInput, randomPool } from '../base/index.js';

/** A UUIDv7: ordered by time, monotonic within this process. */
export const newId = (): string => ids.generate().toString();

const ids = new V7Generator(randomPool);

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** A GraphQL type's name, so never the name of something that every object has, then one uuid or two. */
const PARTS = new RegExp(`^([A-Z][A-Za-z]{0,63})(?::(${UUID}))?:(${UUID})$`);

const MOST_CHARACTERS = 200;

/** What a global id names. `customerId` comes first wherever a thing belongs to a customer. */
export interface GlobalId {
  readonly type: string;
  readonly customerId?: string;
  readonly id: string;
}

/** The opaque GraphQL id: type, customer id (where there is one) and id. */
export function encodeGlobalId({ type, customerId, id }: GlobalId): string {
  const parts = customerId === undefined ? [type, id] : [type, customerId, id];
  return Buffer.from(parts.join(':')).toString('base64url');
}

/** @throws BAD_INPUT when the text is not an id made by {@link encodeGlobalId}. */
export function decodeGlobalId(text: string): GlobalId {
  const bytes = Buffer.from(text.slice(0, MOST_CHARACTERS), 'base64url');
  const [, type, customerId, id] = PARTS.exec(bytes.toString('latin1')) ?? [];
  // Node's decoder skips what is not base64: only the one spelling that it would write itself is an id.
  if (!type || !id || bytes.toString('base64url') !== text) throw notAnId(text);
  return customerId === undefined ? { type, id } : { type, customerId, id };
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 100));

const notAnId = (text: string): Error => badInput(`${shown(text)} is not an id of this API. Pass an id as a query returned it.`);

/** Decodes an id and checks that it names a thing of the expected type. */
export function expectId<Belongs extends boolean>(
  text: string,
  type: string,
  belongsToCustomer: Belongs,
): Belongs extends true ? Required<GlobalId> : GlobalId {
  const id = decodeGlobalId(text);
  if (id.type !== type) throw badInput(`${shown(text)} is the id of a ${id.type}; a ${type} id is needed here.`);
  if ((id.customerId !== undefined) !== belongsToCustomer) throw notAnId(text);
  return id as Required<GlobalId>;
}
