import { z } from 'zod';
import { contradictions, fieldPaths } from './fields.js';
import type { Mapping } from './mapping.js';
import { didYouMean } from './nearest.js';
import type { Scope } from './scope.js';

/** As much of a feature as says what it reads; docs/scoring.md has the whole, and the demonstration checks it. */
const reading = z.object({
  source: z.object({ path: z.string(), per: z.union([z.string(), z.array(z.string())]).optional() }),
});

/** Notes what `features` and `model` ask for and the mapping does not make, and what it says twice of a field. */
export function checkModelInputs(scope: Scope): void {
  const { features = [], model } = scope.mapping;
  const known = fieldPaths(scope.mapping);
  for (const [index, feature] of features.entries()) checkFeature(scope, known, `features[${index}].source`, feature);
  for (const name of contradictions(scope.mapping)) scope.note(`repayments.${name}`, 'is "monotone": "increasing" in one period and "decreasing" in another; give one direction');
  for (const [index, product] of (model?.products ?? []).entries()) checkProduct(scope, `model.products[${index}]`, product);
}

function checkFeature(scope: Scope, known: readonly string[], place: string, feature: unknown): void {
  const { data } = reading.safeParse(feature);
  if (data === undefined) return scope.note(place, 'needs a "path" such as "customer.monthlyIncome" (docs/scoring.md)');
  const { path, per = [] } = data.source;
  checkPath(scope, known, `${place}.path`, path);
  for (const divisor of [per].flat()) checkPath(scope, known, `${place}.per`, divisor);
}

function checkPath(scope: Scope, known: readonly string[], place: string, path: string): void {
  if (known.includes(path)) return;
  const shown = JSON.stringify(path);
  const [room, name = ''] = path.split('.');
  if (room === 'customer' && Object.hasOwn(scope.mapping.customer.protected, name)) {
    scope.note(place, `${shown} is a protected attribute; it is never an input of a model`);
  } else {
    scope.note(place, `the mapping makes no field ${shown} that a model may use.${didYouMean(path, known)}`);
  }
}

function checkProduct(scope: Scope, place: string, product: string): void {
  const made = productsOf(scope.mapping);
  if (made === undefined || made.includes(product)) return;
  scope.note(place, `no loan of this mapping has the product ${JSON.stringify(product)}; loan.product gives ${made.join(', ')}.${didYouMean(product, made)}`);
}

/** The products that loans can have, or undefined when only the data tells. */
function productsOf({ loan: { product }, constants, codeLists }: Mapping): string[] | undefined {
  const { column, const: constant, codes } = product;
  if (constant !== undefined) return [String(constant)];
  const list = typeof codes === 'string' ? codeLists[codes] : codes;
  if (list !== undefined) return [...new Set(Object.values(list).filter((value) => value !== null).map(String))];
  return column !== undefined && Object.hasOwn(constants, column) ? [String(constants[column])] : undefined;
}
