import { expectId, encodeGlobalId, type NodeLoader } from '../../platform/index.js';
import { demand } from '../../security/index.js';
import type { ScoreJobs } from '../jobs/score-jobs.js';
import { toJob } from './job.types.js';
import { decisionNodeLoaders } from '../decisions/nodes.js';
import { findPrediction } from './prediction.resolver.js';

/** How `node(id)` finds predictions, jobs, and what people did about decisions. */
export const predictionNodeLoaders = (jobs: ScoreJobs): Readonly<Record<string, NodeLoader>> => ({
  ...decisionNodeLoaders,
  Prediction: (ctx, id) => {
    demand(ctx, 'prediction:read');
    return findPrediction(ctx, expectId(encodeGlobalId(id), 'Prediction', true));
  },
  Job: async (ctx, { id }) => {
    demand(ctx, 'prediction:read');
    return toJob(await jobs.find(ctx, id));
  },
});
