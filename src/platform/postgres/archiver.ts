import type { Queryable } from '../database.js';

/** What is wrong with the archive of the write-ahead log, in a sentence; undefined where nothing is, or none is kept. */
export async function archiveFailure(db: Queryable): Promise<string | undefined> {
  const [failed] = await db.query<{ segment: string; at: Date }>(
    `SELECT last_failed_wal AS segment, last_failed_time AS at FROM pg_stat_archiver
     WHERE current_setting('archive_mode') <> 'off' AND last_failed_time > coalesce(last_archived_time, '-infinity')`);
  return failed && `The write-ahead log is not archived: ${failed.segment} could not be copied, last tried at ${failed.at.toISOString()}. Until that works PostgreSQL keeps all of it, and nothing since then can be restored. See whether the archive's disk is full or its folder gone.`;
}
