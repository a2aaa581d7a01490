import type { MigrationInterface, QueryRunner } from 'typeorm';

const KINDS = `'ONNX', 'FEATURE_SCHEMA', 'REFERENCE_SET', 'PARITY_SAMPLE', 'LAYERS_MODEL'`;

const keepKinds = (kinds: string): string => `
  ALTER TABLE model_version_artefacts DROP CONSTRAINT model_version_artefacts_kind_check;
  ALTER TABLE model_version_artefacts ADD CONSTRAINT model_version_artefacts_kind_check CHECK (kind IN (${kinds}))`;

/** A version may carry the report of its making: quality of the data, trials, evaluation, importance. */
export class Reports1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(keepKinds(`${KINDS}, 'REPORT'`));
    // After a way back: what the dossiers name is a part of their versions again.
    await runner.query(`
      INSERT INTO model_version_artefacts (version_id, kind, sha256)
      SELECT v.id, 'REPORT', a.sha256 FROM model_versions v
      JOIN artefacts a ON a.sha256 = decode(v.dossier::jsonb #>> '{artefacts,report}', 'hex')`);
  }

  /** The reports go: the schema before knew no such artefact, and the dossiers that name them stay readable. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM model_version_artefacts WHERE kind = 'REPORT'`);
    await runner.query(keepKinds(KINDS));
  }
}
