import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { areaUnderCurve, checkParity, compileModel, loadScorer, parseHyperParameters, trainModel, type HyperParametersInput, type TrainedModel, type TrainingProgress } from '../../src/scoring/index.js';
import { fitPlatt } from '../../src/scoring/calibration/platt.js';
import { divideRows } from '../../src/scoring/training/train.js';
import { runInProcess } from '../../src/scoring/training/process.js';
import { Random } from '../../src/scoring/random.js';
import { curvedBook, sentenceOf } from './support.js';

const settings: HyperParametersInput = { layers: [12, 6], ensemble: 2, epochs: 12, patience: 4, batchSize: 64, learningRate: 0.01, seed: 5 };
const book = curvedBook(21, 1_500);
const unseen = curvedBook(7, 1_000);
/** An ensemble without members, which cannot be written. */
const nothing = { width: 2, members: [], calibration: { kind: 'platt', slope: 1, intercept: 0 } } as const;
const request = (hyperParameters: HyperParametersInput = settings) => ({ ...book, width: 2, hyperParameters });

describe('training', () => {
  const progress: TrainingProgress[] = [];
  let trained: TrainedModel;
  beforeAll(async () => {
    trained = await trainModel({ ...request(), sample: unseen.rows }, (event) => progress.push(event));
  });

  it('learns a signal that no straight line can', async () => {
    const fresh = curvedBook(99, 1_500);
    const scorer = await loadScorer({ onnx: compileModel(trained), schema: { width: 2 } });
    const { probability } = await scorer.run(fresh.rows, 1_500);
    expect(areaUnderCurve(fresh.labels, probability)).toBeGreaterThan(0.75);
    const meanPd = probability.reduce((sum, p) => sum + p, 0) / 1_500;
    const rate = fresh.labels.reduce((sum, label) => sum + label, 0) / 1_500;
    expect(Math.abs(meanPd - rate)).toBeLessThan(0.05);
  });

  it('gives the same weights for the same seed and data', async () => {
    const again = await trainModel(request());
    expect(again.members).toEqual(trained.members);
    expect(again.calibration).toEqual(trained.calibration);
  });

  it('gives other weights for another seed, and can weigh the classes', async () => {
    const short = { ...settings, ensemble: 1, epochs: 2 };
    const [plain, other, weighed] = [await trainModel(request(short)), await trainModel(request({ ...short, seed: 6 })), await trainModel(request({ ...short, classWeights: { good: 1, bad: 3 } }))];
    expect(other.members).not.toEqual(plain.members);
    expect(weighed.history[0]!.loss).toBeGreaterThan(plain.history[0]!.loss);
  });

  it('agrees with TensorFlow after compilation', async () => {
    const report = await checkParity(compileModel(trained), { rows: unseen.rows, width: 2, probabilities: trained.sampleProbabilities });
    expect(report).toMatchObject({ rows: 1_000, passed: true });
  });

  it('reports every epoch with loss, validation AUC and time left', () => {
    expect(progress.length).toBe(trained.history.length);
    // Members are trained side by side: whose epoch comes first is left open.
    expect(progress[0]).toMatchObject({ members: 2, epoch: 1, epochs: 12 });
    expect(new Set(progress.map(({ member }) => member))).toEqual(new Set([1, 2]));
    for (const { loss, validationAuc, secondsLeft } of progress) {
      expect(loss).toBeGreaterThan(0);
      expect(validationAuc).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    }
  });

  it('stops a member early and keeps its best epoch', () => {
    for (const [i, { bestEpoch }] of trained.members.entries()) {
      const epochs = trained.history.filter(({ member }) => member === i + 1);
      const best = epochs.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
      expect(bestEpoch).toBe(best.epoch);
      expect(epochs.length).toBeLessThanOrEqual(bestEpoch + 4);
    }
  });

  it('keeps validation rows apart and says which backend did the work', () => {
    // Seven parts, of which each of the two members keeps another one aside.
    const aside = [1, 2].map((member) => divideRows(book, parseHyperParameters(settings), member).validation.length);
    expect(aside[0]).toBeCloseTo(1_500 / 7, -1);
    expect(trained.trainingRows).toBe(1_500 - aside[0]!);
    expect(trained.validationRows).toBe(aside[0]! + aside[1]!);
    expect(['tensorflow', 'wasm', 'cpu']).toContain(trained.backend);
    expect(trained.tfVersion).toMatch(/^\d+\.\d+\.\d+$/u);
  });

  it('saves the model as a TensorFlow.js LayersModel', () => {
    const saved = JSON.parse(new TextDecoder().decode(trained.layersModel)) as { format: string; weightSpecs: unknown[] };
    expect(saved.format).toBe('layers-model');
    expect(saved.weightSpecs).toHaveLength(2 * 2 * 3 + 2);
  });

  it('without hidden layers is a logistic regression', async () => {
    const { members } = await trainModel(request({ ...settings, layers: [], ensemble: 1, epochs: 1 }));
    expect(members[0]!.layers.map(({ inputs, units }) => [inputs, units])).toEqual([[2, 1]]);
  });
});

