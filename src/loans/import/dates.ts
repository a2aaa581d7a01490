import { Refusal, quoted } from './refusal.js';

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const inRange = (value: number, low: number, high: number): boolean => value >= low && value <= high;

/** UTC time of the parts; refuses days that no calendar has (30 February) and years outside 1900–2200. */
function timeOf(parts: Parts, text: string): Date {
  const { year, month, day, hour, minute, second } = parts;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  if (real && !inRange(year, 1900, 2200)) throw new Refusal(`${quoted(text)} is not accepted; expected a date from 1900 to 2200`);
  if (!real || !inRange(minute, 0, 59) || !inRange(second, 0, 59)) {
    throw new Refusal(`${quoted(text)} is not a possible date`);
  }
  return date;
}

function parseIso(text: string): Date {
  const match = ISO.exec(text);
  if (match === null) throw new Refusal(`${quoted(text)} is not a date; expected YYYY-MM-DD or RFC 3339, or set "dateFormat", e.g. "DD.MM.YYYY"`);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const date = timeOf(
    { year: year!, month: month!, day: day!, hour: hour!, minute: minute!, second: second! },
    text,
  );
  const zone = match[7];
  if (zone === undefined || zone === 'Z') return date;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return new Date(date.getTime() - (zone.startsWith('-') ? -minutes : minutes) * 60_000);
}

const TOKENS = { YYYY: 'year', MM: 'month', DD: 'day', HH: 'hour', mm: 'minute', ss: 'second' } as const;
type Token = keyof typeof TOKENS;
const TOKEN = /YYYY|MM|DD|HH|mm|ss/g;

/** Whether a format names at least a year, month and day, each once. */
export function isDateFormat(format: string): boolean {
  const tokens = format.match(TOKEN) ?? [];
  return new Set(tokens).size === tokens.length && ['YYYY', 'MM', 'DD'].every((token) => format.includes(token));
}

/**
 * A reader of dates in UTC.
 * @param format tokens YYYY MM DD HH mm ss and literal text between them (`DD.MM.YYYY`); without it, ISO 8601
 */
export function dateReader(format?: string): (text: string) => Date {
  return remembering(format === undefined ? parseIso : formatReader(format));
}

const MOST_REMEMBERED = 1_000;

/** The dates of a column repeat: most cells were seen before. */
function remembering(read: (text: string) => Date): (text: string) => Date {
  const seen = new Map<string, Date>();
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    if (seen.size >= MOST_REMEMBERED) seen.clear();
    const date = read(text);
    seen.set(text, date);
    return date;
  };
}

function formatReader(format: string): (text: string) => Date {
  const tokens = (format.match(TOKEN) ?? []) as Token[];
  const literal = format.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
  const pattern = new RegExp(`^${literal.replace(TOKEN, (token) => String.raw`(\d{${token.length}})`)}$`);
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) throw new Refusal(`${quoted(text)} is not a date; expected ${format}`);
    const parts: Parts = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    for (const [index, token] of tokens.entries()) parts[TOKENS[token]] = Number(match[index + 1]);
    return timeOf(parts, text);
  };
}
