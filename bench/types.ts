/** One measured figure beside its bar. */
export interface Figure {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The bar as text, e.g. ">= 0.765"; null where a figure is only told. */
  readonly bar: string | null;
  readonly ok: boolean;
}

export interface BenchEnv {
  /** The project's folder. */
  readonly project: string;
  /** An empty folder of the group's own, removed afterwards. */
  readonly work: string;
  /** Public data sets beside the project; undefined where they are absent. */
  readonly data: string | undefined;
  say(text: string): void;
}

export interface BenchGroup {
  readonly name: string;
  run(env: BenchEnv): Promise<Figure[]>;
}

const COMPARE: Readonly<Record<string, (value: number, bar: number) => boolean>> = {
  '>=': (value, bar) => value >= bar,
  '<=': (value, bar) => value <= bar,
};

/** A figure with a bar like `>= 0.765` or `<= 180`; without one it is only told. */
export function figure(group: string, name: string, value: number, unit: string, bar: string | null): Figure {
  const [, operator, limit] = /^(>=|<=) (\S+)$/.exec(bar ?? '') ?? [];
  return { group, name, value, unit, bar, ok: operator === undefined || COMPARE[operator]!(value, Number(limit)) };
}
