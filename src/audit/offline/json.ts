import { canonical } from './canonical.js';

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Texts and what divides them: all that is needed to know which text is a member's name. */
const TOKENS = /"(?:[^"\\]+|\\.)*"|[{}[\]:,]/gs;

/** An object in which no member is twice: of two, one reader takes the first and another the last. @throws SyntaxError naming `what` */
export function readObject(text: string, what: string): Json {
  const value = parse(text, what);
  if (!isObject(value)) throw new SyntaxError(`${what} is not a JSON object.`);
  requireOnce(text, what);
  return value;
}

/** One whose text is its canonical form (RFC 8785): there is one way to write it, and so one way to read it. @throws SyntaxError */
export function readCanonical(text: string, what: string): Json {
  const value = parse(text, what);
  if (!isObject(value)) throw new SyntaxError(`${what} is not a JSON object.`);
  if (canonical(value) !== text) throw new SyntaxError(`${what} is not canonical JSON (RFC 8785): a member is twice or out of order, or a value is written otherwise.`);
  return value;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new SyntaxError(`${what} is not JSON.`);
  }
}

function requireOnce(text: string, what: string): void {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    if (token === '}' || token === ']') open.pop();
    if (token === ':') {
      const [names, name] = [open.at(-1), JSON.parse(last) as string];
      if (names?.has(name)) throw new SyntaxError(`${what} has the member ${JSON.stringify(name.slice(0, 100))} twice.`);
      names?.add(name);
    }
    last = token;
  }
}
