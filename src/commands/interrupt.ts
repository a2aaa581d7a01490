/** Resolves when the user or the system asks this process to end; further requests are ignored while it winds down. */
export function interrupted(): { signal: AbortSignal; wait: Promise<NodeJS.Signals> } {
  const controller = new AbortController();
  const wait = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        controller.abort();
        resolve(name);
      });
    }
  });
  return { signal: controller.signal, wait };
}
