import type { MigrationInterface, QueryRunner } from 'typeorm';
import { BEFORE } from './parts/before-no-way-round.js';
import { DEPLOYMENTS, GRANTS, PROPOSALS, VOTES } from './parts/no-way-round.js';

/**
 * Ways round the rules that plain SQL of the application had: ends and times of its own choice, deployments of no
 * length, confirmations by people of no role, artefacts of which nobody had noted the maker, snapshots of the past.
 */
export class NoWayRound1764000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [GRANTS, VOTES, PROPOSALS, DEPLOYMENTS]) await runner.query(part);
  }

  /** The rules of the release before; nothing that was recorded needs another place. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(BEFORE);
  }
}
