import 'reflect-metadata';
import { main } from '../../src/commands/main.js';

/**
 * Runs commands one after another in one process, as `assay` runs each in a process of its own: most of a short
 * command's time is the start of its process, which here is paid once.
 */
export interface Order {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const said = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = (chunk: string | Uint8Array): boolean => {
    said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
}
// Each command listens for Ctrl-C.
process.setMaxListeners(0);

process.on('message', ({ args, env, cwd }: Order) => {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  Object.assign(said, { stdout: '', stderr: '' });
  process.exitCode = undefined;
  void main(args).then((code) => process.send!({ code: code === 0 ? Number(process.exitCode ?? 0) : code, ...said }));
});
process.once('disconnect', () => process.exit());
