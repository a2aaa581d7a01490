import { refused, type Queryable } from '../../platform/index.js';
import { encode, InputRefused, type Champion, type FeatureSchema, type GatheredRecord } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import type { LoadedVersion } from '../live-versions.js';
import { recordsOf, type LabelledLoans } from './records.js';

const SCORED_AT_ONCE = 1_024;

/**
 * PDs of another version on the hold-out, by its own feature schema; null for a loan that it refuses.
 * @throws REFUSED where nothing was held out, or it can score none of it
 */
export async function championOn(db: Queryable, keys: KeyRing, holdout: LabelledLoans, { version, versionId, schema, scorer }: LoadedVersion): Promise<Champion> {
  if (holdout.loans.length === 0) throw refused('The split holds no loan out, so there is nothing to compare on. Mark some loans as holdout.');
  const pds: (number | null)[] = [];
  let batch: (Float32Array | undefined)[] = [];
  const flush = async (): Promise<void> => {
    const sound = batch.filter((vector) => vector !== undefined);
    const matrix = new Float32Array(sound.length * scorer.width);
    sound.forEach((vector, row) => matrix.set(vector, row * scorer.width));
    const { probability } = await scorer.run(matrix, sound.length, { gradient: false });
    let next = 0;
    pds.push(...batch.map((vector) => (vector === undefined ? null : probability[next++]!)));
    batch = [];
  };
  for await (const record of recordsOf(db, keys, holdout.loans)) {
    batch.push(vectorOf(schema, record));
    if (batch.length === SCORED_AT_ONCE) await flush();
  }
  await flush();
  if (pds.every((pd) => pd === null)) throw refused(`Version ${version} of the champion can score none of the hold-out loans: they are of another book.`);
  return { name: `version ${version} (${versionId})`, pds };
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
