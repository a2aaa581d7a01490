import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { expectId, type Context } from '../../platform/index.js';
import { findJob, toJob } from '../../predictions/index.js';
import { Requires } from '../../security/index.js';
import { EvidenceExport, ExportEvidenceInput, ExportEvidencePayload, type EvidenceExportFile } from './export.types.js';
import type { ExportJobs } from './export-jobs.js';
import { finishedExport, type FinishedExport } from './finished.js';
import type { ExportScope } from './scope.js';

@Resolver()
export class EvidenceExportResolver {
  constructor(private readonly jobs: ExportJobs) {}

  @Requires('evidence:export')
  @Mutation(() => ExportEvidencePayload, { description: 'Takes evidence out, in the background: predictions in full with their proofs, the acts about them, model cards and keys. That you did is in the log before anything is taken.' })
  async exportEvidence(@Ctx() ctx: Context, @Arg('input', { description: 'Of what.' }) input: ExportEvidenceInput): Promise<ExportEvidencePayload> {
    return { job: toJob(await findJob(ctx, await this.jobs.start(ctx, scopeOf(input), input.requestId))) };
  }

  @Requires('evidence:export')
  @Query(() => EvidenceExport, { nullable: true, description: 'The files of an export; null until it is complete, and when it was taken away.' })
  async evidenceExport(@Ctx() ctx: Context, @Arg('jobId', () => ID, { description: 'The id of its job.' }) jobId: string): Promise<EvidenceExport | null> {
    const { id } = await findJob(ctx, expectId(jobId, 'Job', false).id);
    const finished = await finishedExport(this.jobs.folderOf(id));
    return finished ? toExport(jobId, finished) : null;
  }
}

function scopeOf({ customerId, versionId, since, before }: ExportEvidenceInput): ExportScope {
  return {
    ...(customerId == null ? {} : { customerId: expectId(customerId, 'Customer', false).id }), ...(versionId == null ? {} : { versionId: expectId(versionId, 'ModelVersion', false).id }),
    ...(since == null ? {} : { since: since.toISOString() }), ...(before == null ? {} : { before: before.toISOString() }),
  };
}

function toExport(jobId: string, { manifest, sha256: manifestSha256, files }: FinishedExport): EvidenceExport {
  const { predictions, events, until } = manifest;
  return {
    manifestSha256, predictions, events, until: new Date(until),
    files: files.map(({ name, bytes, sha256, rows }): EvidenceExportFile => ({ name, bytes, sha256, rows: rows ?? null, path: `/exports/${jobId}/${name}` })),
  };
}
