import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When something was recorded is said by the database's clock, and nobody with the application's credentials can say another time. */
const TABLES = ['customers', 'customer_facts', 'loans', 'loan_facts', 'repayments', 'outcomes', 'audit_intake', 'log_epochs', 'log_heads', 'log_signatures'];

/** Of the log also which transaction it was: the sequencer looks for events by it. */
const GIVEN = ['recorded_at', 'xid'];

export class TimesAreTheDatabases1764000000026 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$
      DECLARE
        target text;
        columns text;
      BEGIN
        FOREACH target IN ARRAY ARRAY[${TABLES.map((table) => `'${table}'`).join(', ')}] LOOP
          SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
           WHERE attrelid = target::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL (ARRAY[${GIVEN.map((column) => `'${column}'`).join(', ')}]);
          EXECUTE format('REVOKE INSERT ON %I FROM assay_app', target);
          EXECUTE format('GRANT INSERT (%s) ON %I TO assay_app', columns, target);
        END LOOP;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`REVOKE INSERT ON ${table} FROM assay_app; GRANT INSERT ON ${table} TO assay_app`);
  }
}
