import { AssayError } from '../platform/index.js';

/** npm passes a Ctrl-C on that the terminal has sent already: only a later one is a second one. */
const SAME_KEYSTROKE_MILLISECONDS = 2_000;
const KILLED_BY_SIGINT = 130;

/** Resolves when the user or the system asks this process to end. Asked again while it winds down, it ends at once. */
export function interrupted(): { signal: AbortSignal; wait: Promise<NodeJS.Signals> } {
  const controller = new AbortController();
  let askedAt = 0;
  const wait = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (askedAt > 0 && performance.now() - askedAt > SAME_KEYSTROKE_MILLISECONDS) process.exit(KILLED_BY_SIGINT);
        askedAt ||= performance.now();
        controller.abort(new AssayError('UNAVAILABLE', 'Stopped as you asked, before it was done. Run the same command again to go on.'));
        resolve(name);
      });
    }
  });
  return { signal: controller.signal, wait };
}
