import { badInput } from '../../base/index.js';
import { InputRefused } from '../errors.js';
import { weightOfCategory, weightOfMissing, weightOfNumber } from './evidence.js';
import type { GatheredRecord, GatheredValue, InputValue } from './gathered.js';
import { scale } from './scaling.js';
import { columnsOf, type FeatureSchema, type FittedFeature } from './schema.js';
import { isSentinel, resolveSource, toNumber } from './source.js';
import { elementKind, periodsOf, type ElementKind } from './spec.js';

export type InputFlag = 'MISSING' | 'OUT_OF_RANGE' | 'UNKNOWN_CATEGORY' | 'SENTINEL';

export interface EncodedInput {
  readonly name: string;
  /** Raw value as a person knows it; an array for a sequence. */
  readonly value: InputValue;
  readonly flags: readonly InputFlag[];
}

export interface Encoded {
  /** Model input, length `schema.width`, every element finite. */
  readonly vector: Float32Array;
  /** One per feature, in schema order. */
  readonly inputs: readonly EncodedInput[];
}

/** Encodes one value (one period) into `vector` from column `at`. Pure in (constants, value): replay depends on it. */
type Writer = (feature: FittedFeature, period: number, value: GatheredValue, vector: Float32Array, at: number) => InputFlag | undefined;

const writeNumber: Writer = (feature, period, value, vector, at) => {
  const constants = feature.numeric![period]!;
  const number = toNumber(feature.spec, value);
  const inside = Math.min(Math.max(number ?? constants.fill, constants.min), constants.max);
  vector[at] = feature.woe ? weightOfNumber(feature.woe[period]!, inside) : scale(constants.scaling, inside);
  return number !== null && inside !== number ? 'OUT_OF_RANGE' : undefined;
};

function writeWeight(feature: FittedFeature, period: number, category: string, vector: Float32Array, at: number): boolean {
  const weight = weightOfCategory(feature.woe![period]!, category);
  vector[at] = weight ?? 0;
  return weight !== undefined;
}

function writeColumn(feature: FittedFeature, category: string, vector: Float32Array, at: number): boolean {
  const column = feature.categories!.indexOf(category);
  if (column >= 0) vector[at + column] = 1;
  return column >= 0;
}

const writeCategory: Writer = (feature, period, value, vector, at) => {
  const { spec } = feature;
  if (value !== null && typeof value !== 'string') {
    throw new InputRefused(spec.name, `"${spec.label}" must be one of its categories as text, but it is the ${typeof value} ${String(value)}; correct the value of feature ${spec.name}.`);
  }
  const category = String(value ?? feature.fill);
  const known = feature.woe ? writeWeight(feature, period, category, vector, at) : writeColumn(feature, category, vector, at);
  return value !== null && !known ? 'UNKNOWN_CATEGORY' : undefined;
};

const writeBoolean: Writer = (feature, period, value, vector, at) => {
  const { spec } = feature;
  if (value !== null && typeof value !== 'boolean') {
    throw new InputRefused(spec.name, `"${spec.label}" must be true or false, but it is ${JSON.stringify(value)}; correct the value of feature ${spec.name}.`);
  }
  const truth = (value ?? feature.fill) === true;
  if (feature.woe) return writeWeight(feature, period, String(truth), vector, at) || value === null ? undefined : 'UNKNOWN_CATEGORY';
  vector[at] = truth ? 1 : 0;
  return undefined;
};

const WRITERS: Record<ElementKind, Writer> = { numeric: writeNumber, categorical: writeCategory, boolean: writeBoolean };

/** Writes "missing" where it has a column or a bin of its own; false where it needs a stand-in. */
function writeMissing(feature: FittedFeature, period: number, vector: Float32Array, at: number): boolean {
  if (feature.missingColumn) vector[at + feature.columnsPerPeriod - 1] = 1;
  if (feature.woe === undefined) return feature.missingColumn && feature.categories !== undefined;
  if (feature.spec.missing.rule !== 'indicator') return false;
  vector[at] = weightOfMissing(feature.woe[period]!);
  return true;
}

