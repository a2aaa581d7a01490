import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CLOCKS, PROPOSALS, PROPOSALS_BEFORE, RULES, TABLES } from './parts/retention.js';

const OURS = `kind IN ('ERASE_CUSTOMER', 'CHANGE_RETENTION')`;

/** What the release before has no place for, in the order in which it refers to each other; found again on the way forth. */
const KEPT = [
  { table: 'proposals', where: OURS, of: 'JOIN users u ON u.id = k.proposed_by' },
  { table: 'proposal_decisions', where: `proposal_id IN (SELECT id FROM proposals WHERE ${OURS})`, of: 'JOIN proposals p ON p.id = k.proposal_id' },
  { table: 'role_grants', where: `role = 'PRIVACY_OFFICER'`, of: 'JOIN users u ON u.id = k.user_id' },
  { table: 'retention_rules', where: 'proposal_id IS NOT NULL', of: 'JOIN proposals p ON p.id = k.proposal_id' },
  { table: 'legal_holds', where: 'true', of: 'JOIN customers c ON c.id = k.customer_id' },
  { table: 'legal_hold_ends', where: 'true', of: 'JOIN legal_holds h ON (h.customer_id, h.id) = (k.customer_id, k.hold_id)' },
  { table: 'erasures', where: 'true', of: 'JOIN customers c ON c.id = k.customer_id JOIN proposals p ON p.id = k.proposal_id' },
  { table: 'erasure_ends', where: 'true', of: 'JOIN erasures e ON e.customer_id = k.customer_id' },
] as const;

const setAside = ({ table, where }: (typeof KEPT)[number]): string => `
  DO $$ BEGIN
    IF EXISTS (SELECT FROM ${table} WHERE ${where}) THEN CREATE TABLE kept_privacy_${table} AS SELECT * FROM ${table} WHERE ${where}; END IF;
  END $$;`;

/** As it was: the rules look at what is written from now on. */
const takeBack = ({ table, of }: (typeof KEPT)[number]): string => `
  DO $$ BEGIN
    IF to_regclass('kept_privacy_${table}') IS NOT NULL THEN
      ALTER TABLE ${table} DISABLE TRIGGER USER;
      INSERT INTO ${table} SELECT k.* FROM kept_privacy_${table} k ${of};
      ALTER TABLE ${table} ENABLE TRIGGER USER;
      DROP TABLE kept_privacy_${table};
    END IF;
  END $$;`;

/** Retention clocks, legal holds, erasure, and the blind index by which people are found although what is known of them is sealed. */
export class PersonalData1764000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [TABLES, CLOCKS, RULES, PROPOSALS, ...KEPT.map(takeBack)]) await runner.query(part);
  }

  /** Who was erased stays so: their keys are gone. The blind index is derived: assay keys index writes it again. */
  async down(runner: QueryRunner): Promise<void> {
    for (const kept of KEPT) await runner.query(setAside(kept));
    await runner.query(`
      ${['customer_identifiers', 'customer_facts', 'loans', 'loan_facts', 'legal_holds', 'decision_reviews', 'decision_overrides', 'counteroffers'].map((table) => `DROP TRIGGER refuse_erased ON ${table};`).join('\n')}
      DROP TABLE erasure_ends, erasures, legal_hold_ends, legal_holds, retention_rules, customer_identifiers;
      DROP FUNCTION keep_retention_rules, keep_holds, keep_erasures, refuse_erased, keep_identifiers, retention_state, retention_clocks;
      DELETE FROM role_grants WHERE role = 'PRIVACY_OFFICER';
      DELETE FROM proposal_decisions d USING proposals p WHERE p.id = d.proposal_id AND p.${OURS};
      DELETE FROM proposals WHERE ${OURS};
    `);
    await runner.query(PROPOSALS_BEFORE);
  }
}
