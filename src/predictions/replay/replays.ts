import type { LiveVersions, LoadedVersion, StoredVersion } from '../../models/index.js';
import { messageOf, sha256, type Context, type LoaderDefinition } from '../../platform/index.js';
import type { PredictionRow } from '../history/prediction.queries.js';
import { commitmentOf, type PredictionBody, type RecordedOutputs } from '../record/body.js';
import { columnsDigest } from '../record/row.js';
import { recompute, type Replayable } from './compute.js';
import { fingerprintOf, HOST, type Fingerprint } from './fingerprint.js';
import { judged, type NotReplayable, type Obstacle, type Replayed } from './verdict.js';
import { witnessedPredictions, type WitnessedPrediction } from './witnessed.js';

/** What is stored of a prediction beside its columns: its bytes, and what they hold, unless the customer was erased or they do not open. */
export interface StoredRecord {
  readonly ciphertext: Buffer;
  /** What the digest of the columns is salted with. */
  readonly salt: Buffer;
  /** Whether its times are such as are written. */
  readonly exact: boolean;
  readonly body: PredictionBody | Error | undefined;
}

interface Found {
  readonly row: PredictionRow;
  readonly record: StoredRecord;
  readonly leaf: WitnessedPrediction | undefined;
}

/** A row that passed all checks before anything is computed. */
interface Ready extends Replayable {
  readonly row: PredictionRow;
  readonly leaf: WitnessedPrediction;
}

const stop = (obstacle: Obstacle, problem: string) => ({ obstacle, problem });

type Stopped = ReturnType<typeof stop>;

/** Replays predictions: first whether the bytes are those that were logged, then the computation. */
export class Replays {
  private readonly stored: LoaderDefinition<string, StoredVersion> = {
    load: (ctx, ids) => Promise.all(ids.map((id) => this.versions.stored(ctx.db, id))),
  };

  constructor(private readonly versions: LiveVersions) {}

  /**
   * @param rows with a score
   * @param records what is stored of each
   * @returns in the order asked for
   */
  async replay(ctx: Context, rows: readonly PredictionRow[], records: readonly StoredRecord[]): Promise<Replayed[]> {
    const leaves = await ctx.loaders.of(ctx, witnessedPredictions).loadMany(rows.map(({ id }) => id));
    const found = rows.map((row, index): Found => ({ row, record: records[index]!, leaf: leafOf(leaves[index]) }));
    const results = new Map<string, Replayed>();
    for (const versionId of new Set(rows.map(({ version_id: id }) => id!))) {
      const those = found.filter(({ row }) => row.version_id === versionId);
      for (const [id, replayed] of await this.ofVersion(ctx, versionId, those)) results.set(id, replayed);
    }
    return rows.map(({ id }) => results.get(id)!);
  }

  private async ofVersion(ctx: Context, versionId: string, those: readonly Found[]): Promise<[id: string, Replayed][]> {
    const stored = await ctx.loaders.of(ctx, this.stored).load(versionId);
    const checked = those.map((one) => checkedRecord(one, stored));
    const ready = checked.filter((one): one is Ready => 'leaf' in one);
    const loaded = ready.length === 0 ? undefined : await this.versions.load(ctx.db, versionId).catch((error: unknown) => stop('NOT_LOADABLE', `Version ${versionId} cannot be loaded: ${messageOf(error)}`));
    const replaying = fingerprintOf({ runtime: loaded && 'scorer' in loaded ? loaded.scorer.runtime : null, host: HOST });
    const computed = loaded && 'scorer' in loaded ? await computedOf(loaded, ready, replaying) : new Map<string, Replayed>();
    return those.map(({ row, record }, index) => {
      const one = checked[index]!;
      const stopped = 'leaf' in one ? (loaded as Stopped) : one;
      return [row.id, computed.get(row.id) ?? notReplayable(stopped, record, replaying)];
    });
  }
}

const leafOf = (leaf: WitnessedPrediction | Error | undefined): WitnessedPrediction | undefined => {
  if (leaf instanceof Error) throw leaf;
  return leaf;
};

/** Whether record, columns, version and artefact are those of the leaf, in this order. The first two need no key: they are checked of the erased, too. */
function checkedRecord({ row, record: { ciphertext, salt, exact, body }, leaf }: Found, stored: StoredVersion): Ready | Stopped {
  const { id, version_id: versionId } = row;
  if (!leaf) return stop('NOT_WITNESSED', `No event of the log tells of prediction ${id}, or none that can be read.`);
  if (sha256(ciphertext).toString('hex') !== leaf.record) return stop('RECORD_CHANGED', `The stored record of prediction ${id} does not have the digest that was logged.`);
  if (!exact || columnsDigest(salt, row).toString('hex') !== leaf.columns) return stop('COLUMNS_CHANGED', `A column of prediction ${id}, such as its PD or decision, is not what was logged.`);
  if (!body) return stop('ERASED', 'The customer was erased: what went in cannot be read any more.');
  if (body instanceof Error) return stop('RECORD_CHANGED', `The record of prediction ${id} has its digest, but does not open: ${messageOf(body)}`);
  if (commitmentOf(body).toString('hex') !== leaf.commitment) return stop('RECORD_CHANGED', `What the record of prediction ${id} holds does not open the commitment that was logged.`);
  if (!body.outputs) return stop('RECORD_CHANGED', `Prediction ${id} is stored as scored, but its record holds no score.`);
  if (stored.state !== 'SOUND') return stop(stored.state === 'CHANGED' ? 'VERSION_CHANGED' : stored.state, stored.problem);
  if (stored.dossierDigest !== leaf.dossier || stored.artefactDigest !== leaf.artefact) {
    return stop('VERSION_CHANGED', `Prediction ${id} was logged with the artefact ${leaf.artefact} of the dossier ${leaf.dossier}, but its version ${versionId} has the artefact ${stored.artefactDigest} of the dossier ${stored.dossierDigest}.`);
  }
  return { row, leaf, body: { ...body, outputs: body.outputs satisfies RecordedOutputs }, explained: row.shadow_of === null };
}

function notReplayable({ obstacle, problem }: Stopped, { body }: Pick<StoredRecord, 'body'>, replaying: Fingerprint): NotReplayable {
  const recorded = fingerprintOf(body && !(body instanceof Error) ? body : { runtime: null });
  return { verdict: 'NOT_REPLAYABLE', obstacle, problem, recorded, replaying };
}

/** All together; where one does not fit its version, one by one, so that it is its own problem. */
async function computedOf(version: LoadedVersion, ready: readonly Ready[], replaying: Fingerprint): Promise<Map<string, Replayed>> {
  try {
    const compared = await recompute(version, ready);
    return new Map(ready.map(({ row, body }, index) => [row.id, judged(compared[index]!, fingerprintOf(body), replaying)]));
  } catch (error) {
    const [only, ...others] = ready;
    if (only && others.length === 0) return new Map([[only.row.id, notReplayable(stop('NOT_LOADABLE', `The record of prediction ${only.row.id} cannot be computed: ${messageOf(error)}`), { body: only.body }, replaying)]]);
    const each = await Promise.all(ready.map((one) => computedOf(version, [one], replaying)));
    return new Map(each.flatMap((one) => Array.from(one)));
  }
}
