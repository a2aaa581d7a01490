import { DeploymentEntity } from './deployment.entity.js';
import { ModelEntity } from './model.entity.js';
import { ContributorEntity, ModelVersionEntity, TransitionEntity, VersionArtefactEntity, VoteEntity } from './version.entity.js';

/** The tables of this room that are written through TypeORM. */
export const modelEntities = [
  ModelEntity,
  ModelVersionEntity,
  VersionArtefactEntity,
  ContributorEntity,
  VoteEntity,
  TransitionEntity,
  DeploymentEntity,
];
