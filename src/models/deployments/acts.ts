import { badInput, notFound, type Context, type Queryable } from '../../platform/index.js';
import type { GovernedAct } from '../governed.js';
import type { LiveVersions } from '../live-versions.js';
import type { Routes } from '../routes.js';

/** What acts on live versions need. */
export interface LiveParts {
  readonly routes: Routes;
  readonly versions: LiveVersions;
}

/** An act on a whole model. */
export const actOnModel = (name: 'ROLL_BACK_MODEL' | 'SUSPEND_MODEL', modelId: string): GovernedAct => ({ name, subject: modelId, permission: 'version:deploy', role: 'ADMIN' });

/** @throws BAD_INPUT */
export function requireReason(reason: string, why: string): void {
  if (reason.trim() === '') throw badInput(`reason: say why ${why}.`);
}

export async function modelOfVersion(db: Queryable, versionId: string): Promise<string> {
  const [row] = await db.query<{ modelId: string }>('SELECT model_id AS "modelId" FROM model_versions WHERE id = $1', [versionId]);
  if (!row) throw notFound('There is no such model version.');
  return row.modelId;
}

export async function requireModel(db: Queryable, modelId: string): Promise<void> {
  const [row] = await db.query('SELECT FROM models WHERE id = $1', [modelId]);
  if (!row) throw notFound('There is no such model.');
}

/** After a change of what is live: the next request sees it, with everything loaded. Other replicas see it by the epoch. */
export async function afterChange({ routes, versions }: LiveParts, ctx: Context): Promise<void> {
  routes.forget();
  await versions.warm(ctx.db, ctx.log).catch((err: unknown) => ctx.log.error({ err }, 'what is deployed could not be read after a change'));
}
