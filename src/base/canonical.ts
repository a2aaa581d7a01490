import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { internal } from './errors.js';

/** RFC 8785 canonical JSON. Non-finite numbers have no JSON and are refused. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw internal('A value without a JSON form was to be encoded canonically.');
  return text;
}

/** By way of a text: for a Buffer of its own Node takes longer than to hash a record. */
export const sha256 = (data: string | Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'binary'), 'binary');
