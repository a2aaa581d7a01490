import { buildDeployedTemplate } from './deployed-template.js';
import { startTestServer, type TestServer } from './postgres.js';

declare global {
  var assayTestServer: TestServer | undefined;
}

export default async function globalSetup(): Promise<void> {
  globalThis.assayTestServer = await startTestServer();
  await buildDeployedTemplate(globalThis.assayTestServer.home);
}
