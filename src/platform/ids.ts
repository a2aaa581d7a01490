import { v7 } from 'uuid';
import { badInput } from './errors.js';

/** A UUIDv7: ordered by time, monotonic within this process. */
export const newId = (): string => v7();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

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
  const [type, first, second, ...rest] = Buffer.from(text, 'base64url').toString('utf8').split(':');
  const uuids = second === undefined ? [first] : [first, second];
  if (!type || rest.length > 0 || !uuids.every((uuid) => uuid !== undefined && UUID.test(uuid))) {
    throw badInput(`"${text.slice(0, 120)}" is not an id of this API. Pass an id as a query returned it.`);
  }
  return second === undefined ? { type, id: first! } : { type, customerId: first!, id: second };
}

/** Decodes an id and checks that it names a thing of the expected type. */
export function expectId<Belongs extends boolean>(
  text: string,
  type: string,
  belongsToCustomer: Belongs,
): Belongs extends true ? Required<GlobalId> : GlobalId {
  const id = decodeGlobalId(text);
  if (id.type !== type || (id.customerId !== undefined) !== belongsToCustomer) {
    throw badInput(`"${text.slice(0, 120)}" is the id of a ${id.type}; a ${type} id is needed here.`);
  }
  return id as Required<GlobalId>;
}
