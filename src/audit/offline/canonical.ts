/** Nothing that Assay writes is nested so deep; a stack has an end. */
const DEEPEST = 100;

/** RFC 8785 for what JSON.parse gives: JavaScript writes numbers and texts as the RFC asks; only names need sorting. @throws SyntaxError for a number without JSON */
export function canonical(value: unknown, depth = 0): string {
  if (depth > DEEPEST) throw new SyntaxError(`It is nested deeper than ${DEEPEST} times.`);
  // 1e999 is JSON, but no number that can be kept: written again it would be null.
  if (typeof value === 'number' && !Number.isFinite(value)) throw new SyntaxError('A number is larger than numbers can be.');
  if (Array.isArray(value)) return `[${value.map((member) => canonical(member, depth + 1)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Sorted by UTF-16 units, as JavaScript compares texts.
  return `{${members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => `${JSON.stringify(name)}:${canonical(member, depth + 1)}`).join(',')}}`;
}
