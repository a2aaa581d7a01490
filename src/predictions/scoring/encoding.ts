import type { GatheredRecord } from '../../loans/index.js';
import type { LiveDeployment, LoadedVersion, Route } from '../../models/index.js';
import type { Context } from '../../platform/index.js';
import { encode, InputRefused, readInputs, type Encoded } from '../../scoring/index.js';
import type { Challenge, Encoding } from './item.js';
import { problemOf } from './problem.js';
import type { Sources } from './prepare.js';

/** Before a version is reached. */
export const NOTHING: Encoding = { version: undefined, vector: undefined, inputs: [], problem: undefined };

/** What was encoded of a record, by the digest of the feature schema: versions that share one share the work. */
type EncodedBySchema = Map<string, Encoded>;

/** Encodes a record for the version that decides; what goes wrong is told, never thrown. */
export const encodeFor = ({ versions }: Pick<Sources, 'versions'>, ctx: Context, { versionId }: LiveDeployment, record: GatheredRecord, known: EncodedBySchema): Promise<Encoding> =>
  encodeWith(() => versions.load(ctx.db, versionId), ctx, record, known);

async function encodeWith(load: () => Promise<LoadedVersion>, ctx: Context, record: GatheredRecord, known: EncodedBySchema): Promise<Encoding> {
  let version: LoadedVersion | undefined;
  try {
    version = await load();
    const encoded = known.get(version.schemaDigest) ?? encode(version.schema, record);
    known.set(version.schemaDigest, encoded);
    return { version, vector: encoded.vector, inputs: encoded.inputs, problem: undefined };
  } catch (error) {
    const unscored = version && error instanceof InputRefused ? readInputs(version.schema, record) : [];
    return { ...NOTHING, version, unscored, problem: problemOf(ctx, error) };
  }
}

/** The same record as each challenger gets it. */
export async function challengesOf({ versions }: Pick<Sources, 'versions'>, ctx: Context, { challengers }: Route, record: GatheredRecord, known: EncodedBySchema): Promise<Challenge[]> {
  const challenges: Challenge[] = [];
  for (const live of challengers) {
    const encoding = await encodeWith(() => versions.loadBeside(ctx.db, live.versionId), ctx, record, known);
    challenges.push({ live, ...encoding });
  }
  return challenges;
}
