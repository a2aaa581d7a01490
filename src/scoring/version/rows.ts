import { badInput } from '../../base/index.js';
import { encodeInputs } from '../features/encode.js';
import { modelFeatures } from '../features/fit.js';
import type { InputValue } from '../features/gathered.js';
import type { FeatureSchema } from '../features/schema.js';
import { resolveSource } from '../features/source.js';
import type { FeatureSpec } from '../features/spec.js';
import type { RowFingerprint } from '../fingerprint.js';
import type { Scorer } from '../onnx/scorer.js';
import { numbered } from '../splits/units.js';
import type { LabelledRecords } from './types.js';

/** Raw values of the model features, one array per record, with the outcomes and what rows are sliced by. */
export interface RawData extends Pick<LabelledRecords, 'times' | 'outcomeTimes'> {
  readonly raw: readonly (readonly InputValue[])[];
  readonly labels: Uint8Array;
  readonly groups: NonNullable<LabelledRecords['groups']>;
  /** The customer of each row, by number. */
  readonly units?: Uint32Array;
}

/** One pass over the records; only the values that features use are kept. */
export async function collect({ records, labels, times, outcomeTimes, customers, groups = {} }: LabelledRecords, specs: readonly FeatureSpec[], fingerprint?: RowFingerprint): Promise<RawData> {
  const inputs = modelFeatures(specs);
  const raw: InputValue[][] = [];
  for await (const record of records) {
    fingerprint?.add({ record, label: labels[raw.length] ?? null });
    raw.push(inputs.map((spec) => resolveSource(spec, record)));
  }
  if (raw.length !== labels.length) throw badInput(`There are ${raw.length} records but ${labels.length} outcomes; give one outcome per record.`);
  for (const [name, { length }] of [...Object.entries(groups), ...(times ? [['times', times] as const] : []), ...(outcomeTimes ? [['outcomeTimes', outcomeTimes] as const] : []), ...(customers ? [['customers', customers] as const] : [])]) {
    if (length !== raw.length) throw badInput(`There are ${raw.length} records but ${length} values of "${name}"; give one value per record.`);
  }
  return { raw, labels: soundLabels(labels), groups, ...(times && { times }), ...(outcomeTimes && { outcomeTimes }), ...(customers && { units: numbered(customers) }) };
}

/** Refuses before the training what would spoil it or the metrics after it. */
function soundLabels(labels: ArrayLike<number>): Uint8Array {
  const odd = Array.from(labels).findIndex((label) => label !== 0 && label !== 1);
  if (odd >= 0) throw badInput(`The outcome of record ${odd} is ${labels[odd]}; an outcome is 1 (default) or 0 (good).`);
  const sound = Uint8Array.from(labels);
  const bad = sound.reduce((sum, label) => sum + label, 0);
  if (bad === 0 || bad === sound.length) throw badInput(`Of ${sound.length} loans ${bad} defaulted; a model needs loans of both outcomes in training and in the hold-out.`);
  return sound;
}

/** Row-major model inputs of raw values. */
export function encodeAll(schema: FeatureSchema, raw: readonly (readonly InputValue[])[]): Float32Array {
  const rows = new Float32Array(raw.length * schema.width);
  raw.forEach((values, i) => rows.set(encodeInputs(schema, values).vector, i * schema.width));
  return rows;
}

const SLICE = 4_096;

/** PDs of row-major model inputs, a slice at a time. */
export async function pdsOf(scorer: Scorer, rows: Float32Array): Promise<Float32Array> {
  const { width } = scorer;
  const pds = new Float32Array(rows.length / width);
  for (let from = 0; from < pds.length; from += SLICE) {
    const count = Math.min(SLICE, pds.length - from);
    const { probability } = await scorer.run(rows.subarray(from * width, (from + count) * width), count, { gradient: false });
    pds.set(probability, from);
  }
  return pds;
}
