import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APPROVAL, CONSEQUENCES, EVALUATIONS, FINDINGS, POLICY, WAIVERS } from './parts/gates.js';
import { INVENTORY } from './parts/inventory.js';

/** Evidence that the release before has no place for: put aside on the way back where there is any, found again on the way forth as far as what it refers to is still there. */
const KEPT = [
  { table: 'gate_waivers', of: 'JOIN proposals p ON p.id = k.proposal_id' },
  { table: 'gate_evaluations', of: 'JOIN model_versions v ON v.id = k.version_id JOIN governance_policies g ON g.version = k.policy_version' },
  { table: 'gate_results', of: 'JOIN gate_evaluations e ON e.id = k.evaluation_id WHERE k.waiver_id IS NULL OR EXISTS (SELECT FROM gate_waivers w WHERE w.id = k.waiver_id)' },
  { table: 'findings', of: 'JOIN models m ON m.id = k.model_id' },
  { table: 'finding_resolutions', of: 'JOIN findings f ON f.id = k.finding_id' },
  { table: 'finding_verdicts', of: 'JOIN finding_resolutions r ON r.id = k.resolution_id' },
  // What is said at registration is written again on the way forth, unless it said something.
  { table: 'model_facts', of: 'JOIN models m ON m.id = k.model_id', where: 'id <> model_id OR num_nonnulls(permitted_use, limits) > 0' },
  { table: 'model_reviews', of: 'JOIN models m ON m.id = k.model_id' },
  { table: 'model_tier_changes', of: 'JOIN proposals p ON p.id = k.proposal_id JOIN models m ON m.id = k.model_id' },
] as const;

const setAside = ({ table, ...given }: (typeof KEPT)[number]): string => {
  const rows = `SELECT * FROM ${table}${'where' in given ? ` WHERE ${given.where}` : ''}`;
  return `DO $$ BEGIN IF EXISTS (${rows}) THEN CREATE TABLE kept_${table} AS ${rows}; END IF; END $$;`;
};

/** As it was: the rules look at what is written from now on. */
const takeBack = ({ table, of }: (typeof KEPT)[number]): string => `
  DO $$ BEGIN
    IF to_regclass('kept_${table}') IS NOT NULL THEN
      ALTER TABLE ${table} DISABLE TRIGGER USER;
      ${table === 'model_facts' ? 'DELETE FROM model_facts f USING kept_model_facts k WHERE k.id = f.id;' : ''}
      INSERT INTO ${table} SELECT k.* FROM kept_${table} k ${of};
      ALTER TABLE ${table} ENABLE TRIGGER USER;
      DROP TABLE kept_${table};
    END IF;
  END $$;`;

/** The rows of models say what the newest facts and reviews do. */
const REPEAT = `
  UPDATE models m SET permitted_use = f.permitted_use, limits = f.limits
    FROM (SELECT DISTINCT ON (model_id) * FROM model_facts ORDER BY model_id, recorded_at DESC, id DESC) f WHERE f.model_id = m.id;
  UPDATE models m SET next_review_at = r.next_review_at
    FROM (SELECT DISTINCT ON (model_id) * FROM model_reviews ORDER BY model_id, recorded_at DESC, id DESC) r WHERE r.model_id = m.id`;

/**
 * What a version must show before it is approved, what may be waived and until when, the weaknesses that validators
 * raise, and what the inventory says of a model. Evidence is append-only; what a model's row repeats of it is written by
 * the database alone.
 */
export class Gates1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [POLICY, WAIVERS, EVALUATIONS, FINDINGS, APPROVAL, INVENTORY, CONSEQUENCES]) await runner.query(part);
    await runner.query(KEPT.map(takeBack).join('') + REPEAT);
  }

  /** Models keep tier and owner as they are by then. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(KEPT.map(setAside).join(''));
    await runner.query(`
      CREATE OR REPLACE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text
      LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$ SELECT NULL::text $$;
      DROP TRIGGER refuse_lapsed_waiver ON deployments;
      DROP TRIGGER require_gates ON model_versions;
      DROP TRIGGER set_first_review ON models;
      DROP TRIGGER write_first_facts ON models;
      DROP VIEW finding_states;
      DROP TABLE model_tier_changes, model_reviews, model_facts, finding_verdicts, finding_resolutions, findings, gate_results, gate_evaluations, gate_waivers;
      ALTER TABLE models DROP COLUMN permitted_use, DROP COLUMN limits, DROP COLUMN next_review_at;
      DROP FUNCTION refuse_lapsed_waiver, waiver_expired, require_gates, set_first_review, keep_tier_changes, change_tier, keep_model_reviews, set_next_review,
        keep_facts, set_facts, write_first_facts, keep_verdicts, keep_resolutions, keep_findings, keep_evaluations, keep_waivers, is_maker, current_policy, review_months;
    `);
  }
}
