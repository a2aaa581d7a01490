import { compileModel, fitFeatureSchema, parseFeatureSpecs, type DenseLayer, type FeatureSchema, type FeatureSpec, type GatheredRecord, type Member } from '../../src/scoring/index.js';
import { Random } from '../../src/scoring/random.js';

/** A numeric feature of the loan, with parts to override. */
export const numeric = (name: string, parts: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  label: name,
  source: { path: `loan.${name}` },
  type: 'numeric',
  missing: { rule: 'median' },
  transform: 'standardise',
  reasonCode: name.toUpperCase(),
  ...parts,
});

export const loan = (fields: GatheredRecord['loan'], repayments: GatheredRecord['repayments'] = []): GatheredRecord => ({ customer: {}, loan: fields, repayments });

export const specsOf = (...features: Record<string, unknown>[]): FeatureSpec[] => parseFeatureSpecs(features);

/** A schema learned from loans with one field per feature. */
export const schemaOf = (features: Record<string, unknown>[], records: GatheredRecord[]): FeatureSchema => fitFeatureSchema(specsOf(...features), records);

/** Columns x0…, standardised with mean 0 and deviation 1: raw values pass through unchanged. */
export function plainSchema(width: number): FeatureSchema {
  const features = Array.from({ length: width }, (_, i) => numeric(`x${i}`, { bounds: { min: -100, max: 100 } }));
  const rows = [-1, 1].map((x) => loan(Object.fromEntries(features.map(({ name }) => [name, x]))));
  return schemaOf(features, rows);
}

function denseLayer(random: Random, inputs: number, units: number): DenseLayer {
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal() / Math.sqrt(inputs));
  return { weights: draw(inputs * units), bias: draw(units), inputs, units };
}

/** An untrained network with seeded weights. */
export function randomMember(seed: number, sizes: readonly number[]): Member {
  const random = new Random(seed);
  return { bestEpoch: 1, layers: sizes.slice(1).map((units, i) => denseLayer(random, sizes[i]!, units)) };
}

const historyColumns = Array.from({ length: 5 }, (_, period) => [period, 14 - period, 15 + ((period * 2) % 5)].map((column) => (column * 3) % 20));

/** A history of three channels over five periods, scattered over twenty columns, with five static columns. */
export const HISTORY = {
  columns: historyColumns,
  staticColumns: Array.from({ length: 20 }, (_, i) => i).filter((i) => !historyColumns.flat().includes(i)),
};

/** An untrained network behind a convolution (window 2, 4 filters) over `HISTORY`, of 20 columns. */
export function randomConvolutionalMember(seed: number, hidden: readonly number[], staticColumns = HISTORY.staticColumns): Member {
  const window = 2;
  const filters = 4;
  const { weights, bias } = denseLayer(new Random(seed + 1_000), window * 3, filters);
  const windows = HISTORY.columns.length - window + 1;
  const member = randomMember(seed, [windows * filters + staticColumns.length, ...hidden, 1]);
  return { ...member, convolution: { columns: HISTORY.columns, staticColumns, window, filters, weights, bias } };
}

/** A compiled ensemble with seeded weights. */
export const randomOnnx = (width: number, hidden: readonly number[], members = 2): Uint8Array =>
  compileModel({
    width,
    members: Array.from({ length: members }, (_, i) => randomMember(i + 1, [width, ...hidden, 1])),
    calibration: { kind: 'platt', slope: 1.3, intercept: -0.4 },
  });

/** Seeded standard-normal rows. */
export function randomRows(seed: number, rows: number, width: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * width }, () => random.normal());
}

/** Loans that default along a curved boundary: a small book with a learnable signal. */
export function curvedBook(seed: number, rows: number): { rows: Float32Array; labels: Uint8Array } {
  const random = new Random(seed);
  const points = randomRows(seed + 1, rows, 2);
  const labels = Uint8Array.from({ length: rows }, (_, i) => {
    const logit = 2 * points[2 * i]! * points[2 * i + 1]! - 0.5;
    return random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  });
  return { rows: points, labels };
}

/** The message of the error that `act` throws. */
export async function sentenceOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was refused');
}
