import type { GatheredRecord } from '../../loans/index.js';
import { badInput, canonicalJson } from '../../platform/index.js';
import { encode, InputRefused, type Encoded, type FeatureSchema } from '../../scoring/index.js';
import { changed, placeInRequest, type FieldChange, type LoanChange } from './changes.js';

/** A loan after one more change, as the version reads it. */
export interface ChangedState extends Encoded {
  readonly change: FieldChange;
  /** Indexes of the features whose raw value moved, in schema order. */
  readonly moved: readonly number[];
}

/** What a what-if goes through: the loan as it is recorded, then after each change, one upon the other. */
export interface SimulatedStates {
  readonly baseline: Encoded;
  /** At least one. */
  readonly steps: readonly ChangedState[];
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

/** @throws BAD_INPUT naming the change that cannot be made, or that gives the model something it cannot read */
export function simulatedStates(schema: FeatureSchema, record: GatheredRecord, baseline: Encoded, changes: readonly LoanChange[]): SimulatedStates {
  const steps: ChangedState[] = [];
  let current = record;
  for (const [index, asked] of changes.entries()) {
    const { record: next, change } = changed(schema, current, asked, index);
    const { vector, inputs } = encodeChanged(schema, next, change, index);
    const before = (steps.at(-1) ?? baseline).inputs;
    const moved = inputs.flatMap(({ value }, at) => (same(value, before[at]!.value) ? [] : [at]));
    steps.push({ vector, inputs, change, moved });
    current = next;
  }
  return { baseline, steps };
}

function encodeChanged(schema: FeatureSchema, record: GatheredRecord, { path }: FieldChange, index: number): Encoded {
  try {
    return encode(schema, record);
  } catch (error) {
    if (error instanceof InputRefused) throw badInput(`${placeInRequest(index)} (${path}): ${error.message}`);
    throw error;
  }
}
