import { canonicalJson, internal, sha256, type Context, type LoaderDefinition } from '../../platform/index.js';
import type { LoadedVersion, LiveVersions } from '../../models/index.js';
import { describeSchema, type Language } from '../../scoring/index.js';
import type { DataKey, KeyRing } from '../../security/index.js';
import { commitmentOf, unsealBody, type PredictionBody } from '../record/body.js';
import { toldSimulation } from '../simulation/told.js';
import type { Simulation } from '../simulation/simulation.types.js';
import { predictionBytes, type PredictionRow } from './prediction.queries.js';
import { counterfactualOf } from './counterfactual.js';
import type { PredictionCounterfactual } from './counterfactual.types.js';
import { explained } from './explained.js';
import { explainRecorded, type ExplainedLater } from './explain-recorded.js';
import { Replays, type StoredRecord } from '../replay/replays.js';
import { toReplay, type PredictionReplay } from '../replay/replay.types.js';
import type { Replayed } from '../replay/verdict.js';
import { rankedReasons, RECORDED_LANGUAGE, reasonsIn } from './told-reasons.js';
import type { PredictionExplanation, PredictionInput, PredictionReason, PredictionRecordType } from './prediction.types.js';

interface Opened {
  readonly body: PredictionBody;
  readonly ciphertext: Buffer;
}

/** Opens sealed records: inputs, explanation, reasons, the record itself, and its replay. */
export class Evidence {
  /** One key look-up and one query for a page of predictions. */
  private readonly stored: LoaderDefinition<PredictionRow, StoredRecord | Error> = {
    cacheKey: (row) => row.id,
    load: (ctx, rows) => this.openAll(ctx, rows),
  };

  /** One run of the graph for each version on a page. */
  private readonly replayed: LoaderDefinition<PredictionRow, Replayed> = {
    cacheKey: (row) => row.id,
    load: (ctx, rows) => this.replayAll(ctx, rows),
  };

  private readonly replays: Replays;

  private readonly explainedLater: LoaderDefinition<PredictionRow, ExplainedLater> = {
    cacheKey: (row) => row.id,
    load: (ctx, rows) => this.explainAll(ctx, rows),
  };

  constructor(
    private readonly keys: KeyRing,
    private readonly versions: LiveVersions,
  ) {
    this.replays = new Replays(versions);
  }

  /** The decrypted body, or undefined where the customer was erased. */
  async bodyOf(ctx: Context, row: PredictionRow): Promise<PredictionBody | undefined> {
    return (await this.open(ctx, row))?.body;
  }

  async record(ctx: Context, row: PredictionRow): Promise<PredictionRecordType | null> {
    const opened = await this.open(ctx, row);
    if (!opened) return null;
    const { body, ciphertext } = opened;
    return {
      canonical: canonicalJson(body),
      sha256: sha256(ciphertext).toString('hex'),
      commitment: commitmentOf(body).toString('hex'),
    };
  }

  async inputs(ctx: Context, row: PredictionRow): Promise<PredictionInput[]> {
    const body = await this.bodyOf(ctx, row);
    // Where nothing was encoded the version may be the very thing that cannot be loaded.
    const version = body && body.inputs.length > 0 ? await this.versionOf(ctx, row) : undefined;
    if (!body || !version) return [];
    const { features } = describeSchema(version.schema);
    return body.inputs.map(([value, flags], index) => {
      const { name, label, unit, source } = features[index]!;
      return { name, label, value, unit, source, flags: flags ?? [] };
    });
  }

  /** As recorded; in another language worded anew from the recorded values. Empty where the customer was erased. */
  async reasons(ctx: Context, row: PredictionRow, language: Language): Promise<readonly PredictionReason[]> {
    const body = await this.explainedBodyOf(ctx, row);
    if (!body || body.reasons.length === 0 || language === RECORDED_LANGUAGE) return body?.reasons ?? [];
    const version = await this.versionOf(ctx, row);
    return version ? reasonsIn(version, body.reasons, body.inputs, language) : body.reasons;
  }

  /** Every reason against approval, strongest first, not only the principal ones; empty where nothing was scored and where the customer was erased. */
  async rankedReasons(ctx: Context, row: PredictionRow, language: Language): Promise<readonly PredictionReason[]> {
    const body = await this.bodyOf(ctx, row);
    const version = body?.explanation ? await this.versionOf(ctx, row) : undefined;
    return body?.explanation && version ? rankedReasons(version, body.explanation, body.inputs, language) : [];
  }

