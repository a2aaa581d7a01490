import { cpus } from 'node:os';
import type { PredictionBody, RecordedHost } from '../record/body.js';

/** What this process runs on, as it is recorded beside the runtime: the same runtime rounds otherwise on another processor, and Node's own arithmetic is that of its version. */
export const HOST: RecordedHost = { node: process.versions.node, cpu: cpus()[0]?.model.trim() || process.arch };

/** By what a runtime computes. */
export type Execution = 'NATIVE' | 'WASM' | 'JAVASCRIPT';

/** What computed a prediction, in parts. Null is what a record of an earlier release does not say. */
export interface Fingerprint {
  /** As the runtime names itself; empty where none is known. */
  readonly runtime: string;
  /** All of it, in one line. */
  readonly text: string;
  readonly library: string | null;
  readonly version: string | null;
  readonly backend: string | null;
  readonly execution: Execution | null;
  readonly platform: string | null;
  readonly architecture: string | null;
  readonly node: string | null;
  readonly cpu: string | null;
}

/** As runtimes name themselves: library, version, backend, platform and architecture. */
const RUNTIME = /^(\S+) (\S+) (\S+) ([^\s-]+)-(\S+)$/;

/** TensorFlow.js has backends of each kind; the ONNX Runtime is a native library. */
const EXECUTIONS: Readonly<Record<string, Execution>> = { 'tfjs cpu': 'JAVASCRIPT', 'tfjs wasm': 'WASM' };

export function fingerprintOf({ runtime, host }: Pick<PredictionBody, 'runtime' | 'host'>): Fingerprint {
  const [, library = null, version = null, backend = null, platform = null, architecture = null] = RUNTIME.exec(runtime ?? '') ?? [];
  const execution = library === null ? null : (EXECUTIONS[`${library} ${backend}`] ?? 'NATIVE');
  const [node, cpu] = [host?.node ?? null, host?.cpu ?? null];
  const text = [runtime, node && `node ${node}`, cpu].filter((part) => part).join(', ');
  return { runtime: runtime ?? '', text, library, version, backend, execution, platform, architecture, node, cpu };
}

/** Whether two are the same, as far as both say. */
export const isSameRuntime = (a: Fingerprint, b: Fingerprint): boolean =>
  (['library', 'version', 'backend', 'platform', 'architecture', 'node', 'cpu'] as const).every((part) => a[part] === null || b[part] === null || a[part] === b[part]);

/** TensorFlow.js may round a row otherwise in another batch; the ONNX Runtime, as it is set up here, never does. */
export const isBitStable = ({ library }: Fingerprint): boolean => library !== 'tfjs';
