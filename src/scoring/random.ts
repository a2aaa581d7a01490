import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** The generator's state holds few bits of a small seed, so that neighbouring seeds begin alike: their first numbers are passed over. */
const WARM_UP = 8;

/** Spreads a seed over all 32 bits (the finaliser of MurmurHash3). */
function scrambled(seed: number): number {
  let bits = Math.imul(seed ^ (seed >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}

/** Seeded random numbers: the same seed gives the same sequence on every machine. */
export class Random {
  private readonly generator: RandomGenerator;

  /** @param seed whole number; its low 32 bits count */
  constructor(seed: number) {
    this.generator = xoroshiro128plus(scrambled(seed));
    for (let i = 0; i < WARM_UP; i++) this.generator.next();
  }

  /** Uniform in [0, 1), 32 bits of it. */
  uniform(): number {
    return (this.generator.next() >>> 0) / 0x1_0000_0000;
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fisher–Yates, in place. */
  shuffle<T extends { length: number; [index: number]: number }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      const held = items[i]!;
      items[i] = items[j]!;
      items[j] = held;
    }
    return items;
  }
}
