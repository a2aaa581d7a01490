import { findEmbeddedPostgres, hasEmbeddedData, refused, startEmbeddedPostgres, type Config, type Scope } from '../../platform/index.js';
import { claimHome } from '../../runtime.js';

/** What a dump holds: everything but what migrations and the job queue make themselves; waiting jobs are data. */
export const DUMPED: Scope = { schema: 'public', without: ['migrations', 'typeorm_metadata'], besides: ['job_queue.job'] };

/** The database that is backed up, by somebody who may read all of it. */
export interface Source {
  /** As its owner, or the superuser. */
  readonly url: string;
  /** Of the embedded server. */
  readonly embedded: { readonly superuserUrl: string; readonly data: string } | undefined;
  close(): Promise<void>;
}

/** The configured database as its owner; or the embedded one, which is started for the backup where it does not run. */
export async function openSource(config: Config): Promise<Source> {
  if (config.database) {
    if (!config.database.owner) throw refused('A backup reads every table, which only their owner may: set DATABASE_OWNER_URL beside DATABASE_URL.');
    return { url: config.database.owner, embedded: undefined, close: async () => undefined };
  }
  if (!(await hasEmbeddedData(config.home))) throw refused(`There is no database in ${config.home}. Set ASSAY_HOME to the folder of the one that is to be backed up, or DATABASE_URL and DATABASE_OWNER_URL.`);
  const running = await findEmbeddedPostgres(config.home);
  if (running) return sourceOf(running, async () => undefined);
  const release = await claimHome(config.home);
  try {
    const server = await startEmbeddedPostgres({ home: config.home, archive: config.walArchive });
    return sourceOf((await findEmbeddedPostgres(config.home))!, () => server.stop().finally(release));
  } catch (error) {
    await release();
    throw error;
  }
}

function sourceOf(embedded: { superuserUrl: string; data: string }, close: () => Promise<void>): Source {
  const url = new URL(embedded.superuserUrl);
  url.pathname = '/assay';
  return { url: url.href, embedded, close };
}
