/**
 * Index of the first number that is NaN or infinite, or -1.
 * The usual answer is found without a branch per number: x − x is 0 unless x is not finite.
 */
export function firstNotFinite(values: Float32Array): number {
  let probe = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    probe += x - x;
  }
  return probe === 0 ? -1 : values.findIndex((x) => !Number.isFinite(x));
}

export const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/** ln(1 + e^z) without overflow. */
export const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
