import type { MigrationInterface, QueryRunner } from 'typeorm';
import { BEFORE, DEPLOYMENTS, REASSIGNMENTS, REPLACED, REVIEWS } from './parts/reviews.js';

const KEPT = 'kept_finding_reassignments';

/**
 * A model that was found unfit does not decide; a policy that asks for reviews more often binds models that are there;
 * findings change hands, and a HIGH one keeps what it is about from being deployed.
 */
export class ReviewsAndFindings1764000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [REASSIGNMENTS, ...REPLACED, REVIEWS, DEPLOYMENTS]) await runner.query(part);
    // As it was: the rules look at what is written from now on.
    await runner.query(`
      DO $$ BEGIN
        IF to_regclass('${KEPT}') IS NOT NULL THEN
          ALTER TABLE finding_reassignments DISABLE TRIGGER USER;
          INSERT INTO finding_reassignments SELECT k.* FROM ${KEPT} k JOIN findings f ON f.id = k.finding_id;
          ALTER TABLE finding_reassignments ENABLE TRIGGER USER;
          DROP TABLE ${KEPT};
        END IF;
      END $$`);
  }

  /** Findings are their first owners' again; reviews keep the dates that they have by then. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DO $$ BEGIN
      IF EXISTS (SELECT FROM finding_reassignments) THEN CREATE TABLE ${KEPT} AS SELECT * FROM finding_reassignments; END IF;
    END $$`);
    for (const part of BEFORE) await runner.query(part);
    await runner.query(`
      DROP TRIGGER refuse_open_finding ON deployments;
      DROP TRIGGER bring_reviews_forward ON governance_policies;
      DROP TABLE finding_reassignments;
      DROP FUNCTION refuse_open_finding, blocked_by_finding, bring_reviews_forward, keep_reassignments`);
  }
}
