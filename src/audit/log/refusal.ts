import { AssayError } from '../../platform/index.js';
import type { Checkpoint } from '../note/index.js';
import type { Doubt } from './knowledge.js';

/** Why the log signs nothing. */
export interface SigningRefusal {
  /** In a sentence, with the way out. */
  readonly says: string;
  /** That this is another log than was signed before, or an earlier state of it; otherwise too little is known. */
  readonly forked: boolean;
  readonly doubts: readonly Doubt[];
  /** That nothing is known of what was signed before, so that somebody must tell. */
  readonly unknown: boolean;
}

export class SigningRefused extends AssayError {
  constructor(readonly refusal: SigningRefusal) {
    super('UNAVAILABLE', refusal.says);
  }
}

/** What the entries that are here contradict. */
export const forked = (says: string, doubts: readonly Doubt[] = []): Error => new SigningRefused({ says: `${says} ${WAY_OUT}`, forked: true, doubts, unknown: false });

/** What cannot be told. @param unknown where no checkpoint is known at all */
export const unclear = (says: string, unknown = false): Error => new SigningRefused({ says, forked: false, doubts: [], unknown });

const WAY_OUT = 'Nothing is signed until the database is restored to its newest state, or an operator opens a new epoch.';

export const wentBack = ({ size, origin }: Checkpoint, found: string): Error => forked(`The log went back: a checkpoint of ${origin} with ${size} entries was signed, but ${found}.`);
