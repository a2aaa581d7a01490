import { badInput } from '../../base/index.js';

/** The refusal of an artefact; `why` says what is wrong and, after a semicolon, what to do. */
export const unfit = (why: string): Error => badInput(`The ONNX model cannot be used: ${why}.`);
