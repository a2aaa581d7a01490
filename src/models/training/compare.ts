import { refused, type Queryable } from '../../platform/index.js';
import { deLong, encode, InputRefused, loadScorer, type FeatureSchema, type GatheredRecord, type Scorer, type VersionBundle } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import type { LoadedVersion } from '../live-versions.js';
import { recordsOf, type LabelledLoans } from './records.js';

/** A candidate and the champion on the same hold-out loans. */
export interface Comparison {
  /** Which version, in words. */
  readonly champion: string;
  /** Loans that both could score. */
  readonly rows: number;
  readonly auc: number;
  readonly championAuc: number;
  /** Of the difference of the two AUCs. */
  readonly standardError: number;
  readonly z: number | null;
  /** Two-sided, by DeLong's test for correlated ROC curves. */
  readonly p: number | null;
}

type Model = Pick<LoadedVersion, 'scorer' | 'schema'>;

/**
 * Tests a freshly built version against another on the hold-out, each encoding the loans with its own feature schema.
 * @throws REFUSED where nothing was held out, or the two have no loans that both can score
 */
export async function compareVersions(db: Queryable, keys: KeyRing, holdout: LabelledLoans, bundle: VersionBundle, champion: LoadedVersion): Promise<Comparison> {
  if (holdout.loans.length === 0) throw refused('The split holds no loan out, so there is nothing to compare on. Mark some loans as holdout.');
  const onnx = bundle.artefacts.find(({ name }) => name === 'onnx')!.bytes;
  const scorer = await loadScorer({ onnx, schema: bundle.schema });
  try {
    const { labels, pds, championPds } = await scoreBoth(recordsOf(db, keys, holdout.loans), holdout.labels, { scorer, schema: bundle.schema }, champion);
    if (labels.length === 0) throw refused(`Version ${champion.version} of the champion can score none of the hold-out loans: they are of another book.`);
    const test = deLong(labels, pds, championPds);
    return {
      champion: `version ${champion.version} (${champion.versionId})`,
      rows: labels.length,
      auc: test.aucA,
      championAuc: test.aucB,
      standardError: test.standardError,
      z: test.z,
      p: test.p,
    };
  } finally {
    await scorer.dispose();
  }
}

interface Scores {
  readonly labels: number[];
  readonly pds: number[];
  readonly championPds: number[];
}

const SCORED_AT_ONCE = 1_024;

async function scoreBoth(records: AsyncIterable<GatheredRecord>, labels: ArrayLike<number>, candidate: Model, champion: Model): Promise<Scores> {
  const scores: Scores = { labels: [], pds: [], championPds: [] };
  let batch: { label: number; own: Float32Array; other: Float32Array }[] = [];
  const flush = async (): Promise<void> => {
    scores.labels.push(...batch.map(({ label }) => label));
    scores.pds.push(...(await pdsOf(candidate.scorer, batch.map(({ own }) => own))));
    scores.championPds.push(...(await pdsOf(champion.scorer, batch.map(({ other }) => other))));
    batch = [];
  };
  let row = 0;
  for await (const record of records) {
    const label = labels[row++]!;
    const [own, other] = [vectorOf(candidate.schema, record), vectorOf(champion.schema, record)];
    if (own && other) batch.push({ label, own, other });
    if (batch.length === SCORED_AT_ONCE) await flush();
  }
  await flush();
  return scores;
}

/** A record that a schema refuses gets no score, so it cannot be compared. */
function vectorOf(schema: FeatureSchema, record: GatheredRecord): Float32Array | undefined {
  try {
    return encode(schema, record).vector;
  } catch (error) {
    if (error instanceof InputRefused) return undefined;
    throw error;
  }
}

async function pdsOf(scorer: Scorer, vectors: readonly Float32Array[]): Promise<Float32Array> {
  const matrix = new Float32Array(vectors.length * scorer.width);
  vectors.forEach((vector, row) => matrix.set(vector, row * scorer.width));
  return (await scorer.run(matrix, vectors.length, { gradient: false })).probability;
}
