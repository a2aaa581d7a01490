export * from './book-row.js';
export { readBook } from './book.js';
export { describeFields, type FieldDescription } from './fields.js';
export type { Mapping } from './mapping.js';
export { parseMapping, readMapping } from './parse.js';
export { defaultSplit, findSplit, readSplit, splitPathFor, type SplitPart } from './split.js';
