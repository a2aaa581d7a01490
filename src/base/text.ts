/** What PostgreSQL cannot store in a text: NUL, and halves of character pairs, which are not Unicode. */
const UNSTORABLE = /[\0\p{Cs}]/u;

export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/** Control characters but for line breaks and tabs, and what turns the direction of reading: a text shown with them looks like another one. */
const UNSHOWABLE = /(?![\t\n\r])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/** Text as it may be shown to people beside other text. */
export const showable = (text: string): string => text.replace(UNSHOWABLE, '');
