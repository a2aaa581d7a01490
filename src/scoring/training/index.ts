import { availableParallelism } from 'node:os';
import { badInput, internal } from '../../base/index.js';
import { LEAST_ISOTONIC_ROWS } from '../calibration/fit.js';
import { firstNotFinite } from '../numbers.js';
import { fitLinear, joinMembers, type Fitted } from './fitted.js';
import { batchSizeOf, parseHyperParameters, type HyperParameters, type ScorecardSettings } from './hyper-parameters.js';
import { runInProcess } from './process.js';
import { foldsOf, topologyOf } from './train.js';
import type { EpochRecord, TrainedModel, TrainingProgress, TrainingRequest } from './types.js';
import type { WorkerMessage } from './worker.js';

function requireSoundRows({ rows, labels, width }: TrainingRequest): void {
  if (!Number.isInteger(width) || width < 1) throw badInput(`The width is ${width}; it must be the whole number of columns of a row.`);
  if (rows.length !== labels.length * width) throw badInput(`${labels.length} labels with ${width} columns need ${labels.length * width} numbers, but there are ${rows.length}.`);
  const broken = firstNotFinite(rows);
  if (broken >= 0) throw badInput(`Row ${Math.floor(broken / width)}, column ${broken % width} is not a finite number; encode rows with the feature schema before training.`);
  const odd = labels.findIndex((label) => label > 1);
  if (odd >= 0) throw badInput(`The label of row ${odd} is ${labels[odd]}; a label is 1 (default) or 0 (good).`);
  const bad = labels.reduce((sum, label) => sum + label, 0);
  if (bad < 2 || labels.length - bad < 2) throw badInput(`Training needs at least two loans of each outcome, but ${bad} of ${labels.length} defaulted; add loans with known outcomes.`);
}

/** What a scorecard goes by; the rest of the settings is of networks. @throws BAD_INPUT for settings it cannot keep */
function scorecardSettings({ family, l2, classWeights, validationFraction, calibration, loss, seed }: HyperParameters): ScorecardSettings {
  if (loss !== 'cross-entropy') throw badInput(`A scorecard is fitted by maximum likelihood; leave the loss ${loss} out, or choose the family mlp.`);
  if (calibration !== 'platt') throw badInput('The points of a scorecard add up on a line, which isotonic calibration bends; calibrate a scorecard by platt, or choose the family mlp.');
  return { family, l2, ...(classWeights && { classWeights }), validationFraction, calibration, seed };
}

/** Refused before the training, not after it. */
function requireCalibratable({ labels }: TrainingRequest, settings: HyperParameters): void {
  const folds = foldsOf(settings);
  const aside = Math.floor((labels.length * (settings.family === 'scorecard' ? folds : Math.min(settings.ensemble, folds))) / folds);
  if (settings.calibration === 'isotonic' && aside < LEAST_ISOTONIC_ROWS) {
    throw badInput(`Isotonic calibration needs at least ${LEAST_ISOTONIC_ROWS} loans that are kept aside, but of these ${labels.length} it is ${aside}; use platt, or a larger ensemble or validationFraction.`);
  }
}

type Tell = (progress: TrainingProgress) => void;

/** Starting TensorFlow takes longer than training on a small book. */
const SMALL_BOOK = 20_000;
const processesFor = (rows: number): number => (rows < SMALL_BOOK ? 1 : availableParallelism());

/** Numbers dealt to at most `hands`, in turn: processes finish at about the same time. */
function dealt(count: number, hands: number): number[][] {
  const dealing: number[][] = Array.from({ length: Math.min(count, hands) }, () => []);
  for (let number = 1; number <= count; number++) dealing[(number - 1) % hands]!.push(number);
  return dealing;
}

/** Turns the epochs of all processes into progress with an estimate of the time left. */
function progressOf({ ensemble: members, epochs }: HyperParameters, tell: Tell): (record: EpochRecord) => void {
  const started = performance.now();
  const reached = new Map<number, number>();
  let done = 0;
  return (record) => {
    done++;
    reached.set(record.member, record.epoch);
    // A member that another process has not begun still has all its epochs before it.
    const left = Array.from({ length: members }, (_, i) => epochs - (reached.get(i + 1) ?? 0)).reduce((sum, n) => sum + n, 0);
    tell({ ...record, members, epochs, secondsLeft: ((performance.now() - started) / 1_000 / done) * left });
  };
}

const byMember = (a: EpochRecord, b: EpochRecord): number => a.member - b.member || a.epoch - b.epoch;

/** Networks: the members of the ensemble are trained in processes of their own, one for each core. */
async function fitNetworks(request: TrainingRequest, settings: HyperParameters, tell: Tell, signal?: AbortSignal): Promise<Fitted & Pick<TrainedModel, 'history'>> {
  const { rows, labels, width, units, directions, history: columns } = request;
  topologyOf(request, settings);
  const history: EpochRecord[] = [];
  const progress = progressOf(settings, tell);
  const onMessage = (message: WorkerMessage): void => {
    if (message.kind !== 'progress') return;
    history.push(message.record);
    progress(message.record);
  };
  // One process that fails ends the others: nobody waits for what they would make.
  const together = new AbortController();
  const stop = signal ? AbortSignal.any([signal, together.signal]) : together.signal;
  const data = { rows, labels, width, units, directions, history: columns };
  const trained = await Promise.all(
    dealt(settings.ensemble, processesFor(labels.length * settings.ensemble)).map(async (numbers) => {
      const message = await runInProcess({ kind: 'train', data, settings, members: numbers }, { signal: stop, onMessage });
      if (message.kind !== 'trained') throw internal('The training process answered something else than a model.');
      return message.members.map((trainedMember, i) => ({ trainedMember, number: numbers[i]! }));
    }),
  ).catch((error: unknown) => {
    together.abort();
    throw error;
  });
  const members = trained.flat().sort((a, b) => a.number - b.number).map(({ trainedMember }) => trainedMember);
  return { ...joinMembers(request, settings, members), history: history.sort(byMember) };
}

/**
 * Trains a model of the family that the hyper-parameters name. Networks are trained in child processes with
 * TensorFlow.js; same seed, data and backend → same weights.
 * @throws BAD_INPUT for unsound rows or hyper-parameters, UNAVAILABLE when `signal` stops it, INTERNAL when a process dies
 */
export async function trainModel(request: TrainingRequest, onProgress: Tell = () => {}, signal?: AbortSignal): Promise<TrainedModel> {
  requireSoundRows(request);
  const started = performance.now();
  const asked = parseHyperParameters(request.hyperParameters);
  const settings = { ...asked, batchSize: batchSizeOf(asked, request.labels.length) };
  requireCalibratable(request, settings);
  const kept = settings.family === 'scorecard' ? scorecardSettings(settings) : settings;
  const fitted = settings.family === 'scorecard' ? { ...fitLinear(request, settings), history: [] } : await fitNetworks(request, settings, onProgress, signal);
  const { members, calibration } = fitted;
  const written = await runInProcess({ kind: 'write', model: { width: request.width, members, calibration }, sample: request.sample ?? new Float32Array() }, { ...(signal && { signal }) });
  if (written.kind !== 'written') throw internal('The TensorFlow process answered something else than a model.');
  const { layersModel, probabilities: sampleProbabilities, backend, tfVersion } = written;
  const seconds = (performance.now() - started) / 1_000;
  return { family: settings.family, width: request.width, ...fitted, hyperParameters: kept, layersModel, sampleProbabilities, backend: settings.family === 'scorecard' ? 'javascript' : backend, tfVersion, seconds };
}
