import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured logs on standard error, so that standard output stays free for results. */
export const openLog = (level: string): Logger => pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
