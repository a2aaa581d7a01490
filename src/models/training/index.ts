export * from './train-version.js';
export * from './draft-dossier.js';
export { compareVersions, type Comparison } from './compare.js';
export { groupsOf, type Groups } from './groups.js';
export type { LabelledLoans } from './records.js';
export type { SearchPlan } from './search.js';
export * from './splits.js';
export * from './specs.js';
