import type { Command } from 'commander';

interface Verb {
  readonly says: string;
  /** Its options, arguments and action. Imported when the verb is used: all together they take seconds to load. */
  readonly load: () => Promise<(command: Command) => void>;
}

/** One entry, many verbs. */
const VERBS: Readonly<Record<string, Verb>> = {
  demo: {
    says: 'The main job, end to end: import a book, train, approve, deploy, score, explain, replay, then serve.',
    load: async () => (await import('./demo.js')).demoCommand,
  },
  serve: {
    says: 'Serve the API until Ctrl-C.',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  migrate: {
    says: 'Bring the database at DATABASE_OWNER_URL up to date, or take migrations back. (The embedded database migrates itself.)',
    load: async () => (await import('./migrate.js')).migrateCommand,
  },
  'access-admins': {
    says: 'Name the people who keep the roles of others, at the beginning or when fewer than two are left. Everybody else gets roles from them.',
    load: async () => (await import('./access-admins.js')).accessAdminsCommand,
  },
  import: {
    says: 'Import a book of customers, loans, repayments and outcomes from a CSV file. All of it or nothing, unless told to skip bad rows.',
    load: async () => (await import('./import.js')).importCommand,
  },
  train: {
    says: 'Train a version on the recorded book and write it into a folder, with everything to judge it by. Nothing in the database changes.',
    load: async () => (await import('./train/command.js')).trainCommand,
  },
  register: {
    says: 'Register a trained version as a DRAFT: its artefacts are stored, loaded, and their parity is checked again.',
    load: async () => (await import('./register/command.js')).registerCommand,
  },
  score: {
    says: 'Score loans: recorded ones with the live version, each prediction recorded; or with --folder the rows of a file with an unregistered version, nothing recorded.',
    load: async () => (await import('./score/command.js')).scoreCommand,
  },
  inventory: {
    says: 'Print the inventory of models by their next review: owners, uses, limits, what decides, open findings and alerts. What an examiner asks for first.',
    load: async () => (await import('./inventory.js')).inventoryCommand,
  },
  card: {
    says: 'Write the model card of a registered version: what it is for, how well it does and for whom, who approved it, how to check it (docs/model-card.md).',
    load: async () => (await import('./card.js')).cardCommand,
  },
  export: {
    says: 'Export what anyone can check: a registered version into a folder, with its dossier, every artefact, the votes, its model cards and the digests of all (docs/model-card.md); or a prediction into a file, with all that proves it.',
    load: async () => (await import('./export/command.js')).exportCommand,
  },
  evidence: {
    says: 'Export evidence of a customer, a version or a period into a folder that verifies with no server and no database: predictions with their proofs, acts, model cards, keys (docs/transparency-log.md).',
    load: async () => (await import('./evidence.js')).evidenceCommand,
  },
  verify: {
    says: 'Check the whole transparency log from the database; or, with --replay, compute recorded predictions again; or what was exported, with no server and no database: --folder for a version, --offline for a prediction, --evidence for a whole export. Exit 1 with what is wrong.',
    load: async () => (await import('./verify/command.js')).verifyCommand,
  },
  backup: {
    says: 'Back the database up, while it is in use: dump, or base with the write-ahead log for recovery to a point in time (docs/backup.md).',
    load: async () => (await import('./backup/command.js')).backupCommand,
  },
  restore: {
    says: 'Restore what assay backup wrote, and verify it: dump into a new database, base to its end or to a point in time (docs/backup.md).',
    load: async () => (await import('./restore/command.js')).restoreCommand,
  },
  log: {
    says: 'Whether the transparency log signs, and what its witnesses say (status); a new epoch, where it cannot go on (new-epoch).',
    load: async () => (await import('./log/command.js')).logCommand,
  },
  witness: {
    says: 'A small witness of transparency logs (C2SP tlog-witness) on the loopback address, for trying and for tests, until Ctrl-C.',
    load: async () => (await import('./witness.js')).witnessCommand,
  },
  keys: {
    says: 'Look at the keys of customers (status), give them new ones (rotate), forget old key-encryption keys (retire), write the index of national ids and e-mail addresses (index): docs/personal-data.md.',
    load: async () => (await import('./keys.js')).keysCommand,
  },
  retention: {
    says: 'Tell how long personal data is still kept, what is due for erasure, and finish erasures that were decided: docs/personal-data.md.',
    load: async () => (await import('./retention.js')).retentionCommand,
  },
  token: {
    says: 'Print a token of the development issuer (needs DEV_ISSUER=1 on the server; never in production).',
    load: async () => (await import('./token.js')).tokenCommand,
  },
  schema: {
    says: 'Write schema.graphql from the resolvers, or check that the committed one is up to date.',
    load: async () => (await import('./schema.js')).schemaCommand,
  },
  bench: {
    says: 'Measure this machine: each figure beside its bar.',
    load: async () => (await import('./bench.js')).benchCommand,
  },
};

export function addCommands(program: Command): void {
  for (const [name, { says }] of Object.entries(VERBS)) program.command(name).description(says);
  program.hook('preSubcommand', async (_, command) => {
    const verb = VERBS[command.name()];
    if (verb) (await verb.load())(command);
  });
}
