import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Signatures of heads: the log's own and those of its witnesses, written once. And epochs that follow others: how much of
 * the one before stands, so that what was entered behind that is entered anew.
 */
export class Witnesses1764000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- No foreign key to the heads: it would lock each head for every witness. That they fit is what verify checks.
      CREATE TABLE log_signatures (
        epoch        integer NOT NULL REFERENCES log_epochs,
        size         bigint NOT NULL CHECK (size > 0),
        -- The verifier key: name, id, type and key. The log's own name is its origin.
        signer       text NOT NULL CHECK (signer ~ '^[^+]+[+][0-9a-f]{8}[+][A-Za-z0-9+/=]+$'),
        -- As in a signed note, without the id of the key: 64 bytes of Ed25519, after 8 of time where it is a cosignature.
        signature    bytea NOT NULL CHECK (octet_length(signature) IN (64, 72)),
        recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (epoch, size, signer)
      );
      -- What a signer signed last.
      CREATE INDEX log_signatures_by_signer ON log_signatures (epoch, signer, size);
      GRANT SELECT, INSERT ON log_signatures TO assay_app;
      GRANT SELECT ON log_signatures TO assay_reader;

      ALTER TABLE log_epochs
        -- How many entries of the epoch before stand: those that its last known checkpoint is proven to cover.
        ADD COLUMN kept bigint CHECK (kept >= 0),
        -- Epochs follow one another without a gap.
        ADD COLUMN follows integer GENERATED ALWAYS AS (NULLIF(epoch - 1, 0)) STORED REFERENCES log_epochs (epoch);
      -- An epoch that an earlier release opened took over all of the one before.
      UPDATE log_epochs n SET kept = (SELECT coalesce(max(size), 0) FROM log_heads h WHERE h.epoch = n.epoch - 1) WHERE epoch > 1;
      ALTER TABLE log_epochs ADD CONSTRAINT log_epochs_first_keeps_nothing CHECK ((epoch = 1) = (kept IS NULL));

      -- What was entered behind the end of what stands is entered again.
      ALTER TABLE log_entries DROP CONSTRAINT log_entries_intake_id_key, ADD CONSTRAINT log_entries_intake_id_key UNIQUE (intake_id, epoch);

      -- The one place of each event: what stands of the epochs before, and all of the newest.
      CREATE VIEW log_standing AS
        SELECT e.epoch, e.index, e.intake_id FROM log_entries e LEFT JOIN log_epochs n ON n.epoch = e.epoch + 1 WHERE n.kept IS NULL OR e.index < n.kept;
      GRANT SELECT ON log_standing TO assay_app, assay_reader;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW log_standing;
      -- An event has one entry again: of an epoch that another follows, only what stands is left.
      DELETE FROM log_entries e USING log_epochs n WHERE n.epoch = e.epoch + 1 AND e.index >= n.kept;
      DELETE FROM log_heads h USING log_epochs n WHERE n.epoch = h.epoch + 1 AND h.size > n.kept;
      DELETE FROM log_tiles t USING log_epochs n WHERE n.epoch = t.epoch + 1 AND (t.index + 1)::numeric * 256::numeric ^ (t.level + 1) > n.kept;
      ALTER TABLE log_entries DROP CONSTRAINT log_entries_intake_id_key, ADD CONSTRAINT log_entries_intake_id_key UNIQUE (intake_id);
      ALTER TABLE log_epochs DROP COLUMN follows, DROP COLUMN kept;
      DROP TABLE log_signatures;
    `);
  }
}
