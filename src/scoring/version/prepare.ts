import type { FeatureSpec } from '../features/spec.js';
import { RowFingerprint, type Fingerprint } from '../fingerprint.js';
import { assessQuality } from '../quality/assess.js';
import { requireSound } from '../quality/require-sound.js';
import type { QualityReport } from '../quality/types.js';
import { collect, type RawData } from './rows.js';
import type { VersionRequest } from './types.js';

/** Training and hold-out rows, judged sound, and the name of the training rows by their content. */
export interface Prepared {
  readonly data: RawData;
  readonly held: RawData | undefined;
  readonly quality: QualityReport;
  readonly fingerprint: Fingerprint;
}

/**
 * Reads the rows and looks at their quality before anything is learned from them.
 * @throws REFUSED for findings of severity HIGH that nobody overrode
 */
export async function prepare(request: VersionRequest, specs: readonly FeatureSpec[]): Promise<Prepared> {
  const rows = new RowFingerprint();
  const data = await collect(request, specs, rows);
  const held = request.holdout && (await collect(request.holdout, specs));
  const { raw, labels, times, groups, outcomeTimes } = data;
  const input = { specs, rows: raw, labels, groups, ...(times && { decisionTimes: times }), ...(outcomeTimes && { outcomeTimes }) };
  const quality = requireSound(assessQuality(input), request.overrides);
  return { data, held, quality, fingerprint: rows.digest() };
}
