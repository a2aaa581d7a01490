import { recordEvent, type AuditEvent } from '../../audit/index.js';
import { canonicalJson, sha256, type Context } from '../../platform/index.js';
import { demand } from '../../security/index.js';
import { ExportFolder, MANIFEST_FILE, type ExportedFile, type ExportState } from './folder.js';
import { nextEvents, nextPredictions, type ExportSource, type PredictionLine } from './lines.js';
import { writeModels } from './models.js';
import { readme } from './readme.js';
import { predictionsIn, requireScope, type ExportScope } from './scope.js';
import { asParquet } from './table.js';

/** Predictions and events of one file. */
const IN_A_FILE = 5_000;

/** What an export came to. */
export interface ExportManifest {
  readonly format: 'assay-evidence@1';
  readonly scope: ExportScope;
  readonly until: string;
  readonly verifierKeys: readonly string[];
  /** The log when the export was complete, signed. */
  readonly checkpoint: string;
  readonly predictions: number;
  readonly events: number;
  readonly versions: readonly string[];
  readonly files: readonly ExportedFile[];
}

export interface ExportRun {
  readonly id: string;
  readonly scope: ExportScope;
  /** Where it goes. One that began there earlier goes on. */
  readonly folder: string;
  progress?(done: number, total: number): unknown;
  /** Called between files; may throw, and the export then goes on from there when it is asked for again. */
  mayGoOn?(): void;
}

/** Writes evidence into a folder, so that it can be verified with no server and no database. Memory stays flat; what is done is not done again. */
export class EvidenceExporter {
  constructor(private readonly source: ExportSource) {}

  /** @throws FORBIDDEN, BAD_INPUT, UNAVAILABLE */
  async run(ctx: Context, run: ExportRun): Promise<{ manifest: ExportManifest; sha256: string }> {
    demand(ctx, 'evidence:export');
    requireScope(run.scope);
    const folder = new ExportFolder(run.folder);
    let state = (await folder.state(run.scope)) ?? (await this.begin(ctx, run, folder));
    const total = await this.total(state);
    const told = async (): Promise<void> => void (await run.progress?.(state.predictions, total));
    await told();
    for (let more = true; more; await told()) {
      run.mayGoOn?.();
      [state, more] = await this.predictionsFile(ctx, folder, state);
    }
    for (let more = true; more;) {
      run.mayGoOn?.();
      [state, more] = await this.eventsFile(folder, state);
    }
    return this.finish(ctx, run, folder, state);
  }

  /** That somebody takes it out is on record before anything is. */
  private async begin(ctx: Context, { id, scope }: ExportRun, folder: ExportFolder): Promise<ExportState> {
    await this.record({ type: 'EXPORT_BEGUN', id, actor: ctx.actor.id, time: ctx.now(), payload: { export: id, scope: sha256(canonicalJson(scope)).toString('hex'), customer: scope.customerId ?? null, version: scope.versionId ?? null } });
    const [now] = await this.source.db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const state: ExportState = { scope, until: now!.now.toISOString(), files: [], lastPrediction: null, lastEvent: null, predictions: 0, events: 0, versions: [] };
    await folder.save(state);
    return state;
  }

  private async total({ scope, until }: ExportState): Promise<number> {
    const where = predictionsIn(scope).add('p.created_at <= ?', until);
    const [row] = await this.source.db.query<{ count: number }>(`SELECT count(*)::int AS count FROM predictions p WHERE ${where.conditions.join(' AND ')}`, where.parameters);
    return row!.count;
  }

