import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Backend } from './types.js';

export type Tf = typeof TensorFlow;

const require = createRequire(import.meta.url);

/** A package that may be absent (optional) or may not load on this Node. */
function optional(name: string): boolean {
  try {
    require(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Loads TensorFlow.js on the fastest backend that works here: the native library, else WebAssembly, else plain JavaScript.
 * Only ever called in the training process: loading takes a second and 100 MB.
 */
export async function loadTensorFlow(): Promise<{ tf: Tf; backend: Backend }> {
  const tf = require('@tensorflow/tfjs') as Tf;
  // Silences the advice to install tfjs-node, which may not be installable here.
  tf.env().set('PROD', true);
  const native = optional('@tensorflow/tfjs-node');
  const wasm = !native && optional('@tensorflow/tfjs-backend-wasm');
  for (const name of [...(native ? ['tensorflow'] : []), ...(wasm ? ['wasm'] : []), 'cpu']) {
    if (await tf.setBackend(name)) break;
  }
  await tf.ready();
  return { tf, backend: { backend: tf.getBackend(), tfVersion: tf.version.tfjs } };
}
