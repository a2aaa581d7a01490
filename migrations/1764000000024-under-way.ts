import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CLOCKS } from './parts/retention.js';
import { CLOCKS_UNDER_WAY, ERASURES_BEFORE, FORGET_REQUESTS, KEEP_ERASURES } from './parts/under-way.js';

/**
 * What is under way keeps a customer whatever retention rule is in force, and so does having been recorded lately. Requests
 * of earlier releases are forgotten with the end of an erasure, no longer under the lock of its decision.
 */
export class UnderWay1764000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [CLOCKS_UNDER_WAY, KEEP_ERASURES, FORGET_REQUESTS]) await runner.query(part);
  }

  /** The functions become those of the release before. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER forget_requests ON erasure_ends;
      DROP FUNCTION forget_requests;
      DROP INDEX idempotency_by_time;
    `);
    await runner.query(ERASURES_BEFORE);
    await runner.query(CLOCKS.replaceAll('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION'));
  }
}
