export {
  embeddedUrls, findEmbeddedPostgres, hasEmbeddedData, isAlive, prepareEmbeddedDatabase, removeEmbeddedPostgres, startEmbeddedPostgres,
  type EmbeddedOptions, type EmbeddedPostgres, type RolePasswords,
} from './embedded.js';
export { recoverEmbeddedPostgres, type Recovered, type Recovery } from './recover.js';
export { archiveFailure } from './archiver.js';
