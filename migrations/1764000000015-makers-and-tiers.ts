import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What nobody decides for their own model alone: a new model is of the highest tier, and only two people make it less.
 * Nor do two people set a policy under which votes, waivers and gates would mean nothing.
 */
export class MakersAndTiers1764000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION begin_high() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF NEW.tier IS DISTINCT FROM 'HIGH' THEN
          RAISE EXCEPTION 'A new model is of tier HIGH.' USING ERRCODE = 'AS071';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER begin_high BEFORE INSERT ON models FOR EACH ROW EXECUTE FUNCTION begin_high();

      -- The first policy lies inside; one from before that lies outside stands until it is changed.
      CREATE FUNCTION keep_policy_limits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        IF EXISTS (SELECT FROM (VALUES ('{voteDays}', 1, 90), ('{waiverDays}', 1, 180), ('{gates,aucMargin}', 0, 0.05), ('{gates,mostCalibrationError}', 0, 0.2),
                     ('{gates,mostPsi}', 0, 0.5), ('{gates,mostResidual}', 0, 0.5), ('{gates,leastFairnessRatio}', 0.5, 1),
                     ('{gates,mostMilliseconds}', 0, 2000), ('{gates,mostBytes}', 1, 536870912)) AS limits (path, least, most)
                   WHERE coalesce((NEW.body::jsonb #>> path::text[])::numeric, -1) NOT BETWEEN least AND most) THEN
          RAISE EXCEPTION 'A value of the policy lies outside of its limits.' USING ERRCODE = 'AS072';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER keep_policy_limits BEFORE INSERT ON governance_policies FOR EACH ROW EXECUTE FUNCTION keep_policy_limits();
    `);
  }

  /** Tiers and policies stay as they are by then. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER keep_policy_limits ON governance_policies;
      DROP TRIGGER begin_high ON models;
      DROP FUNCTION keep_policy_limits, begin_high;
    `);
  }
}
