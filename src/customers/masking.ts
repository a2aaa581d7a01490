const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A name of which only the first letter of each word shows: "Maria Sanz" → "M… S…". */
export function masked(name: string): string {
  const words = name.split(/\s+/u).filter((word) => word !== '');
  return words.map((word) => `${firstLetter(word)}…`).join(' ');
}

function firstLetter(word: string): string {
  for (const { segment } of graphemes.segment(word)) return segment;
  return '';
}

/** What a customer is called on a screen. Without a recorded name, by the caller's own id. */
export function displayNameOf(
  { name, externalId, synthetic }: { name: string | undefined; externalId: string; synthetic: boolean },
  inTheClear: boolean,
): string {
  if (name === undefined) return marked(`Customer ${externalId}`, synthetic);
  return marked(inTheClear ? name : masked(name), synthetic);
}

/** Nobody may mistake an invented person for a real one. */
const marked = (name: string, synthetic: boolean): string => (synthetic && !/synthetic/iu.test(name) ? `${name} (synthetic)` : name);
