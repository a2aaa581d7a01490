import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { badInput, internal, messageOf } from '../../platform/index.js';
import type { FeatureSchema } from '../features/schema.js';
import { firstNotFinite } from '../numbers.js';
import { inspectOnnx } from './inspect.js';

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
   * Scores a row-major matrix of rows × width in one run. A row gives the same bits alone and in any batch.
   * @throws BAD_INPUT when the matrix has another size or a number that is not finite; INTERNAL when an output is not finite
   */
  run(matrix: Float32Array, rows: number, options?: RunOptions): Promise<ScorerOutput>;
  dispose(): Promise<void>;
}

const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(require.resolve('onnxruntime-node/package.json'), 'utf8')) as { version: string };

/** One thread and sequential nodes: results do not depend on the machine's load, and a server scales by requests. */
const SESSION: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 4,
};

class OnnxScorer implements Scorer {
  readonly runtime = `onnxruntime-node ${version} cpu ${process.platform}-${process.arch}`;

  constructor(
    private readonly session: InferenceSession,
    readonly width: number,
    readonly hasGradient: boolean,
  ) {}

  async run(matrix: Float32Array, rows: number, { gradient = true }: RunOptions = {}): Promise<ScorerOutput> {
    this.checkMatrix(matrix, rows);
    if (rows === 0) return { probability: new Float32Array(), logit: new Float32Array(), gradient: undefined };
    const wanted = ['probability', 'logit', ...(gradient && this.hasGradient ? ['gradient'] : [])];
    const features = new Tensor('float32', matrix, [rows, this.width]);
    const output = await this.session.run({ features }, wanted).catch((error: unknown) => {
      throw internal(`The ONNX Runtime could not run the model (${firstLine(error)}).`, error);
    });
    const take = (name: string, perRow: number): Float32Array => finite(name, output[name], rows, perRow);
    return {
      probability: take('probability', 1),
      logit: take('logit', 1),
      gradient: wanted.length > 2 ? take('gradient', this.width) : undefined,
    };
  }

  private checkMatrix(matrix: Float32Array, rows: number): void {
    if (matrix.length !== rows * this.width) throw badInput(`A matrix of ${rows} rows for this model needs ${rows * this.width} numbers, but it has ${matrix.length}; encode with the feature schema of the version.`);
    const broken = firstNotFinite(matrix);
    if (broken >= 0) throw badInput(`Row ${Math.floor(broken / this.width)}, column ${broken % this.width} is not a finite number; encode with the feature schema of the version.`);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

function finite(name: string, tensor: Tensor | undefined, rows: number, perRow: number): Float32Array {
  const data = tensor?.data;
  if (tensor?.type !== 'float32' || data === undefined || data.length < rows * perRow) throw internal(`The model's output "${name}" is not ${rows} × ${perRow} float32 numbers; export it in this shape.`);
  const values = (data as Float32Array).subarray(0, rows * perRow);
  const broken = firstNotFinite(values);
  if (broken >= 0) throw internal(`The model gave a ${name} that is not finite for row ${Math.floor(broken / perRow)}; no score may be made from it.`);
  return values;
}

/** Two rows of zeros must come through in the right shapes, with probability = sigmoid(logit). */
async function rehearse(scorer: Scorer): Promise<void> {
  const { probability, logit } = await scorer.run(new Float32Array(2 * scorer.width), 2);
  const gap = Math.abs(probability[0]! - 1 / (1 + Math.exp(-logit[0]!)));
  if (gap > 1e-4) throw badInput('Its "probability" is not the sigmoid of its "logit"; export both from the same calibrated output.');
}

/**
 * Loads an ONNX model for a feature schema, on the CPU in this process. Loading runs no code of the artefact.
 * @throws BAD_INPUT with a sentence when the file is damaged, hostile, or does not fit the schema
 */
export async function loadScorer({ onnx, schema }: { readonly onnx: Uint8Array; readonly schema: Pick<FeatureSchema, 'width'> }): Promise<Scorer> {
  const { hasGradient } = inspectOnnx(onnx, schema.width);
  const session = await InferenceSession.create(onnx, SESSION).catch((error: unknown) => {
    throw badInput(`The ONNX model cannot be used: the runtime does not accept it (${firstLine(error)}).`);
  });
  const scorer = new OnnxScorer(session, schema.width, hasGradient);
  await rehearse(scorer).catch(async (error: unknown) => {
    await scorer.dispose();
    throw badInput(`The ONNX model cannot be used: ${messageOf(error)}`);
  });
  return scorer;
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!.slice(0, 200);
