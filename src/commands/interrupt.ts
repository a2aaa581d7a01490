import { AssayError } from '../platform/index.js';

/** Resolves when the user or the system asks this process to end; further requests are ignored while it winds down. */
export function interrupted(): { signal: AbortSignal; wait: Promise<NodeJS.Signals> } {
  const controller = new AbortController();
  const wait = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        controller.abort(new AssayError('UNAVAILABLE', 'Stopped as you asked, before it was done. Run the same command again to go on.'));
        resolve(name);
      });
    }
  });
  return { signal: controller.signal, wait };
}
