import { badInput, Where } from '../../platform/index.js';

/** What evidence is about: a customer, a version of a model, or a period, each of the latter with a beginning, an end or both. */
export interface ExportScope {
  readonly customerId?: string | undefined;
  readonly versionId?: string | undefined;
  /** Predictions and events of this time or later. */
  readonly since?: string | undefined;
  /** Of before this time. */
  readonly before?: string | undefined;
}

/** @throws BAD_INPUT for nothing, or for a customer and a version at once */
export function requireScope({ customerId, versionId, since, before }: ExportScope): void {
  if (customerId !== undefined && versionId !== undefined) throw badInput('Name a customer or a version, not both.');
  if (customerId === undefined && versionId === undefined && since === undefined && before === undefined) {
    throw badInput('Say of what: a customer, a version, or a period by its beginning, its end or both.');
  }
  if (since !== undefined && before !== undefined && since >= before) throw badInput(`The period from ${since} to ${before} is empty: its beginning must come before its end.`);
}

/** Which predictions; `p` are their rows. The id holds the time, so that partitions and index do the work. */
export const predictionsIn = ({ customerId, versionId, since, before }: ExportScope): Where => new Where()
  .add('p.customer_id = ?', customerId)
  .add('p.version_id = ?', versionId)
  .add('p.id >= uuid_v7_floor(?::timestamptz) AND p.created_at >= ?', since)
  .add('p.created_at < ?', before);

/** When an event was, as its entry in the log says: a column beside it is bound by nothing. */
const SAID_AT = `(said ->> 'time')::timestamptz`;

/** Which other events until then; `i` are those that were taken in, `said` what they say. */
export function eventsIn({ customerId, versionId, since, before }: ExportScope, until: string): Where {
  const where = new Where()
    .add(`said ->> 'customer' = ?`, customerId)
    .add(`(said ->> 'version' = ? OR said ->> 'model' = (SELECT model_id::text FROM model_versions WHERE id::text = ?))`, versionId)
    .add(`${SAID_AT} >= ?`, since)
    .add(`${SAID_AT} < ?`, before)
    .add(`${SAID_AT} <= ?`, until);
  where.conditions.push(`i.type <> 'PREDICTION_RECORDED'`);
  return where;
}
