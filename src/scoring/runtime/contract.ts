import { badInput, internal } from '../../base/index.js';
import { firstNotFinite } from '../numbers.js';

export interface ScorerOutput {
  /** PD, 0…1, one per row. */
  readonly probability: Float32Array;
  /** Calibrated log-odds; probability = sigmoid(logit). */
  readonly logit: Float32Array;
  /** d logit / d input, rows × width; undefined when not asked for or not in the graph. */
  readonly gradient: Float32Array | undefined;
}

export interface RunOptions {
  /** Also compute the gradient output; default true where the graph has it. */
  readonly gradient?: boolean;
}

/** A loaded model version, ready to score. */
export interface Scorer {
  readonly width: number;
  readonly hasGradient: boolean;
  /** Runtime fingerprint for the record, e.g. "onnxruntime-node 1.30.0 cpu linux-x64". */
  readonly runtime: string;
  /**
   * Scores a row-major matrix of rows × width in one run. With ONNX Runtime a row gives the same bits alone and in any batch.
   * @throws BAD_INPUT when the matrix has another size or a number that is not finite; INTERNAL when an output is not finite
   */
  run(matrix: Float32Array, rows: number, options?: RunOptions): Promise<ScorerOutput>;
  dispose(): Promise<void>;
}

/** What every runtime refuses to score. @throws BAD_INPUT naming the row and column */
export function requireMatrix(matrix: Float32Array, rows: number, width: number): void {
  if (matrix.length !== rows * width) throw badInput(`A matrix of ${rows} rows for this model needs ${rows * width} numbers, but it has ${matrix.length}; encode with the feature schema of the version.`);
  const broken = firstNotFinite(matrix);
  if (broken >= 0) throw badInput(`Row ${Math.floor(broken / width)}, column ${broken % width} is not a finite number; encode with the feature schema of the version.`);
}

/** An output as it may be used: rows × perRow float32 numbers, all finite. @throws INTERNAL otherwise */
export function requireOutput(name: string, data: unknown, rows: number, perRow: number): Float32Array {
  if (!(data instanceof Float32Array) || data.length !== rows * perRow) throw internal(`The model's output "${name}" is not ${rows} × ${perRow} float32 numbers; export it in this shape.`);
  const broken = firstNotFinite(data);
  if (broken >= 0) throw internal(`The model gave a ${name} that is not finite for row ${Math.floor(broken / perRow)}; no score may be made from it.`);
  return data;
}

/** Rows that a model must get through before it is used: zeros, and ones up and down. */
const REHEARSED = [0, 1, -1];

/** A few plain rows must come through in the right shapes, with probability = sigmoid(logit). @throws BAD_INPUT or INTERNAL */
export async function rehearse(scorer: Scorer): Promise<void> {
  const rows = Float32Array.from({ length: REHEARSED.length * scorer.width }, (_, i) => REHEARSED[Math.floor(i / scorer.width)]!);
  const { probability, logit } = await scorer.run(rows, REHEARSED.length);
  const gap = probability.reduce((most, p, i) => Math.max(most, Math.abs(p - 1 / (1 + Math.exp(-logit[i]!)))), 0);
  if (!(gap <= 1e-4)) throw badInput('Its "probability" is not the sigmoid of its "logit"; export both from the same calibrated output.');
}
