import type { TaskSource } from '../security/index.js';
import { findingTaskSources } from './findings/findings.tasks.js';
import { waiverTaskSources } from './gates/waivers.tasks.js';
import { reviewTaskSources } from './inventory/reviews.tasks.js';

/** What findings, waivers and reviews have for people to do. */
export const evidenceTaskSources: readonly TaskSource[] = [...findingTaskSources, ...waiverTaskSources, ...reviewTaskSources];
