/** What PostgreSQL cannot store in a text: NUL, and halves of character pairs, which are not Unicode. */
const UNSTORABLE = /[\0\p{Cs}]/u;

export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);
