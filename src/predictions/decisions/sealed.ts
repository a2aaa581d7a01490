import type { DataKey } from '../../security/index.js';
import { badInput, sha256 } from '../../platform/index.js';

/** A piece of free text in a table of decisions. */
export interface TextPlace {
  readonly table: 'decision_overrides' | 'decision_reviews' | 'decision_review_outcomes' | 'counteroffers';
  readonly column: 'comment' | 'grounds' | 'explanation' | 'terms';
  readonly id: string;
}

const LONGEST = 4_000;

/** Free text may hold personal data, so it is kept under the customer's key. @throws BAD_INPUT for none, or too much */
export function sealText(key: DataKey, place: TextPlace, text: string, where: string = place.column): Buffer {
  if (text.trim() === '' || text.length > LONGEST) throw badInput(`${where}: give 1 to ${LONGEST.toLocaleString('en')} characters.`);
  return key.seal(place, Buffer.from(text));
}

/** @throws INTERNAL when the stored bytes are not what was written */
export const unsealText = (key: DataKey, place: TextPlace, base64: string): string => key.unseal(place, Buffer.from(base64, 'base64')).toString('utf8');

/** What an audit event says of sealed text. */
export const digestOf = (sealed: Uint8Array): string => sha256(sealed).toString('hex');
