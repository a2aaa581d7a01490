import type { Command } from 'commander';
import { benchCommand } from './bench.js';
import { cardCommand } from './card.js';
import { demoCommand } from './demo.js';
import { exportCommand } from './export/command.js';
import { importCommand } from './import.js';
import { inventoryCommand } from './inventory.js';
import { migrateCommand } from './migrate.js';
import { registerCommand } from './register/command.js';
import { schemaCommand } from './schema.js';
import { scoreCommand } from './score/command.js';
import { serveCommand } from './serve.js';
import { tokenCommand } from './token.js';
import { accessAdminsCommand } from './access-admins.js';
import { trainCommand } from './train/command.js';
import { verifyCommand } from './verify/command.js';

/** One entry, many verbs. */
export function addCommands(program: Command): void {
  for (const add of [demoCommand, serveCommand, migrateCommand, accessAdminsCommand, importCommand, trainCommand, registerCommand, scoreCommand, inventoryCommand, cardCommand, exportCommand, verifyCommand, tokenCommand, schemaCommand, benchCommand]) add(program);
}
