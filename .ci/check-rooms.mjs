// The dependency rule: a room imports only rooms above it in this list, and only through their index.ts.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOMS = ['base', 'platform', 'audit', 'witness', 'security', 'customers', 'loans', 'scoring', 'models', 'predictions', 'privacy', 'evidence', 'risk', 'monitoring', 'server', 'demo', 'commands'];
/** Pure numbers: scoring stands on the base alone, so that the processes it starts load little. */
const ONLY = { scoring: ['base'] };
/** The composition: files beside the rooms. They may import every room; `demo` and `commands` stand on them. */
const COMPOSITION_USERS = new Set(['demo', 'commands']);

const source = resolve('src');
const problems = [];

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (name.endsWith('.ts')) yield path;
  }
}

const roomOf = (path) => {
  const [first, ...rest] = relative(source, path).split('/');
  return rest.length > 0 ? first : undefined;
};

function check(file, target) {
  const [from, to] = [roomOf(file), roomOf(target)];
  const where = relative('.', file);
  if (from === undefined || from === to || relative(source, target).startsWith('..')) return;
  if (to === undefined) {
    if (!COMPOSITION_USERS.has(from)) problems.push(`${where}: a room may not import ${relative(source, target)}`);
    return;
  }
  if (!ROOMS.includes(to) || ROOMS.indexOf(to) > ROOMS.indexOf(from)) problems.push(`${where}: ${from} may not import ${to}, which is not above it`);
  if (ONLY[from] && !ONLY[from].includes(to)) problems.push(`${where}: ${from} may import ${ONLY[from].join(', ')} only, not ${to}`);
  if (!target.endsWith(join(to, 'index.js'))) problems.push(`${where}: import ${to} through its index.ts, not ${relative(source, target)}`);
}

let imports = 0;
for (const file of files(source)) {
  const room = roomOf(file);
  if (room !== undefined && !ROOMS.includes(room)) problems.push(`${relative('.', file)}: ${room} is not a known room`);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    imports += 1;
    check(file, resolve(dirname(file), target));
  }
}

for (const problem of problems) console.error(problem);
console.error(`rooms: ${imports} imports, ${problems.length} against the dependency rule`);
process.exitCode = problems.length > 0 || imports === 0 ? 1 : 0;
