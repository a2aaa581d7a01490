/** Model inputs with their outcomes. */
export interface LabelledRows {
  /** Row-major, n × width, all finite. */
  readonly rows: Float32Array;
  /** 1 = default, 0 = good. */
  readonly labels: Uint8Array;
  readonly width: number;
}

/** Copies the given rows out of a row-major matrix. */
export function pick({ rows, labels, width }: LabelledRows, indices: Uint32Array): LabelledRows {
  const picked = new Float32Array(indices.length * width);
  indices.forEach((index, i) => picked.set(rows.subarray(index * width, (index + 1) * width), i * width));
  return { rows: picked, labels: Uint8Array.from(indices, (index) => labels[index]!), width };
}

/** Which columns of the model input are histories, and which are not. */
export interface HistoryColumns {
  /** columns[period][channel], newest period first. */
  readonly columns: readonly (readonly number[])[];
  readonly staticColumns: readonly number[];
}

/** Windows of a history and the columns beside it, as the convolution takes them. */
export interface Unfolded {
  /** (n · windows) × (window · channels), row-major. */
  readonly windows: Float32Array;
  /** n × static columns. */
  readonly statics: Float32Array;
}

/**
 * Unfolds the history of each row into overlapping windows, so that a convolution is one dense layer with shared
 * weights: every backend of TensorFlow.js can train that, while only some have the gradient of a convolution.
 */
export function unfold(rows: Float32Array, width: number, { columns, staticColumns }: HistoryColumns, window: number): Unfolded {
  const n = rows.length / width;
  const order = Array.from({ length: columns.length - window + 1 }, (_, w) => columns.slice(w, w + window).flat()).flat();
  const take = (from: readonly number[]): Float32Array => {
    const taken = new Float32Array(n * from.length);
    for (let row = 0, at = 0; row < n; row++) for (const column of from) taken[at++] = rows[row * width + column]!;
    return taken;
  };
  return { windows: take(order), statics: take(staticColumns) };
}
