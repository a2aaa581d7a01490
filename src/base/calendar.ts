/** Milliseconds of a day. */
export const DAY = 86_400_000;

/** Whether there is such a day (`yyyy-mm-dd`): JavaScript moves the 30th of February to March, PostgreSQL has no year 0. */
export const isOnCalendar = (day: string): boolean =>
  !day.startsWith('0000') && (new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) ?? false);
