export * from './train-version.js';
export * from './draft-dossier.js';
