import canonicalize from 'canonicalize';
import { internal } from '../../platform/index.js';

/** The bytes of an artefact that is JSON: canonical (RFC 8785), so that the same content has the same digest. */
export function jsonArtefact(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw internal('An artefact of the version has no JSON form.');
  return new TextEncoder().encode(text);
}

/** Measures the seconds between its calls. */
export function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1_000;
    last = now;
    return seconds;
  };
}
