// The base: what every room may use, the smallest process included. It needs no library but that for canonical JSON.
export * from './errors.js';
export * from './canonical.js';
export * from './random.js';
export { DAY, isOnCalendar } from './calendar.js';
export { isStorable, showable } from './text.js';
