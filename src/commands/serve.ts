import type { Command } from 'commander';
import { openApp, requireIssuer } from '../app.js';
import { readConfig } from '../platform/index.js';
import { openRuntime } from '../runtime.js';
import { interrupted } from './interrupt.js';

export function serveCommand(command: Command): void {
  command
    .action(async () => {
      const { wait } = interrupted();
      const config = readConfig();
      requireIssuer(config);
      const runtime = await openRuntime(config);
      try {
        const app = await openApp(runtime, { host: config.host, port: config.port });
        process.stderr.write(`Assay serves ${app.url}/graphql. Ctrl-C stops it.\n`);
        await wait;
        await app.close();
      } finally {
        await runtime.close();
      }
    });
}
