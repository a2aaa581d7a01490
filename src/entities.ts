import { modelEntities } from './models/index.js';
import { decisionEntities, JobEntity } from './predictions/index.js';
import { RoleGrantEntity } from './security/index.js';

/** The classes TypeORM maps to tables. The big tables are written by COPY and read as rows; they have none. */
export const entities: Function[] = [RoleGrantEntity, ...modelEntities, JobEntity, ...decisionEntities];
