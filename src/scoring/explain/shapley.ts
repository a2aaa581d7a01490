import { columnsOf, type FeatureSchema } from '../features/schema.js';
import type { Scorer } from '../onnx/scorer.js';
import { Random } from '../random.js';
import type { ReferenceSet } from './reference.js';
import { referenceOutput } from './reference-output.js';

/** Most states that are scored for one explanation. With more features × reference rows, some reference rows are drawn. */
export const MAX_STATES = 8_192;

/** Antithetic pairs for each reference row; two, so that their difference tells the standard error. */
const PAIRS = 2;
const WALKS_PER_REFERENCE = 2 * PAIRS;
const STATES_PER_RUN = 2_048;

/** From reference row m to the applicant, one feature after the other. */
interface Walk {
  readonly m: number;
  readonly order: Uint32Array;
}

/** FNV-1a over the bits of an encoded row: the same row has the same random orders, alone, in any batch, and in a replay. */
function seedOf(row: Float32Array): number {
  let hash = 0x811c9dc5;
  for (const bits of new Uint32Array(row.slice().buffer)) {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((bits >>> shift) & 0xff), 0x01000193);
  }
  return hash | 0;
}

export interface ShapleyValues {
  readonly attributions: readonly number[];
  readonly standardErrors: readonly number[];
}

class Sampler {
  constructor(
    private readonly scorer: Scorer,
    private readonly schema: FeatureSchema,
    private readonly reference: ReferenceSet,
    private readonly referenceLogits: Float32Array,
  ) {}

  async values(row: Float32Array, logit: number): Promise<ShapleyValues> {
    const walks = this.plan(row);
    const interior = await this.interiorLogits(row, walks);
    const { length: features } = this.schema.features;
    const contributions = walks.map(() => new Float64Array(features));
    let at = 0;
    walks.forEach(({ m, order }, w) => {
      let before = this.referenceLogits[m]!;
      order.forEach((feature, i) => {
        const after = i === order.length - 1 ? logit : interior[at++]!;
        contributions[w]![feature] = after - before;
        before = after;
      });
    });
    return summarise(contributions, features, this.reference.json.size);
  }

  /** Two random orders for each reference row, each also in reverse. A feature in which the two do not differ cannot contribute and is left out. */
  private plan(row: Float32Array): Walk[] {
    const random = new Random(seedOf(row));
    const { size } = this.reference.json;
    const perReference = WALKS_PER_REFERENCE * Math.max(1, this.schema.features.length - 1);
    const used = Math.min(size, Math.max(2, Math.floor(MAX_STATES / perReference)));
    const rows = Uint32Array.from({ length: size }, (_, m) => m);
    const chosen = used === size ? rows : random.shuffle(rows).slice(0, used);
    return [...chosen].flatMap((m) => {
      const differing = this.differing(row, m);
      return Array.from({ length: PAIRS }, () => random.shuffle(differing.slice())).flatMap((order) => [{ m, order }, { m, order: order.toReversed() }]);
    });
  }

  private differing(row: Float32Array, m: number): Uint32Array {
    const start = m * this.scorer.width;
    const differs = (feature: number): boolean => {
      const { offset } = this.schema.features[feature]!;
      const end = offset + columnsOf(this.schema.features[feature]!);
      for (let c = offset; c < end; c++) if (row[c] !== this.reference.matrix[start + c]) return true;
      return false;
    };
    return Uint32Array.from(this.schema.features.keys()).filter(differs);
  }

  /** Log-odds of the states between start and end of every walk, in order. */
  private async interiorLogits(row: Float32Array, walks: readonly Walk[]): Promise<Float32Array> {
    const { width } = this.scorer;
    const logits = new Float32Array(walks.reduce((sum, { order }) => sum + Math.max(0, order.length - 1), 0));
    const buffer = new Float32Array(Math.min(logits.length, STATES_PER_RUN) * width);
    let [done, filled] = [0, 0];
    for (const state of this.states(row, walks)) {
      buffer.set(state, filled++ * width);
      if (filled < STATES_PER_RUN && done + filled < logits.length) continue;
      const { logit } = await this.scorer.run(buffer.subarray(0, filled * width), filled, { gradient: false });
      logits.set(logit, done);
      [done, filled] = [done + filled, 0];
    }
    return logits;
  }

  /** One vector that changes from state to state. */
  private *states(row: Float32Array, walks: readonly Walk[]): Generator<Float32Array> {
    const { width } = this.scorer;
    for (const { m, order } of walks) {
      const state = this.reference.matrix.slice(m * width, (m + 1) * width);
      for (const feature of order.subarray(0, Math.max(0, order.length - 1))) {
        const { offset } = this.schema.features[feature]!;
        state.set(row.subarray(offset, offset + columnsOf(this.schema.features[feature]!)), offset);
        yield state;
      }
    }
  }
}

/**
 * Mean over reference rows and their two pairs. The variance is that of two-stage sampling (Cochran 1977, 10.15):
 * (1 − f)·s₁²/n between the reference rows, where only a share f was drawn, and f·s₂²/2n between the pairs of a row.
 */
function summarise(walks: readonly Float64Array[], features: number, size: number): ShapleyValues {
  const n = walks.length / WALKS_PER_REFERENCE;
  const share = n / size;
  const columns = Array.from({ length: features }, (_row, f) => {
    const pairOf = (p: number): number => (walks[2 * p]![f]! + walks[2 * p + 1]![f]!) / 2;
    const units = Array.from({ length: n }, (_pair, u) => ({ mean: (pairOf(2 * u) + pairOf(2 * u + 1)) / 2, gap: pairOf(2 * u) - pairOf(2 * u + 1) }));
    const mean = units.reduce((sum, unit) => sum + unit.mean, 0) / n;
    const between = units.reduce((sum, unit) => sum + (unit.mean - mean) ** 2, 0) / (n - 1);
    const within = units.reduce((sum, { gap }) => sum + gap ** 2 / 2, 0) / n;
    return { mean, error: Math.sqrt(((1 - share) * between) / n + (share * within) / (PAIRS * n)) };
  });
  return { attributions: columns.map(({ mean }) => mean), standardErrors: columns.map(({ error }) => error) };
}

/**
 * Shapley values by permutation sampling (Castro et al. 2009) with antithetic pairs (Mitchell et al. 2022) against the
 * reference set (interventional: a feature that has not yet joined has the value of a reference applicant). The players
 * are features: columns of one feature move together. Needs no gradient. Sums to logit − mean log-odds of the reference rows used.
 * @param logits of the rows
 */
export async function permutationShapley(scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet, vectors: Float32Array, logits: Float32Array): Promise<ShapleyValues[]> {
  const { logit: referenceLogits } = await referenceOutput(scorer, reference);
  const sampler = new Sampler(scorer, schema, reference, referenceLogits);
  const values: ShapleyValues[] = [];
  for (const [row, logit] of logits.entries()) values.push(await sampler.values(vectors.subarray(row * scorer.width, (row + 1) * scorer.width), logit));
  return values;
}
