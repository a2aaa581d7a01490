import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { badInput, internal, messageOf } from '../../base/index.js';
import type { FeatureSchema } from '../features/schema.js';
import { rehearse, requireMatrix, requireOutput, type RunOptions, type Scorer, type ScorerOutput } from '../runtime/contract.js';
import { inspectOnnx } from './inspect.js';
import { withoutGradient } from './prune.js';

export type { RunOptions, Scorer, ScorerOutput } from '../runtime/contract.js';

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
    /** Computes all outputs; `lean` computes probability and logit alone, in less than half the time. */
    private readonly full: InferenceSession,
    private readonly lean: InferenceSession,
    readonly width: number,
    readonly hasGradient: boolean,
    private readonly loneRowDiffers: boolean,
  ) {}

  async run(matrix: Float32Array, rows: number, { gradient = true }: RunOptions = {}): Promise<ScorerOutput> {
    requireMatrix(matrix, rows, this.width);
    if (rows === 1 && this.loneRowDiffers) return this.runLoneRow(matrix, { gradient });
    if (rows === 0) return { probability: new Float32Array(), logit: new Float32Array(), gradient: undefined };
    const wanted = gradient && this.hasGradient;
    const session = wanted ? this.full : this.lean;
    const features = new Tensor('float32', matrix, [rows, this.width]);
    const output = await session.run({ features }).catch((error: unknown) => {
      throw internal(`The ONNX Runtime could not run the model (${firstLine(error)}).`, error);
    });
    const take = (name: string, perRow: number): Float32Array => requireOutput(name, output[name]?.data, rows, perRow);
    return {
      probability: take('probability', 1),
      logit: take('logit', 1),
      gradient: wanted ? take('gradient', this.width) : undefined,
    };
  }

  /** The row twice, so that it is computed as in any batch. */
  private async runLoneRow(row: Float32Array, options: RunOptions): Promise<ScorerOutput> {
    const { probability, logit, gradient } = await this.run(Float32Array.from([...row, ...row]), 2, options);
    return { probability: probability.slice(0, 1), logit: logit.slice(0, 1), gradient: gradient?.slice(0, this.width) };
  }

  async dispose(): Promise<void> {
    await this.full.release();
    if (this.lean !== this.full) await this.lean.release();
  }
}

const createSession = (onnx: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(onnx, SESSION).catch((error: unknown) => {
    throw badInput(`The ONNX model cannot be used: the runtime does not accept it (${firstLine(error)}).`);
  });

/**
 * Loads an ONNX model for a feature schema, on the CPU in this process. Loading runs no code of the artefact.
 * @throws BAD_INPUT with a sentence when the file is damaged, hostile, or does not fit the schema
 */
export async function loadScorer({ onnx, schema }: { readonly onnx: Uint8Array; readonly schema: Pick<FeatureSchema, 'width'> }): Promise<Scorer> {
  const { hasGradient, loneRowDiffers } = inspectOnnx(onnx, schema.width);
  const full = await createSession(onnx);
  const lean = hasGradient ? await createSession(withoutGradient(onnx)) : full;
  const scorer = new OnnxScorer(full, lean, schema.width, hasGradient, loneRowDiffers);
  await rehearse(scorer).catch(async (error: unknown) => {
    await scorer.dispose();
    throw badInput(`The ONNX model cannot be used: ${messageOf(error)}`);
  });
  return scorer;
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!.slice(0, 200);
