import { COMPLETION_FILE, recordEvents, Sequencer, type AuditEvent } from '../../audit/index.js';
import { canonicalJson, newId, openLog, sha256, type Context } from '../../platform/index.js';
import { demand } from '../../security/index.js';
import { ExportFolder, MANIFEST_FILE, type ExportedFile } from './folder.js';
import { eventLines, nextEvents, nextPredictions, type ExportSource, type PredictionLine } from './lines.js';
import { writeModels } from './models.js';
import { readme } from './readme.js';
import { predictionsIn, requireScope, type ExportScope } from './scope.js';
import type { ExportState } from './state.js';
import { asParquet } from './table.js';

/** Predictions and events of one file. */
const IN_A_FILE = 5_000;

/** What an export came to. */
export interface ExportManifest {
  readonly format: 'assay-evidence@1';
  /** The export, as the log's events name it. */
  readonly export: string;
  readonly scope: ExportScope;
  readonly until: string;
  /** Of an export of a version: its model, of which it has the acts as well. */
  readonly model?: string;
  readonly verifierKeys: readonly string[];
  /** The log when the export was complete, signed. */
  readonly checkpoint: string;
  readonly predictions: number;
  readonly events: number;
  readonly versions: readonly string[];
  readonly files: readonly ExportedFile[];
}

export interface ExportRun {
  /** Its id, where it has one already; otherwise that of the one that goes on, or a new one. */
  readonly id?: string;
  readonly scope: ExportScope;
  /** Where it goes. One that began there earlier goes on. */
  readonly folder: string;
  progress?(done: number, total: number): unknown;
  /** Called between files; may throw, and the export then goes on from there when it is asked for again. */
  mayGoOn?(): void;
}

/** Writes evidence into a folder, so that it can be verified with no server and no database. Memory stays flat; what is done is not done again. */
export class EvidenceExporter {
  private readonly source: ExportSource;

  constructor(source: Omit<ExportSource, 'sequencer'>) {
    this.source = { ...source, sequencer: new Sequencer(source.db, openLog('silent'), () => source.log.mayGrow) };
  }

  /** @throws FORBIDDEN, BAD_INPUT, UNAVAILABLE */
  async run(ctx: Context, run: ExportRun): Promise<{ manifest: ExportManifest; sha256: string }> {
    demand(ctx, 'evidence:export');
    requireScope(run.scope);
    const folder = new ExportFolder(run.folder, this.source.log.key);
    let state = await this.open(ctx, run, folder);
    const total = await this.total(state);
    const told = async (): Promise<void> => void (await run.progress?.(state.predictions, total));
    await told();
    for (let more = state.completion === null; more; await told()) {
      run.mayGoOn?.();
      [state, more] = await this.predictionsFile(ctx, folder, state);
    }
    for (let more = state.completion === null; more;) {
      run.mayGoOn?.();
      [state, more] = await this.eventsFile(folder, state);
    }
    return this.finish(ctx, folder, state);
  }

  /** That somebody takes it out, or goes on to, is on record before anything is. */
  private async open(ctx: Context, { id, scope }: ExportRun, folder: ExportFolder): Promise<ExportState> {
    const left = await folder.state(scope, id);
    const event = { id: left?.id ?? id ?? newId(), actor: ctx.actor.id, time: ctx.now() };
    const payload = { export: event.id, scope: sha256(canonicalJson(scope)).toString('hex'), customer: scope.customerId ?? null, version: scope.versionId ?? null };
    await this.record({ type: left ? 'EXPORT_RESUMED' : 'EXPORT_BEGUN', ...event, payload });
    if (left) return left;
    const [now] = await this.source.db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const state: ExportState = { id: event.id, scope, until: now!.now.toISOString(), files: [], lastPrediction: null, lastEvent: null, predictions: 0, events: 0, versions: [], completion: null };
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

  private async manifest(ctx: Context, folder: ExportFolder, state: ExportState): Promise<{ manifest: ExportManifest; file: ExportedFile }> {
    if (state.completion) return folder.manifest(state.completion.manifest);
    const { log, db } = this.source;
    const { id, scope, until, predictions, events } = state;
    const versions = [...new Set([...state.versions, ...(scope.versionId === undefined ? [] : [scope.versionId])])];
    const [head, verifierKeys] = await Promise.all([log.checkpoint(db), log.verifierKeys(db)]);
    const extra = [
      ...(await writeModels(ctx, folder, versions)),
      await folder.write('keys/log.txt', verifierKeys.map((key) => `${key}\n`)),
      await folder.write('README.md', [readme(state, verifierKeys)]),
    ];
    const manifest: ExportManifest = {
      format: 'assay-evidence@1', export: id, scope, until, ...(await this.modelOf(scope)), verifierKeys, checkpoint: head?.note ?? '', predictions, events, versions, files: [...state.files, ...extra],
    };
    return { manifest, file: await folder.write(MANIFEST_FILE, [canonicalJson(manifest)]) };
  }

  private async modelOf({ versionId }: ExportScope): Promise<{ model?: string }> {
    const [row] = versionId === undefined ? [] : await this.source.db.query<{ model: string }>('SELECT model_id AS model FROM model_versions WHERE id = $1', [versionId]);
    return row ?? {};
  }

  /** What it came to, then the log's word that this is all: neither is done twice. */
  private async finish(ctx: Context, folder: ExportFolder, state: ExportState): Promise<{ manifest: ExportManifest; sha256: string }> {
    const { manifest, file } = await this.manifest(ctx, folder, state);
    const event = state.completion?.event ?? newId();
    if (!state.completion) await folder.save({ ...state, completion: { manifest: file.sha256, event } });
    await this.record({ type: 'EXPORT_COMPLETED', id: state.id, actor: ctx.actor.id, time: ctx.now(), payload: { export: state.id, manifest: file.sha256, predictions: state.predictions, events: state.events } }, event);
    const [completed] = await eventLines(this.source, [event]);
    await folder.write(COMPLETION_FILE, [`${completed!.line}\n`]);
    await folder.close();
    return { manifest, sha256: file.sha256 };
  }

  /** @param known the id under which it is written once, however often it is asked for */
  private record(event: AuditEvent, known?: string): Promise<void> {
    return this.source.db.transaction(async (tx) => {
      const [there] = known === undefined ? [] : await tx.query('SELECT FROM audit_intake WHERE id = $1', [known]);
      if (!there) await recordEvents(tx, [event], [known ?? newId()]);
    });
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
