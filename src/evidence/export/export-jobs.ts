import { join } from 'node:path';
import { recordEvent } from '../../audit/index.js';
import { once, type Context } from '../../platform/index.js';
import { JobRunner, type JobParts, type RunningJob } from '../../predictions/index.js';
import { demand } from '../../security/index.js';
import type { EvidenceExporter } from './exporter.js';
import { requireScope, type ExportScope } from './scope.js';

/** The queue's name; it is installed with the database. */
export const EXPORT_JOBS = 'export-evidence';

/** Exports evidence in the background, each into a folder named like its job. */
export class ExportJobs {
  private readonly runner: JobRunner<{ readonly scope: ExportScope }>;

  constructor(
    private readonly parts: JobParts,
    private readonly exporter: EvidenceExporter,
    private readonly folder: string,
  ) {
    this.runner = new JobRunner(parts, EXPORT_JOBS, (job) => this.export(job));
  }

  /** The same requestId and scope give the same job. @returns its id @throws FORBIDDEN, BAD_INPUT, CONFLICT */
  start(ctx: Context, scope: ExportScope, requestId: string): Promise<string> {
    demand(ctx, 'evidence:export');
    requireScope(scope);
    return this.parts.db.transaction((tx) => once(tx, ctx, { requestId, operation: 'exportEvidence', body: { ...scope } }, () => this.runner.enqueue(tx, ctx, { scope }, 0)));
  }

  folderOf(jobId: string): string {
    return join(this.folder, jobId);
  }

  /** That a file is fetched is on record before it is sent. @param sha256 of the file */
  recordRead(ctx: Context, jobId: string, sha256: string): Promise<void> {
    return this.parts.db.transaction((tx) => recordEvent(tx, { type: 'EXPORT_READ', id: jobId, actor: ctx.actor.id, time: ctx.now(), payload: { export: jobId, file: sha256 } }));
  }

  work(): Promise<void> {
    return this.runner.start();
  }

  stop(): void {
    this.runner.stop();
  }

  private async export({ id, ctx, request: { scope }, progress, mayGoOn }: RunningJob<{ readonly scope: ExportScope }>): Promise<void> {
    await this.exporter.run(ctx, { id, scope, folder: this.folderOf(id), progress: (done, total) => progress({ done, total }), mayGoOn });
  }
}
