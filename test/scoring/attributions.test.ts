import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, float, nat } from 'fast-check';
import { compileModel, explain, explainerFor, loadScorer, RESIDUAL_BAR, type Explanation, type ExplanationMethod, type FeatureSchema, type ReferenceSet, type Scorer } from '../../src/scoring/index.js';
import { analyticScorer, exactShapley, referenceOf, type Analytic } from './explain-support.js';
import { loan, numeric, plainSchema, randomMember, randomOnnx, randomRows, schemaOf } from './support.js';

interface Game {
  readonly scorer: Scorer;
  readonly schema: FeatureSchema;
  readonly reference: ReferenceSet;
}

async function game(scorer: Scorer, schema = plainSchema(scorer.width), rows = randomRows(5, 16, scorer.width)): Promise<Game> {
  return { scorer, schema, reference: await referenceOf(scorer, schema, rows) };
}

const play = (analytic: Analytic, rows?: Float32Array): Promise<Game> => game(analyticScorer(analytic), undefined, rows);

async function one({ scorer, schema, reference }: Game, x: Float32Array, method?: Exclude<ExplanationMethod, 'linear'>): Promise<Explanation> {
  const [explanation] = await explain(scorer, schema, reference, x, 1, method && { method, steps: 256, maxSteps: 256 });
  return explanation!;
}

const close = (values: readonly number[], digits: number): unknown[] => values.map((value) => expect.closeTo(value, digits));

/** float32 log-odds of about 10. */
const ROUNDING = 5e-6;

/** Interactions of every kind between eight features. */
const tangled = (x: readonly number[]): number => x[0]! * Math.abs(x[1]! + x[2]!) + Math.max(x[2]!, x[3]!, 0) * x[4]! - Math.abs(x[5]! + x[6]! * x[7]!) + Math.sin(2 * x[7]! + x[0]! + x[1]!);

describe('permutation Shapley against all 2^d coalitions', () => {
  it('is within six standard errors for every feature of many applicants (a few reference rows carry most of the variance), and they are honest on average', async () => {
    const { scorer, schema, reference } = await play({ width: 8, logit: tangled }, randomRows(5, 64, 8));
    const rows = 15;
    const vectors = randomRows(31, rows, 8);
    const explanations = await explain(scorer, schema, reference, vectors, rows);
    const scores: number[] = [];
    for (const [row, { method, attributions, standardErrors }] of explanations.entries()) {
      expect(method).toBe('permutation-shapley');
      const exact = await exactShapley(scorer, schema, reference, vectors.subarray(row * 8, (row + 1) * 8));
      const errors = attributions.map((value, f) => Math.abs(value - exact[f]!));
      errors.forEach((error, f) => expect(error).toBeLessThan(6 * standardErrors![f]! + ROUNDING));
      // A feature that only interacts in pairs has no error at all: an order and its reverse say everything of a pair.
      scores.push(...errors.flatMap((error, f) => (standardErrors![f]! > ROUNDING ? error / standardErrors![f]! : [])));
    }
    expect(scores.length).toBeGreaterThan(100);
    const meanSquare = scores.reduce((sum, z) => sum + z * z, 0) / scores.length;
    expect(meanSquare).toBeGreaterThan(0.6);
    expect(meanSquare).toBeLessThan(1.6);
  });

  it('is exact where a pair of orders says all: with two features', async () => {
    const { scorer, schema, reference } = await play({ width: 2, logit: ([a, b]) => a! * b! * b! + Math.exp(a!) });
    const x = Float32Array.of(1.2, -0.7);
    const [{ attributions, standardErrors }] = (await explain(scorer, schema, reference, x, 1)) as [Explanation];
    expect(attributions).toEqual(close(await exactShapley(scorer, schema, reference, x), 5));
    expect(standardErrors).toEqual([0, 0]);
  });

  it('moves the columns of one feature together', async () => {
    const periods = numeric('h', { source: { path: 'repayments.balance', last: 3 }, type: 'sequence' });
    const schema = schemaOf([numeric('x'), periods, numeric('y')], [-1, 1].map((v) => loan({ x: v, y: v }, [{ balance: v }, { balance: v }, { balance: v }])));
    const folded = await game(analyticScorer({ width: 5, logit: ([x, a, b, c, y]) => x! * a! * b! + c! * y! }), schema);
    const x = Float32Array.of(1, 2, -1, 0.5, 1.5);
    const { attributions, standardErrors } = await one(folded, x);
    const exact = await exactShapley(folded.scorer, schema, folded.reference, x);
    expect(attributions).toHaveLength(3);
    attributions.forEach((value, f) => expect(Math.abs(value - exact[f]!)).toBeLessThan(4 * standardErrors![f]! + 1e-5));
  });

  it('draws reference rows where all would be too many, and counts that in the standard errors', async () => {
    // Additive in features, so that only the draw of reference rows can err: each attribution is x − mean reference value, squared.
    const wide = await play({ width: 40, logit: (x) => x.reduce((sum, v) => sum + v * v, 0) }, randomRows(8, 256, 40));
    const mean = Float64Array.from({ length: 40 }, (_, c) => wide.reference.matrix.reduce((sum, r, i) => sum + (i % 40 === c ? r * r : 0), 0) / 256);
    const squares: number[] = [];
    // Each applicant draws other reference rows.
    for (let applicant = 0; applicant < 20; applicant++) {
      const x = randomRows(100 + applicant, 1, 40);
      const { attributions, standardErrors, residual } = await one(wide, x);
      const exact = [...x].map((v, c) => v * v - mean[c]!);
      squares.push(...attributions.map((value, f) => ((value - exact[f]!) / standardErrors![f]!) ** 2));
      expect(residual).toBeCloseTo(exact.reduce((sum, value, f) => sum + value - attributions[f]!, 0), 4);
    }
    // Squares of normal numbers are skewed, so that few of them understate their own spread a little.
    const meanSquare = squares.reduce((sum, z) => sum + z, 0) / squares.length;
    expect(meanSquare).toBeGreaterThan(0.8);
    expect(meanSquare).toBeLessThan(1.5);
  });
});

