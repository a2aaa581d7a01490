import { AssayError, conflict, refused, sqlState } from '../platform/index.js';

const SENTENCES: Readonly<Record<string, () => AssayError>> = {
  AS001: () => refused('Who built, trained, edited or submitted a version may not vote on it. Ask an independent colleague.'),
  AS002: () => conflict('The vote names another dossier digest than the version has. Read the dossier again and vote for what it says now.'),
  AS003: () => refused('A submitted dossier cannot change. Register a new version.'),
  AS004: () => refused('Only an approved version can be deployed. Get the votes that its model requires first.'),
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

/** A no by a rule, as opposed to input that cannot be understood or a failure of ours. */
export const isRefusal = (error: unknown): error is AssayError =>
  error instanceof AssayError && ['FORBIDDEN', 'REFUSED', 'CONFLICT'].includes(error.code);