describe('training that cannot go on', () => {
  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    const running = trainModel(request({ ...settings, epochs: 5_000, patience: 5_000 }), () => controller.abort(), controller.signal);
    await expect(running).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('stopped before it finished') });
  });

  it('never starts when it was aborted before', async () => {
    await expect(trainModel(request(), () => {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('says so when the process dies, with its last words', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-dying-'));
    const program = join(folder, 'dying.mjs');
    writeFileSync(program, "process.once('message', () => { console.error('out of memory'); process.exit(3); });");
    const task = { kind: 'write', model: nothing, sample: new Float32Array() } as const;
    const sentence = await sentenceOf(() => runInProcess(task, { program: pathToFileURL(program) }));
    rmSync(folder, { recursive: true });
    expect(sentence).toBe('The training process ended without a result (exit code 3); it may have run out of memory. Its last words: out of memory');
  });

  it('says so when the task fails in its process', async () => {
    expect(await sentenceOf(() => runInProcess({ kind: 'write', model: nothing, sample: new Float32Array() }))).toContain('Training failed');
  });

  it.each([
    [{ ...request(), width: 3 }, '1500 labels with 3 columns need 4500 numbers'],
    [{ ...request(), width: 0 }, 'the whole number of columns'],
    [{ ...request(), rows: book.rows.map((x, i) => (i === 7 ? Number.NaN : x)) }, 'Row 3, column 1 is not a finite number'],
    [{ ...request(), labels: book.labels.map((x, i) => (i === 2 ? 2 : x)) }, 'The label of row 2 is 2'],
    [{ ...request(), labels: new Uint8Array(1_500) }, 'at least two loans of each outcome'],
    [request({ ...settings, dropout: 1 }), 'hyper-parameters is not valid at dropout'],
    [request({ ...settings, layers: [0] }), 'hyper-parameters is not valid at layers[0]'],
  ])('is refused at once for an unsound request (%#)', async (unsound, sentence) => {
    await expect(trainModel(unsound)).rejects.toThrow(sentence);
  });

  it('has hyper-parameters whose defaults are sound', () => {
    expect(parseHyperParameters({})).toMatchObject({ ensemble: expect.any(Number), seed: 1 });
  });
});

describe('Platt scaling', () => {
  const random = new Random(3);
  const logits = Float64Array.from({ length: 20_000 }, () => random.normal() * 2);

  it('finds the slope and intercept that made the outcomes', () => {
    const labels = Uint8Array.from(logits, (z) => (random.uniform() < 1 / (1 + Math.exp(-(0.5 * z - 1))) ? 1 : 0));
    const { slope, intercept } = fitPlatt(logits, labels);
    expect(slope).toBeCloseTo(0.5, 1);
    expect(intercept).toBeCloseTo(-1, 1);
  });

  it('stays finite when the logits separate the classes', () => {
    const { slope, intercept } = fitPlatt([-2, -1, 1, 2], [0, 0, 1, 1]);
    expect(Number.isFinite(slope) && Number.isFinite(intercept)).toBe(true);
  });

  it('never reverses the order of applicants', () => {
    expect(fitPlatt([-2, -1, 1, 2], [1, 1, 0, 0]).slope).toBeGreaterThan(0);
  });
});
