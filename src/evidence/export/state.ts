import { formatNote, parseNote, verifyNote, type LogKey } from '../../audit/index.js';
import { canonicalJson } from '../../platform/index.js';
import type { ExportedFile } from './folder.js';
import type { ExportScope } from './scope.js';

/** How far an export is: all that is needed to go on with it. */
export interface ExportState {
  /** The export, as the log's events name it. */
  readonly id: string;
  readonly scope: ExportScope;
  /** Nothing that was recorded later is in it. */
  readonly until: string;
  readonly files: readonly ExportedFile[];
  /** The last prediction and the last event that are in a file. */
  readonly lastPrediction: string | null;
  readonly lastEvent: string | null;
  readonly predictions: number;
  readonly events: number;
  /** Of the predictions so far. */
  readonly versions: readonly string[];
  /** The manifest that is written, by its digest, and the id of the event that tells the log of it. */
  readonly completion: { readonly manifest: string; readonly event: string } | null;
}

/** No checkpoint and no receipt begins so. */
const HEADER = 'assay-export-state/v1\n';

/**
 * As a note by the log's own key. Whoever could plant a state would have an export begin in the middle, with no event that
 * tells of its beginning; or leave out what they say was taken already.
 */
export function signState(key: LogKey, state: ExportState): string {
  const text = `${HEADER}${canonicalJson(state)}\n`;
  return formatNote({ text, signatures: [key.sign(1, text)] });
}

/** Undefined where the key of this log did not sign it. */
export function readState(key: LogKey, note: string): ExportState | undefined {
  try {
    const parsed = parseNote(note);
    if (!parsed.text.startsWith(HEADER) || verifyNote(parsed, [key.verifier(1)]).length === 0) return undefined;
    return JSON.parse(parsed.text.slice(HEADER.length)) as ExportState;
  } catch {
    return undefined;
  }
}
