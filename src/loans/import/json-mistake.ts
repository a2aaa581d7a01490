/** What is wrong with a text that is no JSON, and where; the engine's own message often names no place. */
export function jsonMistake(text: string): string {
  const at = strayAt(text);
  const before = text.slice(0, at).split('\n');
  const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  const [found] = /^(?:"[^"\n]{0,20}"?|[\w.+-]{1,20}|[^]?)/.exec(text.slice(at))!;
  return found === '' ? `${place}: the text ends too early` : `${place}: ${JSON.stringify(found)} does not belong there`;
}

/** A string, a number or word, or a mark. */
const TOKEN =
  /("(?:[ !#-[\]-\uFFFF]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|((?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.]))|[{}[\],:]/y;
const SPACE = /[ \t\r\n]*/y;

/** What may come next: marks, and `k` for a key, `v` for a value. */
type Next = string;

/** The offset of the first token that JSON does not allow where it stands. */
function strayAt(text: string): number {
  const open: string[] = [];
  let next: Next = 'v';
  for (let at = 0; ; at = TOKEN.lastIndex) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    TOKEN.lastIndex = SPACE.lastIndex;
    const start = SPACE.lastIndex;
    const match = TOKEN.exec(text);
    const following = match ? follow(match, next, open) : undefined;
    if (following === undefined) return start;
    next = following;
  }
}

/** What may come after a token, or undefined when the token itself may not come. */
function follow([token, string, word]: RegExpExecArray, next: Next, open: string[]): Next | undefined {
  if (string !== undefined && next.includes('k')) return ':';
  if (string !== undefined || word !== undefined) return next.includes('v') ? afterValue(open) : undefined;
  if (token === '{' || token === '[') {
    if (!next.includes('v')) return undefined;
    open.push(token);
    return token === '{' ? 'k}' : 'v]';
  }
  if (!next.includes(token)) return undefined;
  if (token === ':') return 'v';
  if (token === ',') return open.at(-1) === '{' ? 'k' : 'v';
  open.pop();
  return afterValue(open);
}

const afterValue = (open: readonly string[]): Next => (open.length === 0 ? '' : open.at(-1) === '{' ? ',}' : ',]');
