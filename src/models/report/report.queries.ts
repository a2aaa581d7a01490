import type { LoaderDefinition } from '../../platform/index.js';
import { parseVersionReport, type ReadReport } from '../../scoring/index.js';
import { jsonOf } from '../verify-version.js';

/** Reports as the versions' artefacts have them; undefined where a version has none. */
export const reportsOfVersion: LoaderDefinition<string, ReadReport | undefined> = {
  load: async (ctx, ids) => {
    const rows = await ctx.db.query<{ id: string; bytes: Buffer }>(
      `SELECT va.version_id AS id, a.bytes FROM model_version_artefacts va JOIN artefacts a ON a.sha256 = va.sha256
       WHERE va.kind = 'REPORT' AND va.version_id = ANY($1)`,
      [ids],
    );
    const reports = new Map(rows.map(({ id, bytes }) => [id, parseVersionReport(jsonOf(bytes, 'report'))]));
    return ids.map((id) => reports.get(id));
  },
};
