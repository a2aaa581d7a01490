import { Length } from 'class-validator';
import { Field, Float, ID, InputType, ObjectType } from 'type-graphql';
import { JobType } from '../../predictions/index.js';

@InputType({ description: 'Of what evidence is taken out: a customer, a version, or a period; with a customer or a version the period narrows it.' })
export class ExportEvidenceInput {
  @Field(() => ID, { nullable: true, description: 'Of this customer.' }) customerId?: string | null;
  @Field(() => ID, { nullable: true, description: 'Of what this version of a model predicted, with all acts about it.' }) versionId?: string | null;
  @Field(() => Date, { nullable: true, description: 'Of this time or later.' }) since?: Date | null;
  @Field(() => Date, { nullable: true, description: 'Of before this time.' }) before?: Date | null;

  @Length(1, 150, { message: 'requestId: give 1 to 150 characters.' })
  @Field(() => String, { description: 'Makes the call safe to repeat: nothing is exported twice.' })
  requestId!: string;
}

@ObjectType({ description: 'An export that began.', simpleResolvers: true })
export class ExportEvidencePayload {
  @Field(() => JobType, { description: 'Follow it by `job(id)`; done and total count predictions. When it is DONE, `evidenceExport(jobId)` lists its files.' }) job!: JobType;
}

@ObjectType({ description: 'A file of an export.', simpleResolvers: true })
export class EvidenceExportFile {
  @Field(() => String, { description: 'Its path within the export.' }) name!: string;
  @Field(() => Float, { description: 'How large it is.' }) bytes!: number;
  @Field(() => String, { description: 'SHA-256, hexadecimal.' }) sha256!: string;
  @Field(() => Float, { nullable: true, description: 'How many predictions or events it holds.' }) rows!: number | null;
  @Field(() => String, { description: 'Where to GET it, with the same token.' }) path!: string;
}

@ObjectType({ description: 'An export that is complete: a folder that verifies with no server and no database (`assay verify --evidence`).', simpleResolvers: true })
export class EvidenceExport {
  @Field(() => String, { description: 'SHA-256 of manifest.json, as the event EXPORT_COMPLETED names it.' }) manifestSha256!: string;
  @Field(() => Float, { description: 'How many predictions are in it.' }) predictions!: number;
  @Field(() => Float, { description: 'How many other events are in it.' }) events!: number;
  @Field(() => Date, { description: 'Nothing that was recorded later is in it.' }) until!: Date;
  @Field(() => [EvidenceExportFile], { description: 'manifest.json first.' }) files!: readonly EvidenceExportFile[];
}