describe('integrated gradients and Shapley values', () => {
  it('agree on additive functions', async () => {
    const additive = await play({ width: 3, logit: ([a, b, c]) => a! ** 3 + Math.sin(b!) - 2 * c!, gradient: ([a, b]) => [3 * a! ** 2, Math.cos(b!), -2] });
    const x = Float32Array.of(1.1, 0.4, -2);
    expect((await one(additive, x, 'expected-integrated-gradients')).attributions).toEqual(close(await exactShapley(additive.scorer, additive.schema, additive.reference, x), 3));
  });

  it('agree on multilinear functions of any order: the diagonal of the multilinear extension (Owen 1972)', async () => {
    const multilinear = await play({
      width: 4,
      logit: ([a, b, c, d]) => a! * b! * c! + 2 * c! * d! - b!,
      gradient: ([a, b, c, d]) => [b! * c!, a! * c! - 1, a! * b! + 2 * d!, 2 * c!],
    });
    const x = Float32Array.of(1, -1.5, 0.8, 2);
    expect((await one(multilinear, x, 'expected-integrated-gradients')).attributions).toEqual(close(await exactShapley(multilinear.scorer, multilinear.schema, multilinear.reference, x), 3));
  });

  it('differ where a curved feature interacts: a·b² from 0 to 1 is 1/3 and 2/3 along the path, 1/2 and 1/2 over orders', async () => {
    const curved = await play({ width: 2, logit: ([a, b]) => a! * b! ** 2, gradient: ([a, b]) => [b! ** 2, 2 * a! * b!] }, new Float32Array(8));
    const x = Float32Array.of(1, 1);
    expect((await one(curved, x, 'expected-integrated-gradients')).attributions).toEqual(close([1 / 3, 2 / 3], 3));
    expect((await one(curved, x, 'permutation-shapley')).attributions).toEqual(close([1 / 2, 1 / 2], 6));
  });
});

async function methodOf(onnx: Uint8Array): Promise<ExplanationMethod> {
  const { scorer, schema, reference } = await game(await loadScorer({ onnx, schema: plainSchema(5) }));
  return (await explainerFor(scorer, schema, reference)).method;
}

describe('on a linear model', () => {
  const weights = [0.5, -1.25, 0, 2];
  const linear: Analytic = { width: 4, logit: (x) => x.reduce((sum, v, c) => sum + v * weights[c]!, 0.3), gradient: () => weights };
  const x = Float32Array.of(1.5, -0.2, 3, 0.7);

  it('the closed form is chosen, with the gradient or without, and leaves only rounding', async () => {
    for (const analytic of [linear, { width: 4, logit: linear.logit }]) {
      const { method, residual } = await one(await play(analytic), x);
      expect(method).toBe('linear');
      expect(Math.abs(residual)).toBeLessThan(2e-6);
    }
  });

  it('all three methods give weight × (value − mean reference value)', async () => {
    const played = await play(linear);
    const { matrix, json } = played.reference;
    const answer = weights.map((w, c) => w * (x[c]! - matrix.filter((_, i) => i % 4 === c).reduce((sum, v) => sum + v, 0) / json.size));
    for (const method of [undefined, 'expected-integrated-gradients', 'permutation-shapley'] as const) {
      expect((await one(played, x, method)).attributions).toEqual(close(answer, 5));
    }
  });

  it('a compiled one is recognised, and a network is not', async () => {
    expect(await methodOf(compileModel({ width: 5, members: [randomMember(4, [5, 1])], calibration: { kind: 'platt', slope: 2, intercept: 0.3 } }))).toBe('linear');
    expect(await methodOf(randomOnnx(5, [8]))).toBe('expected-integrated-gradients');
  });

  it('a bend that probing did not meet falls back to gradients for the rows beyond it', async () => {
    const bent = await play({ width: 1, logit: ([v]) => v! + Math.max(0, v! - 1_000), gradient: ([v]) => [v! > 1_000 ? 2 : 1] });
    expect((await one(bent, Float32Array.of(900))).method).toBe('linear');
    expect(await one(bent, Float32Array.of(2_000))).toMatchObject({ method: 'expected-integrated-gradients' });
  });
});

