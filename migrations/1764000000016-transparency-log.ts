import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The transparency log: which event is which entry of the tree, full tiles, and heads. All of it is written once. Events
 * stay where they were taken in; an entry is a number given to one.
 */
export class TransparencyLog1764000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The transaction that wrote an event: by it the log knows which events it cannot have seen yet.
      ALTER TABLE audit_intake ADD COLUMN xid xid8;
      UPDATE audit_intake SET xid = pg_current_xact_id();
      ALTER TABLE audit_intake ALTER COLUMN xid SET NOT NULL, ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
      CREATE INDEX audit_intake_by_xid ON audit_intake (xid);
      -- The event of a prediction has the prediction's id.
      UPDATE audit_intake SET id = (convert_from(leaf, 'UTF8')::jsonb ->> 'id')::uuid WHERE type = 'PREDICTION_RECORDED';

      -- A new epoch is a new tree under a new origin, opened by an operator after a restore; its first entry says why.
      CREATE TABLE log_epochs (
        epoch        integer PRIMARY KEY CHECK (epoch > 0),
        reason       text NOT NULL,
        -- The last checkpoint of the epoch before that anybody knows.
        predecessor  text,
        recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        CHECK ((epoch = 1) = (predecessor IS NULL))
      );
      INSERT INTO log_epochs (epoch, reason) VALUES (1, 'The log began.');

      -- No foreign keys beside the epoch: one would lock, and so rewrite, each event. That all is there is what verify checks.
      CREATE TABLE log_entries (
        epoch      integer NOT NULL REFERENCES log_epochs,
        index      bigint NOT NULL CHECK (index >= 0),
        intake_id  uuid NOT NULL UNIQUE,
        PRIMARY KEY (epoch, index)
      );

      -- C2SP tlog-tiles; only full ones, 256 hashes each.
      CREATE TABLE log_tiles (
        epoch   integer NOT NULL REFERENCES log_epochs,
        level   integer NOT NULL CHECK (level BETWEEN 0 AND 63),
        index   bigint NOT NULL CHECK (index >= 0),
        hashes  bytea NOT NULL CHECK (octet_length(hashes) = 8192),
        root    bytea NOT NULL CHECK (octet_length(root) = 32),
        PRIMARY KEY (epoch, level, index)
      );
      -- Hashes do not get smaller.
      ALTER TABLE log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

      -- Each head extends one other: two writers that extend the same one collide.
      CREATE TABLE log_heads (
        epoch        integer NOT NULL REFERENCES log_epochs,
        size         bigint NOT NULL CHECK (size > previous),
        previous     bigint NOT NULL CHECK (previous >= 0),
        root         bytea NOT NULL CHECK (octet_length(root) = 32),
        recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (epoch, size),
        UNIQUE (epoch, previous)
      );

      GRANT SELECT, INSERT ON log_epochs, log_entries, log_tiles, log_heads TO assay_app;
      GRANT SELECT ON log_epochs, log_entries, log_tiles, log_heads TO assay_reader;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE log_heads, log_tiles, log_entries, log_epochs;
      ALTER TABLE audit_intake DROP COLUMN xid;
    `);
  }
}
