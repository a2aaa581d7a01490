import { z } from 'zod';

// Texts given to the schema end the sentence "… is not accepted; expected …" (mistakes.ts).

/** A value written in the mapping itself. */
const value = z.union([z.string(), z.number(), z.boolean(), z.null()], 'text, a number, true, false or null');
const name = z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a name like monthlyIncome: it starts in lower case and has letters and digits only');
const codes = z.record(z.string(), value, 'codes and what they mean: {"A": "owned", "?": null}');
/** A text of its own for a value of the wrong type; what is wrong inside the value has its own. */
const typed = (expected: string) => ({ error: ({ code }: { readonly code: string }) => (code === 'invalid_type' ? expected : undefined) });

/** Where a value comes from (exactly one of column, const, line, template) and how its cell is read. */
const expressionShape = {
  column: z.string().min(1).optional(),
  const: value.optional(),
  line: z.literal(true).optional(),
  template: z.string().min(1).optional(),
  missing: z.array(z.union([z.string(), z.number()], 'text or a number')).min(1).optional(),
  codes: z.union([z.string().min(1), codes], 'codes and what they mean, {"A": "owned", "?": null}, or the name of a code list').optional(),
  scale: z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/, 'a number like 0.01')], 'a number like 0.01').optional(),
  clamp: z.tuple([z.number(), z.number()], 'two numbers, [lowest, highest]').optional(),
  round: z.int().min(0).max(8).optional(),
  dateFormat: z.string().min(1).optional(),
  /** How the risk may move as the value rises. */
  monotone: z.enum(['increasing', 'decreasing']).optional(),
};
const expression = z.strictObject(expressionShape, typed('an expression such as {"column": "…"} or {"const": …}'));

const attribute = z.strictObject({
  ...expressionShape,
  type: z.enum(['numeric', 'categorical', 'boolean']),
  label: z.string().min(1).max(120),
  labels: z.strictObject({ zh: z.string().min(1).max(120).optional() }, typed('labels in other languages: {"zh": "…"}')).optional(),
  valueLabels: z.strictObject({ zh: z.record(z.string(), z.string().min(1).max(120)).optional() }, typed('values in other languages: {"zh": {"owned": "…"}}')).optional(),
  unit: z.string().min(1).max(40).optional(),
  reasonCode: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'a code like CREDIT_HISTORY: capitals, digits and underscores').optional(),
  mutable: z.boolean().optional(),
}, typed('an attribute such as {"column": "…", "type": "numeric", "label": "…"}'));
const attributes = z.record(name, attribute).default({});

const source = z.strictObject({
  delimiter: z.string().length(1, 'one character').default(','),
  quote: z.union([z.string().length(1), z.literal(false)], 'one character, or false').default('"'),
  header: z.union([z.literal(true), z.array(z.string().min(1)).min(1)], 'true, or a list of the names of the columns').default(true),
  encoding: z.enum(['utf8', 'utf-8', 'latin1', 'utf16le']).default('utf8'),
  decimal: z.enum(['.', ',']).default('.'),
  thousands: z.enum(['.', ',', ' ', "'"]).optional(),
  missing: z.array(z.string()).default([]),
});

const customer = z.strictObject({
  externalId: expression,
  effectiveAt: expression.optional(),
  identity: z.record(name, expression).default({}),
  attributes,
  protected: attributes,
});

const loan = z.strictObject({
  externalId: expression,
  effectiveAt: expression,
  product: expression,
  kind: expression,
  status: expression,
  currency: expression,
  principal: expression,
  creditLimit: expression.optional(),
  annualRate: expression.optional(),
  termMonths: expression.optional(),
  completedAt: expression.optional(),
  decisionAt: expression.optional(),
  attributes,
});

const repayment = z.strictObject({
  periodEnd: expression,
  amountDue: expression.optional(),
  amountPaid: expression.optional(),
  balance: expression.optional(),
  daysPastDue: expression.optional(),
  status: expression.optional(),
});

const outcome = z.strictObject({
  defaulted: expression,
  effectiveAt: expression.optional(),
  knownAt: expression,
});

/** What the demonstration's model is called and what it is for. */
const model = z.strictObject({
  name: z.string().min(1).max(120),
  purpose: z.string().min(1).max(200),
  products: z.array(z.string().min(1)).min(1),
  horizonMonths: z.int().min(1).max(600),
});

/** The mapping language; docs/mapping.md explains it to its users. */
export const mappingSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'a name like my-book: lower case, digits and hyphens'),
  title: z.string().min(1).max(200),
  synthetic: z.boolean().default(false),
  source: source.prefault({}),
  constants: z.record(z.string().min(1), value).default({}),
  codeLists: z.record(name, codes).default({}),
  onRepeatedCustomer: z.enum(['reject', 'reuse']).default('reject'),
  customer,
  loan,
  repayments: z.array(repayment).max(120).default([]),
  outcome: outcome.optional(),
  model: model.optional(),
  features: z.array(z.record(z.string(), z.unknown())).optional(),
});

export type Mapping = z.infer<typeof mappingSchema>;
export type Expression = z.infer<typeof expression>;
export type AttributeMapping = z.infer<typeof attribute>;
export type MappingValue = z.infer<typeof value>;

const names = new WeakMap<Mapping, string>();

/** Remembers where a mapping was read from; beside it, because a mapping is compared and hashed by what it says. */
export function nameMapping(mapping: Mapping, where: string): Mapping {
  names.set(mapping, where);
  return mapping;
}

/** What sentences call a mapping: its file. */
export const nameOf = (mapping: Mapping): string => names.get(mapping) ?? `mapping ${mapping.name}`;

const keysOf = ({ shape }: { readonly shape: object }): readonly string[] => Object.keys(shape);
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  source: keysOf(source),
  customer: keysOf(customer),
  loan: keysOf(loan),
  outcome: keysOf(outcome),
  model: keysOf(model),
};

/** The keys that may stand at a place of a mapping, to guess what a mistyped one was meant to be. */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const [section] = path;
  if (section === undefined) return keysOf(mappingSchema);
  if (path.length === 1) return SECTIONS[String(section)] ?? [];
  if (section === 'repayments' && path.length === 2) return keysOf(repayment);
  return path[1] === 'attributes' || path[1] === 'protected' ? keysOf(attribute) : keysOf(expression);
}

/** Every key of the language. */
export const mappingKeys: readonly string[] = [...keysAt([]), ...Object.values(SECTIONS).flat(), ...keysOf(repayment), ...keysOf(attribute)];
