import { internal } from '../../base/index.js';
import { evaluate } from '../metrics/evaluate.js';
import { compileModel } from '../onnx/compile.js';
import { loadScorer } from '../onnx/scorer.js';
import { fitLinear, joinMembers, type Fitted } from '../training/fitted.js';
import type { HyperParameters } from '../training/hyper-parameters.js';
import { trainMembers } from '../training/train.js';
import type { EpochRecord } from '../training/types.js';
import { pdsOf } from '../version/rows.js';
import type { FoldData } from './folds.js';

/** What one trial achieved on one fold. */
export interface FoldOutcome {
  /** Measured on the rows that the fold keeps from training, with the calibrated PD of the compiled graph. */
  readonly logLoss: number;
  readonly brier: number;
  readonly auc: number;
  /** Epochs that were trained, all members together; 0 for a scorecard. */
  readonly epochs: number;
  /** Per member, the epoch whose weights were kept. */
  readonly bestEpochs: readonly number[];
  /** Mean over members of the losses at that epoch; null for a scorecard. */
  readonly trainingLoss: number | null;
  readonly validationLoss: number | null;
  /** What did the arithmetic, e.g. "wasm 4.22.0". */
  readonly backend: string;
  readonly seconds: number;
  /** Processor seconds: what it costs, however busy the machine was. */
  readonly cpuSeconds: number;
}

interface Trained {
  readonly fitted: Fitted;
  readonly history: readonly EpochRecord[];
  readonly backend: string;
}

async function train({ train: data }: FoldData, settings: HyperParameters, onEpoch: (record: EpochRecord) => void): Promise<Trained> {
  if (settings.family === 'scorecard') return { fitted: fitLinear(data, settings), history: [], backend: 'javascript' };
  const history: EpochRecord[] = [];
  const numbers = Array.from({ length: settings.ensemble }, (_, i) => i + 1);
  const { members, backend, tfVersion } = await trainMembers(data, settings, numbers, (record) => {
    history.push(record);
    onEpoch(record);
  });
  if (members.some(({ member }) => member.bestEpoch === 0)) throw internal('The training diverged: the validation loss was never a finite number; take lower learning rates.');
  return { fitted: joinMembers(data, settings, members), history, backend: `${backend} ${tfVersion}` };
}

/** PDs through the graph that would be registered: what is searched for is what will score. */
async function heldPds({ held }: FoldData, { members, calibration }: Fitted): Promise<Float32Array> {
  const { width } = held;
  const scorer = await loadScorer({ onnx: compileModel({ width, members, calibration }), schema: { width } });
  try {
    return await pdsOf(scorer, held.rows);
  } finally {
    await scorer.dispose();
  }
}

/** Processor seconds of this process since it began. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : values.reduce((sum, x) => sum + x, 0) / values.length);

/** Trains one trial on one fold in this process, and judges it by the rows that the fold kept from it. */
export async function fitFold(fold: FoldData, settings: HyperParameters, onEpoch: (record: EpochRecord) => void): Promise<FoldOutcome> {
  const [started, spent] = [performance.now(), cpuSeconds()];
  const { fitted, history, backend } = await train(fold, settings, onEpoch);
  const { logLoss, brier, auc } = evaluate(fold.held.labels, await heldPds(fold, fitted), 0.5);
  const bestEpochs = history.length === 0 ? [] : fitted.members.map(({ bestEpoch }) => bestEpoch);
  const kept = history.filter(({ member, epoch }) => bestEpochs[member - 1] === epoch);
  return {
    logLoss,
    brier,
    auc,
    epochs: history.length,
    bestEpochs,
    trainingLoss: mean(kept.map(({ loss }) => loss)),
    validationLoss: mean(kept.map(({ validationLoss }) => validationLoss)),
    backend,
    seconds: (performance.now() - started) / 1_000,
    cpuSeconds: cpuSeconds() - spent,
  };
}
