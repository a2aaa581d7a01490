import canonicalize from 'canonicalize';
import { internal } from '../../base/index.js';

/** The bytes of an artefact that is JSON: canonical (RFC 8785), so that the same content has the same digest. */
export function jsonArtefact(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw internal('An artefact of the version has no JSON form.');
  return new TextEncoder().encode(text);
}

/** Seconds per stage. */
export interface Stopwatch {
  readonly seconds: Readonly<Record<string, number>>;
  /** Ends the stage of this name. */
  lap(stage: string): void;
}

export function stopwatch(): Stopwatch {
  const seconds: Record<string, number> = {};
  let last = performance.now();
  return {
    seconds,
    lap(stage) {
      const now = performance.now();
      seconds[stage] = (now - last) / 1_000;
      last = now;
    },
  };
}
