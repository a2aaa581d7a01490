import { badInput } from '../../base/index.js';
import { encodeInputs } from '../features/encode.js';
import type { GatheredValue, InputValue } from '../features/gathered.js';
import type { FeatureSchema } from '../features/schema.js';
import type { Scorer } from '../onnx/scorer.js';
import type { Language } from './catalogue.js';
import { counterfactualText } from './counterfactual-text.js';
import { moveTo, movesOf, roomOf, type Move, type Range } from './moves.js';
import type { ReferenceSet } from './reference.js';
import { writeColumns } from './substitute.js';

export interface Change {
  readonly feature: string;
  readonly label: string;
  /** Of a sequence: the newest period. */
  readonly from: GatheredValue;
  readonly to: number | string | boolean;
}

export interface Counterfactual {
  readonly found: boolean;
  /** Why nothing was found. */
  readonly reason?: 'already below the line' | 'no mutable feature' | 'none within bounds';
  /** Empty when nothing was found. */
  readonly changes: readonly Change[];
  readonly pdBefore: number;
  /** With the changes; when nothing was found, the lowest PD that was reached. */
  readonly pd: number;
  /** The whole as a sentence. */
  readonly text: string;
}

export interface CounterfactualOptions {
  readonly language?: Language;
  /** What is plausible, by feature name, in the unit of the feature; without it what approved applicants have (Tukey's fences). */
  readonly bounds?: Readonly<Record<string, Range>>;
  /** Most features changed at once, 1…3. Default 3. */
  readonly maxFeatures?: number;
}

/** Features that are combined and moves tried of each, by how many features change: at most about 1,000 combinations each. */
const COMBINED = [
  { features: Infinity, moves: Infinity },
  { features: 6, moves: 8 },
  { features: 5, moves: 4 },
] as const;
const BISECTIONS = 8;

type Combination = readonly Move[];

interface Best {
  readonly combination: Combination;
  readonly pd: number;
}

const costOf = (combination: Combination): number => combination.reduce((sum, { cost }) => sum + cost, 0);

/** `count` of the moves, evenly over their cost, the dearest always among them. */
const thinned = (moves: readonly Move[], count: number): readonly Move[] =>
  moves.length <= count ? moves : Array.from({ length: count }, (_, i) => moves[Math.ceil(((i + 1) * moves.length) / count) - 1]!);

/** All ways to take one move of each of `size` features. */
function combinations(byFeature: readonly (readonly Move[])[], size: number): Combination[] {
  if (size === 0) return [[]];
  return byFeature.flatMap((moves, i) => combinations(byFeature.slice(i + 1), size - 1).flatMap((rest) => moves.map((move) => [move, ...rest])));
}

class Search {
  lowest: number;

  constructor(
    private readonly scorer: Scorer,
    private readonly schema: FeatureSchema,
    private readonly reference: ReferenceSet,
    private readonly values: readonly InputValue[],
    private readonly base: Float32Array,
    private readonly line: number,
    private readonly options: CounterfactualOptions,
    private readonly pdBefore: number,
  ) {
    this.lowest = pdBefore;
  }

  private async pds(tried: readonly Combination[]): Promise<Float32Array> {
    const matrix = new Float32Array(tried.length * this.schema.width);
    tried.forEach((combination, row) => {
      matrix.set(this.base, row * this.schema.width);
      for (const { index, columns } of combination) writeColumns(matrix, this.schema, row, this.schema.features[index]!, columns);
    });
    const { probability } = await this.scorer.run(matrix, tried.length, { gradient: false });
    this.lowest = probability.reduce((least, pd) => Math.min(least, pd), this.lowest);
    return probability;
  }

  private boundsOf(index: number): Range | undefined {
    return this.options.bounds?.[this.schema.features[index]!.spec.name];
  }

  /** One feature, then two, then three; among combinations of one size the cheapest that gets below the line. */
  async best(): Promise<Best | undefined> {
    const mutable = [...this.schema.features.keys()].filter((index) => this.schema.features[index]!.spec.mutable === true);
    let byFeature: (readonly Move[])[] = mutable.map((index) => movesOf(this.schema, index, this.values[index]!, this.reference.json.typical[index]!, this.boundsOf(index))).filter((moves) => moves.length > 0);
    for (const [i, { features, moves }] of COMBINED.slice(0, this.options.maxFeatures ?? COMBINED.length).entries()) {
      const tried = combinations(byFeature.slice(0, features).map((each) => thinned(each, moves)), i + 1);
      const pds = await this.pds(tried);
      const below = tried.map((combination, t) => ({ combination, pd: pds[t]! })).filter(({ pd }) => pd < this.line);
      const cheapest = below.sort((a, b) => costOf(a.combination) - costOf(b.combination))[0];
      if (cheapest) return this.shrunk(cheapest);
      if (i === 0) byFeature = promising(byFeature, pds, this.pdBefore);
    }
    return undefined;
  }

