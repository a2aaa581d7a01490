/** How windows move over the steps of a sequence. */
export interface WindowPlan {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: 'valid' | 'same' | 'causal';
}

/**
 * For each window the steps it covers; −1 stands for padding. As TensorFlow does it: `same` gives ⌈steps / stride⌉
 * windows with the odd step of padding at the end, `causal` puts all padding before the first step.
 */
export function windowsOf(steps: number, { size, stride, dilation, padding }: WindowPlan): number[][] {
  const reach = (size - 1) * dilation + 1;
  const same = Math.ceil(steps / stride);
  const before = padding === 'causal' ? reach - 1 : padding === 'same' ? Math.floor(Math.max((same - 1) * stride + reach - steps, 0) / 2) : 0;
  const count = padding === 'same' ? same : Math.max(Math.floor((steps + before - reach) / stride) + 1, 0);
  return Array.from({ length: count }, (_, w) => Array.from({ length: size }, (_s, i) => {
    const step = w * stride - before + i * dilation;
    return step >= 0 && step < steps ? step : -1;
  }));
}

/** The columns of the given steps, channel by channel; −1 for padding. */
export const columnsOfSteps = (steps: readonly number[], channels: number): number[] =>
  steps.flatMap((step) => Array.from({ length: channels }, (_, c) => (step < 0 ? -1 : step * channels + c)));
