import { createHmac } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { badInput } from '../../platform/index.js';

/** What people can be looked up by although it is stored sealed: the name of the value among a customer's personal data. */
export const IDENTIFIERS = { NATIONAL_ID: 'nationalId', EMAIL: 'email' } as const;

export type IdentifierKind = keyof typeof IDENTIFIERS;

export const IDENTIFIER_KINDS = Object.keys(IDENTIFIERS) as readonly IdentifierKind[];

/**
 * The form in which identifiers are compared. Of a national id letters and digits count, capital or not: "12.345.678-z" is
 * "12345678Z". An e-mail address is compared without capitals, its domain as DNS has it. Both in Unicode's NFKC.
 * @returns undefined where nothing is left to compare
 */
export function normalised(kind: IdentifierKind, value: string): string | undefined {
  const text = value.normalize('NFKC').trim();
  return (kind === 'NATIONAL_ID' ? text.replace(/[^\p{L}\p{Nd}]/gu, '').toUpperCase() : address(text)) || undefined;
}

function address(text: string): string {
  const at = text.lastIndexOf('@');
  if (at <= 0) return '';
  const domain = text.slice(at + 1).toLowerCase();
  return `${text.slice(0, at).toLowerCase()}@${domainToASCII(domain) || domain}`;
}

/** @throws BAD_INPUT for what cannot be compared with anything */
export function checkedIdentifier(kind: IdentifierKind, value: string, where: string): string {
  const found = normalised(kind, value);
  if (found !== undefined && value.length <= 4_000) return found;
  throw badInput(`${where}: ${kind === 'EMAIL' ? 'give an e-mail address such as ana@example.com' : 'give a national id of letters and digits'}.`);
}

/**
 * The blind index of a value: HMAC-SHA256 under a key of its kind, which is derived from the index key. Equal values have
 * equal digests; who lacks the key learns nothing from them, and cannot try values.
 */
export function blindDigest(indexKey: Buffer, kind: IdentifierKind, value: string): Buffer {
  const ofKind = createHmac('sha256', indexKey).update(`assay blind index\0${kind}`).digest();
  return createHmac('sha256', ofKind).update(value).digest();
}
