import { Decimal } from 'decimal.js';

/** What one person may override, and for how long. */
export interface OverridePolicy {
  /** Of the governance policy. */
  readonly version: number;
  readonly overrides: { readonly limits: Readonly<Record<string, string>>; readonly days: number };
}

/** Up to which principal one person overrides; null where the currency has no limit, so that it always takes two. */
export const onePersonLimit = ({ overrides }: OverridePolicy, currency: string): string | null =>
  Object.hasOwn(overrides.limits, currency) ? overrides.limits[currency]! : null;

export const takesTwo = (principal: string, limit: string | null): boolean => limit === null || new Decimal(principal).gt(limit);
