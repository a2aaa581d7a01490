import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { finishedExport, type ExportJobs } from '../evidence/index.js';
import { expectId, notFound, type Context } from '../platform/index.js';
import { findJob } from '../predictions/index.js';
import { demand } from '../security/index.js';

/**
 * Answers GET /exports/{job id}/{file}: a file of a complete export, streamed. Only its manifest, what that lists and completed.json are files of it.
 * @throws FORBIDDEN, NOT_FOUND
 */
export async function sendExported(ctx: Context, exports: ExportJobs, response: ServerResponse, jobId: string, name: string): Promise<void> {
  demand(ctx, 'evidence:export');
  const { id } = await findJob(ctx, expectId(jobId, 'Job', false).id);
  const folder = exports.folderOf(id);
  const finished = await finishedExport(folder);
  if (!finished) throw notFound('The export is not complete yet, or was taken away. job(id) tells how far it is.');
  const file = finished.files.find((one) => one.name === name);
  if (!file) throw notFound(`The export has no file ${JSON.stringify(name.slice(0, 100))}. Its manifest.json lists all.`);
  await exports.recordRead(ctx, id, file.sha256);
  response.writeHead(200, {
    'content-type': 'application/octet-stream', 'content-length': file.bytes, 'cache-control': 'no-store', 'content-disposition': `attachment; filename="${name.replaceAll('/', '-')}"`,
  });
  await pipeline(createReadStream(join(folder, name)), response);
}
