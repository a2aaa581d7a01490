import type { Decision } from '../../scoring/index.js';

interface Overriding {
  readonly decision: Decision;
  readonly recordedAt: Date;
  readonly expiresAt: Date;
}

/** The decision that is in force, since when, and the override that makes it so, if one does. */
export interface Effective<Override> {
  readonly decision: Decision;
  readonly since: Date;
  readonly override: Override | undefined;
}

/**
 * The newest override, while it lasts. An older one does not come back: once the newest has expired, the model's own
 * decision counts again.
 * @param overrides oldest first
 */
export function activeOverride<Override extends Overriding>(overrides: readonly Override[], now: Date): Override | undefined {
  const newest = overrides.at(-1);
  return newest && newest.expiresAt > now ? newest : undefined;
}

/** @param overrides oldest first */
export function effectiveOf<Override extends Overriding>(
  own: { readonly decision: Decision; readonly decidedAt: Date },
  overrides: readonly Override[],
  now: Date,
): Effective<Override> {
  const override = activeOverride(overrides, now);
  return override
    ? { decision: override.decision, since: override.recordedAt, override }
    : { decision: own.decision, since: own.decidedAt, override: undefined };
}
