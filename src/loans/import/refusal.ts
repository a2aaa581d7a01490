/** Why one cell, and so its row, cannot be taken. It never leaves the reader: it becomes a rejected row. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** A cell that should be a number and is none. */
export class NotANumber extends Refusal {}

/** A value as it is shown in a sentence: quoted, control characters escaped, cut to 40 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