function writePeriod(feature: FittedFeature, period: number, raw: GatheredValue, vector: Float32Array): InputFlag | undefined {
  const { spec, offset, columnsPerPeriod } = feature;
  const at = offset + period * columnsPerPeriod;
  const sentinel = isSentinel(spec, raw);
  const missing = sentinel || raw === null;
  if (missing && spec.missing.rule === 'required') {
    throw new InputRefused(spec.name, `"${spec.label}" is required, but it is missing; supply a value for feature ${spec.name}.`);
  }
  const flag = missing && writeMissing(feature, period, vector, at) ? undefined : WRITERS[elementKind(spec)](feature, period, missing ? null : raw, vector, at);
  return sentinel ? 'SENTINEL' : missing ? 'MISSING' : flag;
}

function periodValues(feature: FittedFeature, value: InputValue): readonly GatheredValue[] {
  const { spec } = feature;
  if (spec.type !== 'sequence') {
    if (typeof value !== 'object' || value === null) return [value];
    throw new InputRefused(spec.name, `"${spec.label}" must be a single value, but it is a list; correct the value of feature ${spec.name}.`);
  }
  if (Array.isArray(value) && value.length === periodsOf(spec)) return value;
  throw new InputRefused(spec.name, `"${spec.label}" must be a list of ${periodsOf(spec)} periods, newest first; correct the value of feature ${spec.name}.`);
}

function encodeFeature(feature: FittedFeature, value: InputValue, vector: Float32Array): EncodedInput {
  const flags = new Set<InputFlag>();
  periodValues(feature, value).forEach((raw, period) => {
    const flag = writePeriod(feature, period, raw, vector);
    if (flag !== undefined) flags.add(flag);
  });
  requireFinite(feature, vector);
  return { name: feature.spec.name, value, flags: [...flags] };
}

/** Hand-written constants could overflow float32; no vector with such a number leaves this file. */
function requireFinite(feature: FittedFeature, vector: Float32Array): void {
  for (let i = feature.offset; i < feature.offset + columnsOf(feature); i++) {
    if (!Number.isFinite(vector[i])) {
      throw new InputRefused(feature.spec.name, `"${feature.spec.label}" cannot be encoded as a finite number; check the value and the constants of feature ${feature.spec.name}.`);
    }
  }
}

/** An input of a record that no score was made from. */
export interface RefusedInput {
  readonly name: string;
  readonly value: InputValue;
  readonly flags: readonly ('MISSING' | 'UNREADABLE')[];
}

/**
 * Re-encodes recorded raw values, given in schema order; bit-identical to the `encode` that recorded them.
 * @throws InputRefused naming the feature; BAD_INPUT when the number of values is not the number of features
 */
export function encodeInputs(schema: FeatureSchema, values: readonly InputValue[]): Encoded {
  if (values.length !== schema.features.length) {
    throw badInput(`The record holds ${values.length} inputs but the feature schema has ${schema.features.length}; use the schema of the version that made the prediction.`);
  }
  const vector = new Float32Array(schema.width);
  const inputs = schema.features.map((feature, i) => encodeFeature(feature, values[i]!, vector));
  return { vector, inputs };
}

/**
 * What can be read of the features of a record that was refused: for the record of the refusal, never for a score.
 * A value that cannot be read is null and flagged UNREADABLE.
 */
export const readInputs = (schema: FeatureSchema, record: GatheredRecord): RefusedInput[] =>
  schema.features.map(({ spec }): RefusedInput => {
    try {
      const value = resolveSource(spec, record);
      return { name: spec.name, value, flags: value === null ? ['MISSING'] : [] };
    } catch (error) {
      if (error instanceof InputRefused) return { name: spec.name, value: null, flags: ['UNREADABLE'] };
      throw error;
    }
  });

/**
 * Turns a gathered record into a model input. Out-of-range values are clipped and flagged, unknown categories are all zeros and flagged.
 * @throws InputRefused for a value of the wrong type, not finite, above 1e30 in size, or missing though required
 */
export const encode = (schema: FeatureSchema, record: GatheredRecord): Encoded =>
  encodeInputs(schema, schema.features.map(({ spec }) => resolveSource(spec, record)));
