export { takeBaseBackup, type BaseManifest } from './base.js';
export { takeDump, type DumpManifest } from './dump.js';
export { MANIFEST, sha256OfFile } from './files.js';
export { checkDump, loadDump } from './load.js';
export type { Scope } from './tables.js';