  /** Brings every number as near to its current value as the line allows, then to a round number where that is still below the line. */
  private async shrunk(best: Best): Promise<Best> {
    let at = best;
    for (const { index } of best.combination) {
      const room = roomOf(this.schema.features[index]!, this.values[index]!, this.reference.json.typical[index]!, this.boundsOf(index));
      if (!room) continue;
      let far = Number(at.combination.find((move) => move.index === index)!.to);
      let near = room.current;
      const attempt = async (to: number): Promise<boolean> => {
        const move = moveTo(this.schema, index, this.values[index]!, to, room.spread);
        const combination = at.combination.map((each) => (each.index === index ? move : each));
        const pd = (await this.pds([combination]))[0]!;
        if (pd < this.line) at = { combination, pd };
        return pd < this.line;
      };
      for (let i = 0; i < BISECTIONS; i++) {
        const middle = outward((near + far) / 2, near, room.whole ? 1 : 0);
        if (middle === far || middle === near) break;
        if (await attempt(middle)) far = middle;
        else near = middle;
      }
      const round = outward(far, room.current, roundUnit(room.spread, room.whole));
      if (round !== far && round >= room.min && round <= room.max) await attempt(round);
    }
    return at;
  }
}

/** The next multiple of a unit away from `origin`; the number itself for unit 0. */
function outward(x: number, origin: number, unit: number): number {
  if (unit === 0) return x;
  return Number(((x < origin ? Math.floor(x / unit) : Math.ceil(x / unit)) * unit).toPrecision(12));
}

/** A power of ten of about a hundredth to a tenth of the spread. */
const roundUnit = (spread: number, whole: boolean): number => Math.max(10 ** (Math.floor(Math.log10(spread)) - 1), whole ? 1 : 0);

/** Moves that alone lower the PD, and more than every cheaper move of their feature; the features that lower it most first. */
function promising(byFeature: readonly (readonly Move[])[], pds: Float32Array, pdBefore: number): Move[][] {
  let at = 0;
  const fronts = byFeature.map((moves) => {
    let lowest = pdBefore;
    const front: Move[] = [];
    for (const move of moves) {
      const pd = pds[at++]!;
      if (pd < lowest) front.push(move);
      lowest = Math.min(lowest, pd);
    }
    return { front, lowest };
  });
  return fronts.filter(({ front }) => front.length > 0).sort((a, b) => a.lowest - b.lowest).map(({ front }) => front);
}

function requireSound(schema: FeatureSchema, line: number, { bounds, maxFeatures = 3 }: CounterfactualOptions): void {
  if (!(line > 0 && line < 1)) throw badInput(`The approval line must be a PD between 0 and 1, but it is ${line}; give the line of the decision policy.`);
  if (!Number.isInteger(maxFeatures) || maxFeatures < 1 || maxFeatures > COMBINED.length) throw badInput(`A counterfactual changes 1 to ${COMBINED.length} features, but maxFeatures is ${maxFeatures}.`);
  const stranger = Object.keys(bounds ?? {}).find((name) => schema.features.every(({ spec }) => spec.name !== name));
  if (stranger !== undefined) throw badInput(`Bounds are given for "${stranger}", but the schema has no such feature; use the names of the feature schema.`);
}

/**
 * The smallest plausible change of mutable features that brings the PD below a line: as few features as possible (at most
 * three), then the smallest sum of changes in units of the middle half of approved applicants. Numbers stay within learned
 * bounds and within Tukey's fences of approved applicants (or the bounds given), move only toward lower risk where `monotone` says where that is, and stay whole where all known ones are; categories
 * change to known ones; missing values stay missing; of a sequence only the newest period moves. Features move by themselves:
 * what is derived from the same fact does not follow. Deterministic, at most a few thousand scored rows.
 * @param values the applicant's raw values in schema order
 * @param line the PD below which the policy approves
 * @throws BAD_INPUT for unsound options; InputRefused for values that cannot be scored
 */
export async function counterfactual(
  scorer: Scorer,
  schema: FeatureSchema,
  reference: ReferenceSet,
  values: readonly InputValue[],
  line: number,
  options: CounterfactualOptions = {},
): Promise<Counterfactual> {
  requireSound(schema, line, options);
  const { vector } = encodeInputs(schema, values);
  const pdBefore = (await scorer.run(vector, 1, { gradient: false })).probability[0]!;
  const told = (outcome: Omit<Counterfactual, 'pdBefore' | 'text'>): Counterfactual => {
    const result = { ...outcome, pdBefore };
    return { ...result, text: counterfactualText(schema, result, line, options.language ?? 'en') };
  };
  if (pdBefore < line) return told({ found: false, reason: 'already below the line', changes: [], pd: pdBefore });
  if (schema.features.every(({ spec }) => spec.mutable !== true)) return told({ found: false, reason: 'no mutable feature', changes: [], pd: pdBefore });
  const search = new Search(scorer, schema, reference, values, vector, line, options, pdBefore);
  const best = await search.best();
  if (!best) return told({ found: false, reason: 'none within bounds', changes: [], pd: search.lowest });
  const changed = values.map((value, index) => best.combination.find((move) => move.index === index)?.value ?? value);
  const { probability } = await scorer.run(encodeInputs(schema, changed).vector, 1, { gradient: false });
  const changes = best.combination.map(({ index, from, to }) => ({ feature: schema.features[index]!.spec.name, label: schema.features[index]!.spec.label, from, to }));
  return told({ found: true, changes, pd: probability[0]! });
}
