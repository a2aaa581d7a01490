import { didYouMean, type GatheredFields, type GatheredRecord, type GatheredValue } from '../../loans/index.js';
import { badInput } from '../../platform/index.js';
import { isPlainField, readsOf, type FeatureSchema, type FeatureSpec } from '../../scoring/index.js';

/** Most values that one what-if changes. */
export const MOST_CHANGES = 20;

/** A change as the caller names it. */
export interface LoanChange {
  /** `customer.<field>`, `loan.<field>`, `repayments[<period>].<field>`, or the name of a feature that is such a field. */
  readonly path: string;
  readonly value: GatheredValue;
}

/** A change of one field, in the form in which it is recorded. */
export interface FieldChange {
  readonly path: string;
  readonly from: GatheredValue;
  readonly to: GatheredValue;
}

/** A field of a gathered record; `period` of a repayment, newest 0. */
interface Place {
  readonly path: string;
  readonly period: number | undefined;
  readonly field: string;
}

const PERIOD = /^repayments\[(\d{1,4})\]\.(.+)$/u;
const MOST_SHOWN = 100;
const MOST_LISTED = 30;

/** What a loan is for all its life; another one is another loan, and may be another model's. */
const FIXED: ReadonlySet<string> = new Set(['loan.product', 'loan.kind', 'loan.currency']);

const quoted = (text: string): string => JSON.stringify(text.slice(0, MOST_SHOWN));

/** The specs that read a place. */
function readersOf(schema: FeatureSchema, { path, period }: Place): FeatureSpec[] {
  const reads = (spec: FeatureSpec): boolean =>
    readsOf(spec).some((read) => read.path === path && (read.periods === undefined || (period !== undefined && period >= read.periods.from && period < read.periods.below)));
  return schema.features.map(({ spec }) => spec).filter(reads);
}

/** The paths that the version reads, as a caller writes them. */
function pathsOf(schema: FeatureSchema): string[] {
  const paths = schema.features.flatMap(({ spec }) => readsOf(spec).map(({ path }) => path.replace(/^repayments\./u, 'repayments[0].')));
  return [...new Set(paths)].filter((path) => !FIXED.has(path)).sort();
}

/** @throws BAD_INPUT for a feature that is computed, and for what never changes */
function placeOf(schema: FeatureSchema, text: string, where: string): Place {
  const spec = schema.features.find((feature) => feature.spec.name === text)?.spec;
  if (spec && !isPlainField(spec)) {
    const parts = [...new Set(readsOf(spec).map(({ path }) => path.replace(/^repayments\./u, 'repayments[0].')))].join(', ');
    throw badInput(`${where}: the feature ${quoted(text)} is computed; change what it is computed from: ${parts}.`);
  }
  const path = spec?.source.path ?? text;
  if (FIXED.has(path)) throw badInput(`${where}: ${path} is fixed for the life of a loan; record another loan and score that.`);
  const period = PERIOD.exec(path);
  if (period) return { path: `repayments.${period[2]!}`, period: Number(period[1]), field: period[2]! };
  return { path, period: undefined, field: path.slice(path.indexOf('.') + 1) };
}

/** @throws BAD_INPUT where no feature of the version reads the place, telling which places are read */
function demandRead(schema: FeatureSchema, place: Place, asked: string, where: string): void {
  if (readersOf(schema, place).length > 0) return;
  const known = pathsOf(schema);
  const names = schema.features.flatMap(({ spec }) => (isPlainField(spec) ? [spec.name] : []));
  const shown = known.length > MOST_LISTED ? `${known.slice(0, MOST_LISTED).join(', ')} and ${known.length - MOST_LISTED} more` : known.join(', ');
  const guess = didYouMean(asked.replace(/\[\d+\]/u, '[0]'), [...known, ...names]);
  throw badInput(`${where}: the model does not look at ${quoted(asked)}, so changing it changes nothing.${guess} It reads ${shown}.`);
}

/** The fields that hold the place. @throws BAD_INPUT for a period that the loan does not have */
function fieldsAt(record: GatheredRecord, { path, period }: Place, where: string): GatheredFields {
  if (period === undefined) return path.startsWith('loan.') ? record.loan : record.customer;
  const fields = record.repayments[period];
  if (fields) return fields;
  const count = record.repayments.length;
  throw badInput(`${where}: the loan has ${count === 0 ? 'no repayment periods' : `${count} repayment periods, 0 the newest and ${count - 1} the oldest`}; there is no period ${period}.`);
}

function withValue(record: GatheredRecord, { path, period, field }: Place, value: GatheredValue): GatheredRecord {
  if (period !== undefined) return { ...record, repayments: record.repayments.map((fields, at) => (at === period ? { ...fields, [field]: value } : fields)) };
  return path.startsWith('loan.') ? { ...record, loan: { ...record.loan, [field]: value } } : { ...record, customer: { ...record.customer, [field]: value } };
}

const nameOf = ({ path, period, field }: Place): string => (period === undefined ? path : `repayments[${period}].${field}`);

/** Where a change stands in the request, for sentences. */
export const placeInRequest = (index: number): string => `changes[${index}]`;

/**
 * Changes one field of a gathered record; the record itself and the book stay as they are.
 * @throws BAD_INPUT for a place that no feature of the version reads, that the loan does not have, or that has this value already
 */
export function changed(schema: FeatureSchema, record: GatheredRecord, { path, value }: LoanChange, index: number): { record: GatheredRecord; change: FieldChange } {
  const where = placeInRequest(index);
  const place = placeOf(schema, path, where);
  demandRead(schema, place, path, where);
  const fields = fieldsAt(record, place, where);
  const from = Object.hasOwn(fields, place.field) ? (fields[place.field] ?? null) : null;
  if (from === value) throw badInput(`${where}: ${nameOf(place)} is ${JSON.stringify(from)} already; give another value, or leave this change out.`);
  return { record: withValue(record, place, value), change: { path: nameOf(place), from, to: value } };
}
