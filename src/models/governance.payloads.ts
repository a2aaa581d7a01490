import { Field, ObjectType, type ClassType } from 'type-graphql';
import { Deployment, Model, ModelVersion } from './model.types.js';

@ObjectType({ description: 'What `registerModel` did.', simpleResolvers: true })
export class RegisterModelPayload {
  @Field(() => Model, { description: 'The model.' }) model!: Model;
}

export interface VersionPayload {
  modelVersion: ModelVersion;
}

/** The payload of a mutation that leaves a version changed. */
function versionPayload(mutation: string): ClassType<VersionPayload> {
  @ObjectType(`${mutation[0]!.toUpperCase()}${mutation.slice(1)}Payload`, { description: `What \`${mutation}\` did.`, simpleResolvers: true })
  class Payload {
    @Field(() => ModelVersion, { description: 'The version as it stands now.' }) modelVersion!: ModelVersion;
  }
  return Payload;
}

export const RegisterModelVersionPayload = versionPayload('registerModelVersion');
export const EditModelVersionPayload = versionPayload('editModelVersion');
export const SubmitModelVersionPayload = versionPayload('submitModelVersion');
export const WithdrawModelVersionPayload = versionPayload('withdrawModelVersion');
export const ValidateModelVersionPayload = versionPayload('validateModelVersion');
export const ApproveModelVersionPayload = versionPayload('approveModelVersion');
export const RejectModelVersionPayload = versionPayload('rejectModelVersion');

@ObjectType({ description: 'What `deployModelVersion` did.', simpleResolvers: true })
export class DeployModelVersionPayload {
  @Field(() => Deployment, { description: 'The deployment, now current.' }) deployment!: Deployment;
}
