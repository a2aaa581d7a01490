export * from './train-version.js';
export * from './draft-dossier.js';
export { adoptOnBook, type ForeignModel } from './adopt-version.js';
export { groupsOf, type Groups } from './groups.js';
export type { LabelledLoans } from './records.js';
export * from './splits.js';
export * from './specs.js';
export * from './progress.js';