  /** One file more, and its table. */
  private async predictionsFile(ctx: Context, folder: ExportFolder, state: ExportState): Promise<[ExportState, boolean]> {
    const table: Omit<PredictionLine, 'line'>[] = [];
    const next = async (last: string | null): Promise<Written[]> => {
      const batch = await nextPredictions(this.source, ctx, { ...state, lastPrediction: last });
      table.push(...batch.map(({ row, body, leafIndex }) => ({ row, body, leafIndex })));
      return batch.map(({ row, line }) => ({ id: row.id, line }));
    };
    const [lines, taken] = upTo(IN_A_FILE, state.lastPrediction, next);
    const name = `predictions/${numbered(state, '.parquet')}`;
    const file = await folder.write(`${name}.jsonl`, lines);
    if (taken.count === 0) {
      await folder.remove(file);
      return [state, false];
    }
    const tableFile = await folder.write(`${name}.parquet`, [asParquet(table)]);
    const now: ExportState = {
      ...state, lastPrediction: taken.last, predictions: state.predictions + taken.count,
      versions: [...new Set([...state.versions, ...table.flatMap(({ row }) => row.version_id ?? [])])],
      files: [...state.files, { ...file, rows: taken.count }, { ...tableFile, rows: taken.count }],
    };
    await folder.save(now);
    return [now, taken.count >= IN_A_FILE];
  }

  private async eventsFile(folder: ExportFolder, state: ExportState): Promise<[ExportState, boolean]> {
    const [lines, taken] = upTo(IN_A_FILE, state.lastEvent, (lastEvent) => nextEvents(this.source, { ...state, lastEvent }));
    const file = await folder.write(`events/${numbered(state, '.jsonl', 'events/')}.jsonl`, lines);
    if (taken.count === 0) {
      await folder.remove(file);
      return [state, false];
    }
    const now: ExportState = { ...state, lastEvent: taken.last, events: state.events + taken.count, files: [...state.files, { ...file, rows: taken.count }] };
    await folder.save(now);
    return [now, taken.count >= IN_A_FILE];
  }

  private async finish(ctx: Context, { id, scope }: ExportRun, folder: ExportFolder, state: ExportState): Promise<{ manifest: ExportManifest; sha256: string }> {
    const { log, db } = this.source;
    const versions = [...new Set([...state.versions, ...(scope.versionId === undefined ? [] : [scope.versionId])])];
    const head = await log.checkpoint(db);
    const verifierKeys = Array.from({ length: head?.epoch ?? 1 }, (_, epoch) => log.verifierKey(epoch + 1));
    const extra = [
      ...(await writeModels(ctx, folder, versions)),
      await folder.write('keys/log.txt', verifierKeys.map((key) => `${key}\n`)),
      await folder.write('README.md', [readme(state, verifierKeys)]),
    ];
    const manifest: ExportManifest = {
      format: 'assay-evidence@1', scope, until: state.until, verifierKeys, checkpoint: head?.note ?? '', predictions: state.predictions, events: state.events, versions, files: [...state.files, ...extra],
    };
    const file = await folder.write(MANIFEST_FILE, [canonicalJson(manifest)]);
    await this.record({ type: 'EXPORT_COMPLETED', id, actor: ctx.actor.id, time: ctx.now(), payload: { export: id, manifest: file.sha256, predictions: state.predictions, events: state.events } });
    await folder.close();
    return { manifest, sha256: file.sha256 };
  }

  private record(event: AuditEvent): Promise<void> {
    return this.source.db.transaction((tx) => recordEvent(tx, event));
  }
}

interface Written {
  readonly id: string;
  readonly line: string;
}

/** What went into a file so far. */
interface Taken {
  count: number;
  last: string | null;
}

/** Lines of a file, a batch at a time, until it is full or nothing is left; and what was taken, once they were read. */
function upTo(most: number, after: string | null, next: (last: string | null) => Promise<readonly Written[]>): [AsyncGenerator<string>, Taken] {
  const taken: Taken = { count: 0, last: after };
  const lines = async function* (): AsyncGenerator<string> {
    while (taken.count < most) {
      const batch = await next(taken.last);
      if (batch.length === 0) return;
      yield batch.map(({ line }) => `${line}\n`).join('');
      taken.count += batch.length;
      taken.last = batch.at(-1)!.id;
    }
  };
  return [lines(), taken];
}

/** The number of the next file of a kind. */
const numbered = ({ files }: ExportState, ending: string, folder = ''): string =>
  String(files.filter(({ name }) => name.startsWith(folder) && name.endsWith(ending)).length + 1).padStart(5, '0');
