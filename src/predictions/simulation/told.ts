import type { DecisionPurpose, LoadedVersion } from '../../models/index.js';
import type { Context } from '../../platform/index.js';
import { may } from '../../security/index.js';
import { coarsePd, coarsePoints } from '../graphql/coarse.js';
import { explained } from '../history/explained.js';
import type { DecisionValue } from '../history/prediction.types.js';
import { RECORDED_LANGUAGE, reasonsIn, type ToldReasons } from '../history/told-reasons.js';
import type { RecordedOutputs, RecordedSimulation } from '../record/body.js';
import { Simulation, SimulationBaseline, SimulationStep, type SimulatedOutcome } from './simulation.types.js';

/** A recorded what-if as the API tells it, in the precision that the caller may see. */
export function toldSimulation(ctx: Context, version: LoadedVersion, { purpose, baseline, steps }: RecordedSimulation): Simulation {
  const told: ToldReasons = (language) => (language === RECORDED_LANGUAGE ? baseline.reasons : reasonsIn(version, baseline.reasons, baseline.inputs, language));
  return Object.assign(new Simulation(), {
    purpose: purpose as DecisionPurpose,
    baseline: Object.assign(new SimulationBaseline(), { ...outcomeOf(ctx, baseline.outputs), told, recordedExplanation: explained(version, baseline.explanation, RECORDED_LANGUAGE) }),
    steps: steps.map(({ path, from, to, moved, outputs }) => {
      const features = moved.map(([index]) => version.schema.features[index]!.spec.name);
      return Object.assign(new SimulationStep(), { path, from, to, features, ...outcomeOf(ctx, outputs) });
    }),
  });
}

function outcomeOf(ctx: Context, { pd, points, grade, decision }: RecordedOutputs): SimulatedOutcome {
  const exact = may(ctx, 'prediction:detail');
  return { pd: exact ? pd : coarsePd(pd), scorePoints: exact ? points : coarsePoints(points), grade, wouldDecide: decision as DecisionValue };
}