describe('every method', () => {
  const networks = [1, 2, 3].map((seed) => compileModel({ width: 4, members: [randomMember(seed, [4, 12, 6, 1])], calibration: { kind: 'platt', slope: 1.5, intercept: -1 } }));
  const methods = ['expected-integrated-gradients', 'permutation-shapley'] as const;
  const point = array(float({ min: -5, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 }).map((x) => Float32Array.from(x));
  const games = Promise.all(networks.map(async (onnx) => game(await loadScorer({ onnx, schema: plainSchema(4) }))));

  it.each(methods)('%s is complete: attributions sum to logit − baseline, the residual within its bar', async (method) => {
    const all = await games;
    const property = asyncProperty(nat({ max: 2 }), point, async (which, x) => {
      const { scorer, schema, reference } = all[which]!;
      const [{ attributions, residual, logit, baselineLogit }] = (await explain(scorer, schema, reference, x, 1, { method })) as [Explanation];
      expect(attributions.reduce((sum, a) => sum + a, residual)).toBeCloseTo(logit - baselineLogit, 6);
      expect(Math.abs(residual)).toBeLessThanOrEqual(method === 'permutation-shapley' ? 3e-6 : RESIDUAL_BAR * Math.max(1, Math.abs(logit - baselineLogit)) + 1e-6);
    });
    await assert(property, { numRuns: 60, seed: 7 });
  });

  it.each(methods)('%s gives nothing to a feature that changes nothing, and equals the same', async (method) => {
    // f is symmetric in the first two features and ignores the third; the reference rows are symmetric too.
    const reference = Float32Array.of(0, 1, 0.3, 1, 0, -2, 0.5, 0.5, 1, -1, -1, 4);
    const symmetric = await play({ width: 3, logit: ([a, b]) => Math.exp((a! * b!) / 4) + a! * b!, gradient: ([a, b]) => [a!, b!].map((_, i) => (Math.exp((a! * b!) / 4) / 4 + 1) * (i === 0 ? b! : a!)).concat(0) }, reference);
    const { attributions } = await one(symmetric, Float32Array.of(1.5, 1.5, 9), method);
    expect(attributions[2]).toBe(0);
    expect(attributions[0]).toBeCloseTo(attributions[1]!, 3);
  });

  it.each(methods)('%s gives a row the same explanation alone and in any batch', async (method) => {
    const [{ scorer, schema, reference }] = (await games) as [Game, Game, Game];
    const vectors = randomRows(12, 30, 4).map((v) => 2 * v);
    const together = await explain(scorer, schema, reference, vectors, 30, { method });
    for (const row of [0, 7, 29]) expect(await explain(scorer, schema, reference, vectors.slice(row * 4, (row + 1) * 4), 1, { method })).toEqual([together[row]]);
  });
});

describe('refinement', () => {
  // Log-odds rise by 3 within a thirtieth of the way: coarse points see it too large or too small.
  const steep: Analytic = { width: 2, logit: ([a]) => 90 * Math.max(0, Math.min(a! - 0.5, 1 / 30)) + a!, gradient: ([a]) => [(a! > 0.5 && a! < 0.5 + 1 / 30 ? 90 : 0) + 1, 0] };

  it('brings rows above the bar below it, and only those', async () => {
    const { scorer, schema, reference } = await play(steep, randomRows(3, 64, 2).map((v) => v / 20));
    const rows = Float32Array.of(1, 0, 0.2, 0);
    const [coarse, untouched] = await explain(scorer, schema, reference, rows, 2, { maxSteps: 8 });
    const [refined, same] = await explain(scorer, schema, reference, rows, 2);
    expect(Math.abs(coarse!.residual)).toBeGreaterThan(RESIDUAL_BAR * (coarse!.logit - coarse!.baselineLogit));
    expect(Math.abs(refined!.residual)).toBeLessThanOrEqual(RESIDUAL_BAR * (refined!.logit - refined!.baselineLogit));
    expect(same).toEqual(untouched);
  });
});
