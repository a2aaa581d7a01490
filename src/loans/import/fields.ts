import { REPAYMENT_STATUSES } from './book-row.js';
import type { AttributeMapping, Expression, Mapping } from './mapping.js';

/** A field of the gathered record that a model may use; what a mapping knows of it. */
export interface FieldDescription {
  /** `customer.x`, `loan.x` or `repayments.x`. */
  path: string;
  /** Plain language. */
  label: string;
  /** The label in other languages. */
  labels?: { zh?: string };
  /** The categories in other languages. */
  valueLabels?: { zh?: Record<string, string> };
  type: 'numeric' | 'categorical' | 'boolean';
  unit?: string;
  reasonCode?: string;
  /** The categories, where the mapping lists them. */
  values?: string[];
  /** The customer can do something about it. */
  mutable?: boolean;
  /** How the risk may move as the value rises. */
  monotone?: 'increasing' | 'decreasing';
}

type Standard = Omit<FieldDescription, 'path' | 'values'> & { money?: true };

const LOAN_FIELDS: Readonly<Record<string, Standard>> = {
  product: { label: 'Product', type: 'categorical', reasonCode: 'PRODUCT' },
  kind: { label: 'Kind of loan', type: 'categorical', reasonCode: 'PRODUCT' },
  currency: { label: 'Currency', type: 'categorical', reasonCode: 'CURRENCY' },
  principal: { label: 'Amount of the loan', type: 'numeric', reasonCode: 'LOAN_AMOUNT', money: true, mutable: true },
  creditLimit: { label: 'Credit limit', type: 'numeric', reasonCode: 'CREDIT_LIMIT', money: true },
  annualRate: { label: 'Interest rate', type: 'numeric', unit: 'a year', reasonCode: 'INTEREST_RATE' },
  termMonths: { label: 'Term', type: 'numeric', unit: 'months', reasonCode: 'LOAN_TERM', mutable: true },
};

const REPAYMENT_FIELDS: Readonly<Record<string, Standard>> = {
  amountDue: { label: 'Amount due', type: 'numeric', reasonCode: 'AMOUNT_DUE', money: true },
  amountPaid: { label: 'Amount paid', type: 'numeric', reasonCode: 'PAYMENTS', money: true, mutable: true },
  balance: { label: 'Balance', type: 'numeric', reasonCode: 'BALANCE', money: true, mutable: true },
  daysPastDue: { label: 'Days past due', type: 'numeric', unit: 'days', reasonCode: 'DELINQUENCY', mutable: true },
  status: { label: 'Repayment status', type: 'categorical', reasonCode: 'REPAYMENT_STATUS', mutable: true },
};

/**
 * What a book of this mapping offers to models: fields that vary, never identity, protected attributes, or what
 * is only known afterwards (status of the loan, outcome).
 */
export function describeFields(mapping: Mapping): FieldDescription[] {
  return [
    ...describeAttributes('customer', mapping, mapping.customer.attributes),
    ...describeStandard('loan', mapping, LOAN_FIELDS, [mapping.loan]),
    ...describeAttributes('loan', mapping, mapping.loan.attributes),
    ...describeStandard('repayments', mapping, REPAYMENT_FIELDS, mapping.repayments),
  ];
}

/** Paths of all fields that a model may name: as {@link describeFields}, and those that are the same in every loan. */
export function fieldPaths({ customer, loan, repayments }: Mapping): string[] {
  const ofPeriods = new Set(repayments.flatMap((period) => namesIn(period, REPAYMENT_FIELDS)));
  return [
    ...Object.keys(customer.attributes).map((name) => `customer.${name}`),
    ...[...namesIn(loan, LOAN_FIELDS), ...Object.keys(loan.attributes)].map((name) => `loan.${name}`),
    ...[...ofPeriods].map((name) => `repayments.${name}`),
  ];
}

/** Fields of the repayments of which one period says that the risk rises, and another that it falls. */
export const contradictions = ({ repayments }: Mapping): string[] =>
  Object.keys(REPAYMENT_FIELDS).filter((name) => {
    const directions = repayments.flatMap((period) => period[name as keyof typeof period]?.monotone ?? []);
    return new Set(directions).size > 1;
  });

const namesIn = (section: object, fields: object): string[] => Object.keys(fields).filter((name) => Object.hasOwn(section, name));

function describeAttributes(
  room: string,
  mapping: Mapping,
  attributes: Record<string, AttributeMapping>,
): FieldDescription[] {
  return Object.entries(attributes).map(([name, attribute]) => describeAttribute(`${room}.${name}`, mapping, attribute));
}

function describeAttribute(path: string, mapping: Mapping, attribute: AttributeMapping): FieldDescription {
  const { type, label, labels, valueLabels, unit, reasonCode, mutable, monotone, codes } = attribute;
  const values = type === 'categorical' ? valuesOf(mapping, codes) : undefined;
  return {
    path,
    label,
    type,
    ...(labels?.zh !== undefined && { labels: { zh: labels.zh } }),
    ...(valueLabels?.zh && { valueLabels: { zh: valueLabels.zh } }),
    ...(unit !== undefined && { unit }),
    ...(reasonCode !== undefined && { reasonCode }),
    ...(values && { values }),
    ...(mutable !== undefined && { mutable }),
    ...(monotone !== undefined && { monotone }),
  };
}

function describeStandard(
  room: string,
  mapping: Mapping,
  fields: Readonly<Record<string, Standard>>,
  sections: readonly Partial<Record<string, unknown>>[],
): FieldDescription[] {
  return Object.entries(fields).flatMap(([name, { money, ...standard }]) => {
    const expressions = sections.map((section) => section[name] as Expression | undefined).filter((e) => e !== undefined);
    if (!expressions.some((expression) => varies(mapping, expression))) return [];
    const values = standard.type === 'categorical' ? standardValues(name, room, mapping, expressions) : undefined;
    const unit = money ? currencyOf(mapping) : undefined;
    const monotone = expressions.find((expression) => expression.monotone !== undefined)?.monotone;
    return [{ path: `${room}.${name}`, ...standard, ...(unit !== undefined && { unit }), ...(values && { values }), ...(monotone && { monotone }) }];
  });
}

function varies(mapping: Mapping, { column, template }: Expression): boolean {
  return template !== undefined || (column !== undefined && !Object.hasOwn(mapping.constants, column));
}

/** The currency of every amount, when the whole book has one. */
function currencyOf({ loan, constants }: Mapping): string | undefined {
  const { const: value, column } = loan.currency;
  const currency = value ?? (column === undefined ? undefined : constants[column]);
  return typeof currency === 'string' ? currency : undefined;
}

function standardValues(
  name: string,
  room: string,
  mapping: Mapping,
  expressions: readonly Expression[],
): string[] | undefined {
  if (room === 'repayments' && name === 'status') return [...REPAYMENT_STATUSES];
  return valuesOf(mapping, expressions[0]?.codes);
}

function valuesOf(mapping: Mapping, codes: Expression['codes']): string[] | undefined {
  const list = typeof codes === 'string' ? mapping.codeLists[codes] : codes;
  if (list === undefined) return undefined;
  return [...new Set(Object.values(list).filter((value) => value !== null).map(String))];
}
