import type { MigrationInterface, QueryRunner } from 'typeorm';
import { BEFORE, NOW } from './parts/overrides-and-reviews.js';

/**
 * Nobody gets past the limit for one person by lowering the principal for a moment, nor past a review by scoring again:
 * what a decision is worth is the most that its loan was worth since, an override of one person ends where the loan
 * outgrows it, and a review is of the newest decision of its loan. Who decides is an underwriter when it is written.
 */
export class OverridesAndReviews1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NOW);
    await runner.query(`
      -- What was referred to a person is found without reading the rest of the history.
      CREATE INDEX predictions_referred ON predictions (id) WHERE decision = 'REFER' AND purpose = 'ORIGINATION';
      CREATE INDEX decision_overrides_referred ON decision_overrides (id) WHERE decision = 'REFER';
    `);
  }

  /** What was recorded fits the release before as it is; only the rules go. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX predictions_referred, decision_overrides_referred');
    await runner.query(BEFORE);
    await runner.query('DROP FUNCTION has_part_in_review, open_reviews_of_loan, override_ends, facts_since_decision, newest_decision, lock_decisions, granted_now');
  }
}
