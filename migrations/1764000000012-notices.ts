import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A counteroffer says what it rests on. What the model found is no reason where the model approves, so there a reason is
 * needed; rows of earlier releases keep none.
 */
export class Notices1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE counteroffers ADD COLUMN reason_code text CHECK (reason_code ~ '^[A-Z][A-Z_]{1,60}$');
      DO $$ BEGIN
        IF to_regclass('kept_counteroffer_reasons') IS NOT NULL THEN
          UPDATE counteroffers c SET reason_code = k.reason_code FROM kept_counteroffer_reasons k WHERE (k.customer_id, k.id) = (c.customer_id, c.id);
          DROP TABLE kept_counteroffer_reasons;
        END IF;
      END $$;

      CREATE FUNCTION keep_counteroffers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        answered record;
      BEGIN
        SELECT p.decision, p.purpose INTO answered FROM predictions p
          WHERE p.customer_id = NEW.customer_id AND p.id = NEW.prediction_id AND p.decision IS NOT NULL AND p.purpose <> 'WHAT_IF';
        IF NOT FOUND THEN
          RAISE EXCEPTION 'A counteroffer answers a decision.' USING ERRCODE = 'AS091';
        END IF;
        IF answered.purpose <> 'ORIGINATION' THEN
          RAISE EXCEPTION 'A counteroffer answers an application.' USING ERRCODE = 'AS122';
        END IF;
        IF answered.decision = 'APPROVE' AND NEW.reason_code IS NULL THEN
          RAISE EXCEPTION 'Where the model approves, a counteroffer needs a reason of its own.' USING ERRCODE = 'AS121';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER keep_counteroffers BEFORE INSERT ON counteroffers FOR EACH ROW EXECUTE FUNCTION keep_counteroffers();

      -- When a person's REFER expires, the model's decision comes into force: those are looked for by that time.
      CREATE INDEX decision_overrides_put_off ON decision_overrides (expires_at) WHERE decision = 'REFER';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM counteroffers WHERE reason_code IS NOT NULL) THEN
          CREATE TABLE kept_counteroffer_reasons AS SELECT customer_id, id, reason_code FROM counteroffers WHERE reason_code IS NOT NULL;
        END IF;
      END $$;
      DROP INDEX decision_overrides_put_off;
      DROP TRIGGER keep_counteroffers ON counteroffers;
      DROP FUNCTION keep_counteroffers;
      ALTER TABLE counteroffers DROP COLUMN reason_code;
    `);
  }
}
