import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** Seeded draws: the same seed gives the same sequence on every machine. */
export class Draw {
  private readonly generator: RandomGenerator;

  constructor(seed: number) {
    this.generator = xoroshiro128plus(seed);
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * uniformFloat64(this.generator);
  }

  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.between(0, 1))) * Math.cos(2 * Math.PI * this.between(0, 1));
  }

  /** One of the keys, as often as its weight says; weights add up to 1. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const keys = Object.keys(weights) as K[];
    let left = this.between(0, 1);
    return keys.find((key) => (left -= weights[key]) < 0) ?? keys.at(-1)!;
  }
}

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

export const limited = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Rounded to cents. */
export const cents = (amount: number): number => Math.round(amount * 100) / 100;
