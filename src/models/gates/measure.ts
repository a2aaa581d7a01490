import { AssayError, messageOf, notFound, type Queryable } from '../../platform/index.js';
import {
  checkParity, explain, inspectOnnx, parseFeatureSchema, parseParitySample, parseReferenceSet, parseVersionReport,
  type FeatureSchema, type ParitySample, type ReadReport, type ReferenceSet,
} from '../../scoring/index.js';
import type { ArtefactStore } from '../artefact-store.js';
import { readDossier, type Dossier } from '../dossier.js';
import type { LiveVersions, LoadedVersion } from '../live-versions.js';
import { checksOf, jsonOf, readArtefacts, type ArtefactBytes } from '../verify-version.js';
import { isFailure, type Failure, type Latency, type Measured } from './types.js';

/** Loads and runs versions to see what the gates ask about them. Takes a second or so: do it before a transaction. */
export class Measurements {
  constructor(
    private readonly store: ArtefactStore,
    private readonly versions: LiveVersions,
  ) {}

  /** @throws NOT_FOUND; what is wrong with the version itself becomes a part of what was measured */
  async of(db: Queryable, versionId: string): Promise<Measured> {
    const { canonical, dossierDigest } = await dossierText(db, versionId);
    const dossier = readDossier(canonical, dossierDigest);
    const bytes = await attempt(() => readArtefacts(db, this.store, dossier));
    const artefacts = isFailure(bytes) ? bytes : await attempt(() => sound(bytes, dossier));
    const found = isFailure(artefacts) ? undefined : artefacts;
    return {
      dossier,
      dossierDigest,
      report: found?.report,
      bytes: isFailure(bytes) ? 0 : [...bytes.values()].reduce((sum, { length }) => sum + length, 0),
      scan: found ?? (artefacts as Failure),
      parity: found ? await attempt(() => checkParity(found.onnx, found.sample)) : unscanned,
      explanation: found && explanationOf(found),
      latency: found ? await attempt(async () => latencyOf(await this.versions.load(db, versionId), found)) : unscanned,
    };
  }
}

const unscanned: Failure = { failed: 'The artefacts cannot be loaded (see the gate ARTEFACT_SCAN).' };

async function dossierText(db: Queryable, versionId: string): Promise<{ canonical: string; dossierDigest: string }> {
  const [row] = await db.query<{ canonical: string; dossierDigest: string }>(`SELECT dossier AS canonical, encode(dossier_digest, 'hex') AS "dossierDigest" FROM model_versions WHERE id = $1`, [versionId]);
  if (!row) throw notFound('There is no such model version.');
  return row;
}

/** What the artefacts are to blame for is a finding; that the database cannot be reached is not. */
async function attempt<Value extends object>(work: () => Promise<Value>): Promise<Value | Failure> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AssayError && error.code !== 'UNAVAILABLE') return { failed: messageOf(error) };
    throw error;
  }
}

/** Artefacts that are sound and fit each other, parsed. */
interface SoundArtefacts {
  readonly onnx: Uint8Array;
  readonly schema: FeatureSchema;
  readonly reference: ReferenceSet;
  readonly sample: ParitySample;
  readonly report: ReadReport | undefined;
  readonly operators: number;
}

/** Every check of a version but parity, which is a gate of its own. */
async function sound(bytes: ArtefactBytes, dossier: Dossier): Promise<SoundArtefacts> {
  for (const { name, run } of checksOf(dossier, bytes)) if (name !== 'parity') await run();
  const schema = parseFeatureSchema(jsonOf(bytes.get('FEATURE_SCHEMA')!, 'feature schema'));
  const onnx = bytes.get('ONNX')!;
  const report = bytes.get('REPORT');
  return {
    onnx,
    schema,
    reference: parseReferenceSet(jsonOf(bytes.get('REFERENCE_SET')!, 'reference set'), schema),
    sample: parseParitySample(jsonOf(bytes.get('PARITY_SAMPLE')!, 'parity sample')),
    report: report && parseVersionReport(jsonOf(report, 'report')),
    operators: inspectOnnx(onnx, schema.width).operators,
  };
}

const explanationOf = ({ schema: { features }, reference }: SoundArtefacts): NonNullable<Measured['explanation']> => ({
  features: features.length,
  withoutReasonCode: features.filter(({ spec }) => spec.reasonCode.trim() === '').map(({ spec }) => spec.name),
  referenceRows: reference.json.size,
});

/** Predictions that are timed, and for how long at most (but a few are). */
const TIMED = { most: 9, least: 3, milliseconds: 2_000 };

/** The median of single predictions, each scored and explained; the first one warms up. */
async function latencyOf({ scorer, schema, reference }: LoadedVersion, { sample }: SoundArtefacts): Promise<Latency> {
  const { width } = schema;
  const count = sample.rows.length / width;
  const row = (index: number): Float32Array => sample.rows.subarray((index % count) * width, ((index % count) + 1) * width);
  const explanations = await explain(scorer, schema, reference, row(0), 1);
  const times: number[] = [];
  const begun = performance.now();
  while (times.length < TIMED.least || (times.length < TIMED.most && performance.now() - begun < TIMED.milliseconds)) {
    const start = performance.now();
    await explain(scorer, schema, reference, row(times.length + 1), 1);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { milliseconds: times[Math.floor(times.length / 2)]!, predictions: times.length, runtime: scorer.runtime, method: explanations[0]!.method };
}
