import { conflict, refused, sqlState, type AssayError } from '../platform/index.js';

export { isRefusal } from '../security/index.js';

const SENTENCES: Readonly<Record<string, () => AssayError>> = {
  AS001: () => refused('Who built, trained, edited or submitted a version may not vote on it. Ask an independent colleague.'),
  AS002: () => conflict('The vote names another dossier digest than the version has. Read the dossier again and vote for what it says now.'),
  AS003: () => refused('A submitted dossier cannot change. Register a new version.'),
  AS004: () => refused('Only an approved version can be deployed. Get the votes that its model requires first.'),
  AS005: () => refused('The lifecycle of a version has no such step. Read its present state and what can be done from there.'),
  AS006: () => refused('The version lacks votes for its present dossier. Get the votes that its model requires first.'),
  AS007: () => refused('What has ended stays ended, at the time it ended. Make a new deployment or grant instead.'),
};

const CONSTRAINTS: Readonly<Record<string, () => AssayError>> = {
  one_champion: () => conflict('The model has another champion at this time. Look at its deployments and try again.'),
  models_name_key: () => conflict('There already is a model of this name. Use it, or choose another name.'),
  model_version_votes_version_id_user_id_key: () => conflict('You have voted on this version before; each person has one vote.'),
};

/** What the database refused, as the sentence a person needs; anything else as it is. */
export function translated(error: unknown): unknown {
  const state = sqlState(error) ?? '';
  const constraint = (error as { constraint?: string } | undefined)?.constraint ?? '';
  return (SENTENCES[state] ?? CONSTRAINTS[constraint])?.() ?? error;
}
