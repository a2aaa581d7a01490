import type { LoadedVersion } from '../../models/index.js';
import type { Context } from '../../platform/index.js';
import { counterfactual, labelOf, type Change, type Language } from '../../scoring/index.js';
import { may } from '../../security/index.js';
import { coarsePd } from '../graphql/coarse.js';
import type { PredictionBody } from '../record/body.js';
import { ChangeDirection, type CounterfactualChange, type PredictionCounterfactual } from './counterfactual.types.js';

/**
 * What would have to be otherwise for approval, from the recorded inputs and the version alone. The numbers it ends at
 * lie on the decision boundary to many digits: a few of them are enough to copy a model, so that only those who may
 * see predictions in full are told them; the others are told which values, and which way.
 */
export async function counterfactualOf(ctx: Context, version: LoadedVersion, { inputs, outputs }: PredictionBody, language: Language): Promise<PredictionCounterfactual> {
  const { scorer, schema, reference, policy } = version;
  // A policy that approves everybody has no line to search for.
  if (policy.approveBelow === 1) return { found: false, reason: 'already below the line', changes: [], pd: toldPd(ctx, outputs!.pd), text: null };
  const found = await counterfactual(scorer, schema, reference, inputs.map(([value]) => value), policy.approveBelow, { language });
  const labels = new Map(schema.features.map(({ spec }) => [spec.name, labelOf(spec, language)]));
  const exact = may(ctx, 'prediction:detail');
  return {
    found: found.found,
    reason: found.reason ?? null,
    changes: found.changes.map((change) => told({ ...change, label: labels.get(change.feature) ?? change.label }, exact)),
    pd: toldPd(ctx, found.pd),
    text: exact ? found.text : null,
  };
}

const toldPd = (ctx: Context, pd: number): number => (may(ctx, 'prediction:detail') ? pd : coarsePd(pd));

function told({ feature, label, from, to }: Change, exact: boolean): CounterfactualChange {
  return { feature, label, from, to: exact || typeof to !== 'number' ? to : null, direction: directionOf(from, to) };
}

function directionOf(from: Change['from'], to: Change['to']): ChangeDirection {
  if (typeof from !== 'number' || typeof to !== 'number') return ChangeDirection.OTHER;
  return to > from ? ChangeDirection.HIGHER : ChangeDirection.LOWER;
}
