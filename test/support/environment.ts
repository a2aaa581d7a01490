import { TestEnvironment } from 'jest-environment-node';

const TYPED_ARRAYS = { Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, BigInt64Array, BigUint64Array };

/**
 * Jest runs tests in a context with typed arrays of its own, which native libraries do not recognise:
 * the ONNX Runtime asks `instanceof Float32Array`. Tests therefore get the arrays of the process.
 */
export default class AssayTestEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    Object.assign(this.global, TYPED_ARRAYS);
  }
}
