// The predictions room: one act of scoring, its record, its history and its replay.
export { JobEntity } from './jobs/job.entity.js';
export { MOST_IN_A_JOB, ScoreJobs, SCORE_JOBS } from './jobs/score-jobs.js';
export { Evidence } from './history/evidence.js';
export { replayBody } from './history/replay.js';
export { VersionPerformanceResolver } from './history/performance.js';
export { commitmentOf, RECORD_FORMAT, unsealBody, type PredictionBody } from './record/body.js';
export { columnsDigest, type PredictionColumns } from './record/row.js';
export type { PredictionRef } from './record/recorder.js';
export { scoreVectors } from './scoring/score.js';
export { MOST_AT_ONCE, ScoringService, type ScoringRequest, type SimulationRequest } from './scoring/scoring.service.js';
export { predictionNodeLoaders } from './graphql/nodes.js';
export { LoanPredictionsResolver } from './graphql/loan-fields.resolver.js';
export { PredictionResolver } from './graphql/prediction.resolver.js';
export { SimulationBaselineResolver, SimulationResolver } from './graphql/simulation.resolver.js';
export { ScoringResolver } from './graphql/scoring.resolver.js';
export { ChallengerPredictionsResolver } from './challengers/challengers.resolver.js';
export { ChallengerComparisonResolver } from './challengers/comparison.resolver.js';
export { CustomerProfileResolver, ProfileDriversResolver } from './profile/profile.resolver.js';
