import { parseKey } from '../note/keys.js';

/** Keys as somebody gives them, several in one text each on a line of its own: a log has one for each of its epochs. @throws SyntaxError */
export function keysIn(text: string): string[] {
  const keys = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  if (keys.length === 0) throw new SyntaxError('There is no key in it.');
  keys.forEach(parseKey);
  return keys;
}
