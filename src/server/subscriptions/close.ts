/** The codes by which a socket is closed from here, beside those of graphql-transport-ws itself (4400 to 4429). */
export const GOING_AWAY = 1001;
/** The token is missing, refused or expired; the reason says which. */
export const NOT_ALLOWED = 4403;
/** Whether a token is good cannot be told now. */
export const TRY_AGAIN = 1013;
export const WENT_WRONG = 4500;

const MOST_BYTES = 123;

/** A close frame has room for 123 bytes. */
export function reasonOf(sentence: string): string {
  const bytes = Buffer.from(sentence);
  if (bytes.length <= MOST_BYTES) return sentence;
  // A character cut in two at the end is left out.
  return `${bytes.subarray(0, MOST_BYTES - 3).toString('utf8').replace(/\uFFFD+$/, '')}…`;
}