  async explanation(ctx: Context, row: PredictionRow, language = RECORDED_LANGUAGE): Promise<PredictionExplanation | null> {
    const body = await this.explainedBodyOf(ctx, row);
    if (!body?.explanation || !body.outputs) return null;
    const version = await this.versionOf(ctx, row);
    return version ? explained(version, body.explanation, language) : null;
  }

  /** What would have to be otherwise for approval; null where no score was made, or the customer was erased. */
  async counterfactual(ctx: Context, row: PredictionRow, language: Language): Promise<PredictionCounterfactual | null> {
    const body = await this.bodyOf(ctx, row);
    const version = body?.outputs ? await this.versionOf(ctx, row) : undefined;
    return body && version ? counterfactualOf(ctx, version, body, language) : null;
  }

  /** The way of a what-if; null for every other prediction, for one that gave no score, and where the customer was erased. */
  async simulation(ctx: Context, row: PredictionRow): Promise<Simulation | null> {
    const simulation = (await this.bodyOf(ctx, row))?.simulation;
    const version = simulation && (await this.versionOf(ctx, row));
    return version ? toldSimulation(ctx, version, simulation) : null;
  }

  /**
   * Computes a prediction again from its recorded inputs and its version's artefact, and from nothing else.
   * @returns null where no score was made
   */
  async replay(ctx: Context, row: PredictionRow): Promise<PredictionReplay | null> {
    return row.status === 'SCORED' ? toReplay(await ctx.loaders.of(ctx, this.replayed).load(row)) : null;
  }

  /** The same for many at once, all of them scored. */
  async replayAll(ctx: Context, rows: readonly PredictionRow[]): Promise<Replayed[]> {
    const records = await ctx.loaders.of(ctx, this.stored).loadMany(rows);
    return this.replays.replay(ctx, rows, records.map(thatIsThere));
  }

  /** What challengers said is recorded without an explanation, which is computed here, from the record alone. */
  private async explainedBodyOf(ctx: Context, row: PredictionRow): Promise<PredictionBody | undefined> {
    const body = await this.bodyOf(ctx, row);
    if (!body?.outputs || row.shadow_of === null) return body;
    const { explanation, reasons } = await ctx.loaders.of(ctx, this.explainedLater).load(row);
    return { ...body, explanation, reasons };
  }

  /** One pass of explanations for each version on a page. */
  private async explainAll(ctx: Context, rows: readonly PredictionRow[]): Promise<ExplainedLater[]> {
    const found = new Map<PredictionRow, ExplainedLater>();
    for (const versionId of new Set(rows.map((row) => row.version_id))) {
      const those = rows.filter((row) => row.version_id === versionId);
      const [version, bodies] = await Promise.all([this.versionOf(ctx, those[0]!), Promise.all(those.map((row) => this.bodyOf(ctx, row)))]);
      const later = await explainRecorded(version!, bodies.map((body) => body!));
      for (const [index, row] of those.entries()) found.set(row, later[index]!);
    }
    return rows.map((row) => found.get(row)!);
  }

  private async versionOf(ctx: Context, row: PredictionRow): Promise<LoadedVersion | undefined> {
    return row.version_id === null ? undefined : this.versions.load(ctx.db, row.version_id);
  }

  /** @throws INTERNAL when the stored bytes are not what was written */
  private async open(ctx: Context, row: PredictionRow): Promise<Opened | undefined> {
    const { ciphertext, body } = await ctx.loaders.of(ctx, this.stored).load(row).then(thatIsThere);
    if (body instanceof Error) throw body;
    return body && { ciphertext, body };
  }

  private async openAll(ctx: Context, rows: readonly PredictionRow[]): Promise<(StoredRecord | Error)[]> {
    const refs = rows.map(({ customer_id: customerId, id }) => ({ customerId, id }));
    const [bytes, keys] = await Promise.all([
      ctx.loaders.of(ctx, predictionBytes).loadMany(refs),
      this.keys.keysOf(refs.map(({ customerId }) => customerId)),
    ]);
    return refs.map(({ id }, index) => {
      const [stored, key] = [bytes[index], keys[index]];
      if (stored instanceof Error) return stored;
      if (!stored) return internal(`Prediction ${id} was there a moment ago.`);
      const { body: ciphertext, salt, exact } = stored;
      return { ciphertext, salt, exact, body: key && openOne(key, id, ciphertext) };
    });
  }
}

function thatIsThere(record: StoredRecord | Error): StoredRecord {
  if (record instanceof Error) throw record;
  return record;
}

/** One damaged record is its own problem, not that of the page it is on. */
function openOne(key: DataKey, id: string, ciphertext: Buffer): PredictionBody | Error {
  try {
    return unsealBody(key, id, ciphertext);
  } catch (error) {
    return error as Error;
  }
}
