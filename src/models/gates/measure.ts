import { AssayError, messageOf, notFound, type Queryable } from '../../platform/index.js';
import {
  explain, inspectOnnx, loadRuntime, parityOf, parseFeatureSchema, parseParitySample, parseReferenceSet, parseVersionReport,
  type FeatureSchema, type ParitySample, type ReadReport, type ReferenceSet, type RuntimeName, type Scorer,
} from '../../scoring/index.js';
import type { ArtefactStore } from '../artefact-store.js';
import { readDossier, type Dossier } from '../dossier.js';
import { checksOf, jsonOf, readArtefacts, rehearseOnce, type ArtefactBytes } from '../verify-version.js';
import { isFailure, type Failure, type Latency, type Measured } from './types.js';

/** What loading and running the artefacts tells. */
type Run = Pick<Measured, 'report' | 'scan' | 'parity' | 'explanation' | 'latency'>;

/** Bytes that were run so recently are not run again: they are the same bytes, by their digests. */
const REMEMBERED = { milliseconds: 60_000, most: 64 };

/** Loads and runs versions to see what the gates ask about them. Takes a second or so: do it before a transaction. */
export class Measurements {
  private readonly runs = new Map<string, { readonly run: Run; readonly until: number }>();

  constructor(
    private readonly store: ArtefactStore,
    /** That predictions are made with. */
    private readonly runtime: RuntimeName = 'onnx',
    private readonly clock: () => number = Date.now,
  ) {}

  /** @throws NOT_FOUND; what is wrong with the version itself becomes a part of what was measured */
  async of(db: Queryable, versionId: string): Promise<Measured> {
    const { canonical, dossierDigest } = await dossierText(db, versionId);
    const dossier = readDossier(canonical, dossierDigest);
    const bytes = await attempt(() => readArtefacts(db, this.store, dossier));
    if (isFailure(bytes)) return { dossier, dossierDigest, bytes: 0, ...nothingRun(bytes) };
    const size = [...bytes.values()].reduce((sum, { length }) => sum + length, 0);
    return { dossier, dossierDigest, bytes: size, ...(await this.runOf(dossierDigest, dossier, bytes)) };
  }

  private async runOf(dossierDigest: string, dossier: Dossier, bytes: ArtefactBytes): Promise<Run> {
    const known = this.runs.get(dossierDigest);
    if (known && known.until > this.clock()) return known.run;
    const run = await runArtefacts(this.runtime, dossier, bytes);
    this.runs.delete(dossierDigest);
    this.runs.set(dossierDigest, { run, until: this.clock() + REMEMBERED.milliseconds });
    if (this.runs.size > REMEMBERED.most) this.runs.delete(this.runs.keys().next().value!);
    return run;
  }
}

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

const UNSCANNED: Failure = { failed: 'The artefacts cannot be loaded (see the gate ARTEFACT_SCAN).' };

const nothingRun = (scan: Failure): Run => ({ report: undefined, scan, parity: UNSCANNED, explanation: undefined, latency: UNSCANNED });

async function runArtefacts(runtime: RuntimeName, dossier: Dossier, bytes: ArtefactBytes): Promise<Run> {
  const sound = await attempt(() => soundArtefacts(dossier, bytes));
  if (isFailure(sound)) return nothingRun(sound);
  const { onnx, schema, sample, report, operators } = sound;
  const scorer = await attempt(() => loadRuntime('onnx', { onnx, schema }));
  if (isFailure(scorer)) return { ...nothingRun(scorer), report };
  try {
    return {
      report,
      scan: { operators },
      parity: await attempt(() => parityOf(scorer, sample)),
      explanation: explanationOf(sound),
      latency: await attempt(() => (runtime === 'onnx' ? timed(scorer, sound) : timedOn(runtime, sound))),
    };
  } finally {
    await scorer.dispose();
  }
}

/** Artefacts that are sound and fit each other, parsed. */
interface SoundArtefacts {
  readonly onnx: Uint8Array;
  readonly layersModel: Uint8Array | undefined;
  readonly schema: FeatureSchema;
  readonly reference: ReferenceSet;
  readonly sample: ParitySample;
  readonly report: ReadReport | undefined;
  readonly operators: number;
}

/** Every check of a version but those of its graph, which is loaded once for all that is asked of it; parity is a gate of its own. */
async function soundArtefacts(dossier: Dossier, bytes: ArtefactBytes): Promise<SoundArtefacts> {
  for (const { name, run } of checksOf(dossier, bytes)) if (name !== 'model' && name !== 'parity') await run();
  const schema = parseFeatureSchema(jsonOf(bytes.get('FEATURE_SCHEMA')!, 'feature schema'));
  const onnx = bytes.get('ONNX')!;
  const report = bytes.get('REPORT');
  await rehearseOnce(dossier.artefacts.onnx, onnx, schema.width);
  return {
    onnx,
    schema,
    layersModel: bytes.get('LAYERS_MODEL'),
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

async function timedOn(runtime: RuntimeName, artefacts: SoundArtefacts): Promise<Latency> {
  const scorer = await loadRuntime(runtime, artefacts);
  try {
    return await timed(scorer, artefacts);
  } finally {
    await scorer.dispose();
  }
}

/** Predictions that are timed, and for how long at most (but a few are). */
const TIMED = { most: 9, least: 3, milliseconds: 2_000 };

/** The median of single predictions, each scored and explained; the first one warms up. */
async function timed(scorer: Scorer, { schema, reference, sample }: SoundArtefacts): Promise<Latency> {
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
