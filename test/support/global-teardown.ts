import { stopTestServer } from './postgres.js';

export default async function globalTeardown(): Promise<void> {
  if (globalThis.assayTestServer) await stopTestServer(globalThis.assayTestServer);
}
