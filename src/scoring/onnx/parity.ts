import { z } from 'zod';
import { badInput } from '../../base/index.js';
import { floatsFromBase64, floatsToBase64 } from '../base64.js';
import { parseWith } from '../validation.js';
import { loadScorer, type Scorer } from './scorer.js';

/** Largest |Δp| between TensorFlow and the compiled graph that the parity gate lets pass. */
export const PARITY_BAR = 1e-5;

export interface ParitySample {
  /** Row-major model inputs. */
  readonly rows: Float32Array;
  readonly width: number;
  /** TensorFlow's calibrated probabilities of the same rows. */
  readonly probabilities: Float32Array;
}

export interface ParityReport {
  readonly rows: number;
  readonly maxAbsDifference: number;
  readonly bar: number;
  readonly passed: boolean;
}

/** Compares a compiled graph with TensorFlow's own probabilities. @throws BAD_INPUT on an empty or uneven sample */
export async function checkParity(onnx: Uint8Array, sample: ParitySample): Promise<ParityReport> {
  requireSample(sample);
  const scorer = await loadScorer({ onnx, schema: { width: sample.width } });
  try {
    return await parityOf(scorer, sample);
  } finally {
    await scorer.dispose();
  }
}

/** The same with a graph that is loaded. */
export async function parityOf(scorer: Pick<Scorer, 'run'>, sample: ParitySample): Promise<ParityReport> {
  requireSample(sample);
  const { rows, probabilities } = sample;
  const { probability } = await scorer.run(rows, probabilities.length, { gradient: false });
  const maxAbsDifference = probability.reduce((most, p, i) => Math.max(most, Math.abs(p - probabilities[i]!)), 0);
  return { rows: probabilities.length, maxAbsDifference, bar: PARITY_BAR, passed: maxAbsDifference <= PARITY_BAR };
}

function requireSample({ rows, width, probabilities: { length: count } }: ParitySample): void {
  if (count === 0 || rows.length !== count * width) throw badInput(`The parity sample has ${count} probabilities for ${rows.length} numbers; give ${width} numbers per probability, and at least one row.`);
}

const fileShape = z.strictObject({
  version: z.literal(1),
  width: z.int().min(1),
  rows: z.int().min(1),
  maxAbsDifference: z.number().min(0),
  bar: z.number().positive(),
  passed: z.boolean(),
  /** TensorFlow's backend and version. */
  backend: z.string(),
  tfVersion: z.string(),
  /** The sample itself, float32 in base64, so that anyone can repeat the check. */
  vectors: z.base64(),
  probabilities: z.base64(),
});

/** The parity artefact of a version: the verdict together with the sample it was reached on. */
export type ParityFile = z.infer<typeof fileShape>;

export const parityFile = (report: ParityReport, sample: ParitySample, by: { readonly backend: string; readonly tfVersion: string }): ParityFile => ({
  version: 1,
  width: sample.width,
  ...report,
  backend: by.backend,
  tfVersion: by.tfVersion,
  vectors: floatsToBase64(sample.rows),
  probabilities: floatsToBase64(sample.probabilities),
});

/** The sample of a stored parity artefact, to repeat the check with `checkParity`. @throws BAD_INPUT when it is damaged */
export function parseParitySample(json: unknown): ParitySample {
  const file = parseWith(fileShape, json, 'parity file');
  return { rows: floatsFromBase64(file.vectors), width: file.width, probabilities: floatsFromBase64(file.probabilities) };
}
