import type { Tensor } from '@tensorflow/tfjs';
import { areaUnderCurve } from '../metrics/auc.js';
import { softplus } from '../numbers.js';
import { Random } from '../random.js';
import type { Tf } from './backend.js';
import { batchSizeOf, type HyperParameters } from './hyper-parameters.js';
import { Network } from './network.js';
import { pick, type LabelledRows } from './rows.js';
import type { Topology } from './topology.js';
import type { EpochRecord, Member } from './types.js';

/** Logits of all rows, a slice at a time so that memory stays flat. */
function logitsOf(tf: Tf, network: Network, { rows, width }: LabelledRows): Float32Array {
  const total = rows.length / width;
  const logits = new Float32Array(total);
  const slice = 4_096;
  for (let from = 0; from < total; from += slice) {
    const part = rows.subarray(from * width, (from + slice) * width);
    logits.set(
      tf.tidy(() => network.forward(part).dataSync()),
      from,
    );
  }
  return logits;
}

const meanLoss = (logits: Float32Array, labels: Uint8Array): number =>
  logits.reduce((sum, z, i) => sum + softplus(z) - z * labels[i]!, 0) / logits.length;

/** The learning rate of an epoch, from 1. */
export function rateAt(epoch: number, { learningRate, schedule, epochs }: Pick<HyperParameters, 'learningRate' | 'schedule' | 'epochs'>): number {
  const done = (epoch - 1) / epochs;
  if (schedule === 'constant') return learningRate;
  if (schedule === 'step') return learningRate * 0.5 ** Math.floor(done * 5);
  return learningRate * (0.1 + 0.45 * (1 + Math.cos(Math.PI * done)));
}

export interface MemberRun {
  readonly tf: Tf;
  readonly train: LabelledRows;
  readonly validation: LabelledRows;
  readonly settings: HyperParameters;
  readonly topology: Topology;
  readonly member: number;
  readonly onEpoch: (record: EpochRecord) => Promise<void>;
}

/** Trains one network of the ensemble and keeps the weights of its best validation epoch. */
export class MemberTraining {
  private readonly random: Random;
  private readonly network: Network;

  constructor(private readonly run: MemberRun) {
    const { tf, settings, member, topology } = run;
    // Seeds far apart, so that members of neighbouring runs do not repeat each other.
    this.random = new Random(Math.imul(settings.seed, 0x9e37_79b1) ^ Math.imul(member, 0x85eb_ca6b));
    this.network = new Network(tf, topology, this.random);
  }

  async train(): Promise<{ member: Member; validationLogits: Float32Array }> {
    const { settings, validation } = this.run;
    const optimizer = this.run.tf.train.adam(settings.learningRate);
    let best = { loss: Number.POSITIVE_INFINITY, epoch: 0, weights: this.network.snapshot(), logits: new Float32Array() as Float32Array };
    for (let epoch = 1; epoch <= settings.epochs && epoch - best.epoch <= settings.patience; epoch++) {
      Object.assign(optimizer, { learningRate: rateAt(epoch, settings) });
      const loss = this.epoch(optimizer);
      const logits = logitsOf(this.run.tf, this.network, validation);
      const validationLoss = meanLoss(logits, validation.labels);
      await this.report(epoch, loss, validationLoss, logits);
      if (validationLoss < best.loss) best = { loss: validationLoss, epoch, weights: this.network.snapshot(), logits };
    }
    optimizer.dispose();
    this.network.dispose();
    return { member: { ...best.weights, bestEpoch: best.epoch }, validationLogits: best.logits };
  }

  private report(epoch: number, loss: number, validationLoss: number, logits: Float32Array): Promise<void> {
    const validationAuc = areaUnderCurve(this.run.validation.labels, logits);
    return this.run.onEpoch({ member: this.run.member, epoch, loss, validationLoss, validationAuc });
  }

  private epoch(optimizer: ReturnType<Tf['train']['adam']>): number {
    const { train, settings } = this.run;
    const order = this.random.shuffle(Uint32Array.from(train.labels, (_, i) => i));
    const size = batchSizeOf(settings, train.labels.length);
    let sum = 0;
    for (let from = 0; from < order.length; from += size) {
      const batch = pick(train, order.subarray(from, from + size));
      sum += this.step(optimizer, batch) * batch.labels.length;
    }
    return sum / order.length;
  }

  private step(optimizer: ReturnType<Tf['train']['adam']>, { rows, labels }: LabelledRows): number {
    const { tf, settings } = this.run;
    const loss = tf.tidy(() => {
      const y = tf.tensor2d(Float32Array.from(labels), [labels.length, 1]);
      const weights = this.weights(labels);
      const masks = this.masks(labels.length);
      const result = optimizer.minimize(() => this.network.loss(this.network.forward(rows, masks), y, weights, settings), true, this.network.variables);
      return result!.dataSync()[0]!;
    });
    this.network.project();
    return loss;
  }

  private weights(labels: Uint8Array): Tensor | undefined {
    const { tf, settings } = this.run;
    const { classWeights } = settings;
    if (classWeights === undefined) return undefined;
    return tf.tensor2d(Float32Array.from(labels, (label) => (label === 1 ? classWeights.bad : classWeights.good)), [labels.length, 1]);
  }

  /** Inverted dropout: surviving units are scaled up, so that prediction needs no correction. */
  private masks(size: number): Tensor[] {
    const { tf, settings } = this.run;
    if (settings.dropout === 0) return [];
    const kept = 1 / (1 - settings.dropout);
    return settings.layers.map((units) => {
      const mask = Float32Array.from({ length: size * units }, () => (this.random.uniform() < settings.dropout ? 0 : kept));
      return tf.tensor2d(mask, [size, units]);
    });
  }
}
