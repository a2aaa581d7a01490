import { sha256 } from '../platform/index.js';
import type { Hex } from './events.js';

/** What a leaf holds of the words of a person: SHA-256 of the text in UTF-8, so that the stored words cannot be changed unseen. */
export const textDigest = (text: string): Hex => sha256(text).toString('hex');
