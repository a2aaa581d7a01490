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
