import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Leaves of predictions are stored packed: their digests and ids as bytes, not as digits. What is stored stays as it is, and
 * is read as before.
 */
export class PackedLeaves1764000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The leaf's own bytes, as packing.ts makes them; of bytes that nobody packed, themselves.
      CREATE FUNCTION unpacked_leaf(stored bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
      DECLARE
        flags integer; artefact integer; deployment integer; dossier integer; status text; milliseconds bigint;
      BEGIN
        IF octet_length(stored) < 2 OR get_byte(stored, 0) <> 1 THEN RETURN stored; END IF;
        flags := get_byte(stored, 1);
        artefact := CASE WHEN flags & 1 > 0 THEN 0 ELSE 32 END;
        deployment := CASE WHEN flags & 2 > 0 THEN 0 ELSE 16 END;
        dossier := CASE WHEN flags & 4 > 0 THEN 0 ELSE 32 END;
        status := (ARRAY['SCORED', 'REFUSED', 'FAILED'])[(flags >> 3) + 1];
        IF status IS NULL OR octet_length(stored) <> 8 + 32 + 96 + artefact + deployment + dossier THEN RETURN stored; END IF;
        milliseconds := ('x' || encode(substr(stored, 3, 6), 'hex'))::bit(48)::bigint;
        RETURN convert_to(format(
          '{"actor":"%s","artefact":%s,"columns":"%s","commitment":"%s","deployment":%s,"dossier":%s,"id":"%s","record":"%s","status":"%s","time":"%s","type":"PREDICTION_RECORDED","v":1}',
          encode(substr(stored, 9, 16), 'hex')::uuid,
          coalesce('"' || encode(nullif(substr(stored, 137, artefact), ''), 'hex') || '"', 'null'),
          encode(substr(stored, 41, 32), 'hex'), encode(substr(stored, 73, 32), 'hex'),
          coalesce('"' || encode(nullif(substr(stored, 137 + artefact, deployment), ''), 'hex')::uuid || '"', 'null'),
          coalesce('"' || encode(nullif(substr(stored, 137 + artefact + deployment, dossier), ''), 'hex') || '"', 'null'),
          encode(substr(stored, 25, 16), 'hex')::uuid, encode(substr(stored, 105, 32), 'hex'), status,
          to_char(date '1970-01-01' + (milliseconds / 86400000)::integer + (milliseconds % 86400000) * interval '1 millisecond', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'UTF8');
      END $$;
      GRANT EXECUTE ON FUNCTION unpacked_leaf TO assay_app, assay_reader;
    `);
  }

  /** The release before reads only what is not packed. Written by the owner alone, whom the rules of the table do not stop. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE audit_intake SET leaf = unpacked_leaf(leaf) WHERE get_byte(leaf, 0) = 1;
      DROP FUNCTION unpacked_leaf;
    `);
  }
}
