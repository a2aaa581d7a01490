/** What people do about decisions: override, contest and review them, offer other terms, tell the applicant. */
export { AdverseActionResolver, CounterofferResolver } from './adverse-action.resolver.js';
export { decisionEntities } from './decision.entities.js';
export { DecisionsResolver } from './decisions.resolver.js';
export { decisionNodeLoaders } from './nodes.js';
export { NoticeService } from './notice.service.js';
export { OVERRIDE_DECISION } from './override.kind.js';
export { DecisionOverrideResolver, VersionOverridesResolver } from './override.resolver.js';
export { OverrideService } from './override.service.js';
export { PredictionDecisionsResolver } from './prediction-decisions.resolver.js';
export { referralTasks } from './referrals.tasks.js';
export { DecisionReviewResolver } from './review.resolver.js';
export { ReviewService } from './review.service.js';
export { adverseActionTasks, reviewTasks } from './tasks.js';
export { DecisionTexts } from './texts.js';
