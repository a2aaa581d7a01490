// SQL of the migration of gates: what the inventory says of models.

export const INVENTORY = `
  ALTER TABLE models ADD COLUMN permitted_use text, ADD COLUMN limits text, ADD COLUMN next_review_at timestamptz;
  UPDATE models SET next_review_at = recorded_at + make_interval(months => review_months(tier));
  ALTER TABLE models ALTER COLUMN next_review_at SET NOT NULL;

  -- The first review runs from registration.
  CREATE FUNCTION set_first_review() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    NEW.next_review_at := now() + make_interval(months => review_months(NEW.tier));
    RETURN NEW;
  END $$;
  CREATE TRIGGER set_first_review BEFORE INSERT ON models FOR EACH ROW EXECUTE FUNCTION set_first_review();

  -- What the inventory says of a model since: all of it, each time something changes.
  CREATE TABLE model_facts (
    id             uuid PRIMARY KEY,
    model_id       uuid NOT NULL REFERENCES models,
    permitted_use  text CHECK (permitted_use ~ '\\S'),
    limits         text CHECK (limits ~ '\\S'),
    owner_id       uuid NOT NULL REFERENCES users,
    reason         text NOT NULL CHECK (reason ~ '\\S'),
    by_user        uuid NOT NULL REFERENCES users,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX model_facts_by_model ON model_facts (model_id, id);
  INSERT INTO model_facts (id, model_id, permitted_use, limits, owner_id, reason, by_user, recorded_at)
    SELECT m.id, m.id, m.permitted_use, m.limits, m.owner_id, 'Registered.', m.owner_id, m.recorded_at FROM models m;

  CREATE TABLE model_reviews (
    id              uuid PRIMARY KEY,
    model_id        uuid NOT NULL REFERENCES models,
    outcome         text NOT NULL CHECK (outcome IN ('FIT', 'FIT_WITH_CONDITIONS', 'UNFIT')),
    comment         text NOT NULL CHECK (comment ~ '\\S'),
    next_review_at  timestamptz NOT NULL,
    reviewed_by     uuid NOT NULL REFERENCES users,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (next_review_at > recorded_at)
  );
  CREATE INDEX model_reviews_by_model ON model_reviews (model_id, id);

  CREATE TABLE model_tier_changes (
    id           uuid PRIMARY KEY,
    model_id     uuid NOT NULL REFERENCES models,
    from_tier    text NOT NULL,
    to_tier      text NOT NULL CHECK (to_tier IN ('HIGH', 'MEDIUM', 'LOW')),
    proposal_id  uuid NOT NULL UNIQUE REFERENCES proposals,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (from_tier <> to_tier)
  );
  CREATE INDEX model_tier_changes_by_model ON model_tier_changes (model_id, id);

  -- The rows of models repeat the newest of these. Only the database writes them there: the application has no such privilege.
  CREATE FUNCTION keep_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    PERFORM FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_facts BEFORE INSERT ON model_facts FOR EACH ROW EXECUTE FUNCTION keep_facts();
  CREATE FUNCTION set_facts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    UPDATE models m SET permitted_use = NEW.permitted_use, limits = NEW.limits, owner_id = NEW.owner_id WHERE m.id = NEW.model_id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER set_facts AFTER INSERT ON model_facts FOR EACH ROW EXECUTE FUNCTION set_facts();
  -- What was said at registration is the first of them.
  CREATE FUNCTION write_first_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    INSERT INTO model_facts (id, model_id, permitted_use, limits, owner_id, reason, by_user)
      VALUES (NEW.id, NEW.id, NEW.permitted_use, NEW.limits, NEW.owner_id, 'Registered.', NEW.owner_id);
    RETURN NULL;
  END $$;
  CREATE TRIGGER write_first_facts AFTER INSERT ON models FOR EACH ROW EXECUTE FUNCTION write_first_facts();

  -- Nobody reviews a model that they own, or of which they made the version that decides. The policy says how far the next date may lie.
  CREATE FUNCTION keep_model_reviews() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    reviewed models;
  BEGIN
    SELECT * INTO reviewed FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    IF reviewed.owner_id = NEW.reviewed_by OR EXISTS (
         SELECT FROM deployments d WHERE d.model_id = NEW.model_id AND d.role = 'CHAMPION' AND d.valid_to IS NULL AND is_maker(NEW.reviewed_by, d.version_id)) THEN
      RAISE EXCEPTION 'Nobody reviews a model that they own or made.' USING ERRCODE = 'AS057';
    END IF;
    IF NEW.next_review_at > NEW.recorded_at + make_interval(months => review_months(reviewed.tier)) THEN
      RAISE EXCEPTION 'The next review lies too far ahead.' USING ERRCODE = 'AS058';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_model_reviews BEFORE INSERT ON model_reviews FOR EACH ROW EXECUTE FUNCTION keep_model_reviews();
  CREATE FUNCTION set_next_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    UPDATE models m SET next_review_at = NEW.next_review_at WHERE m.id = NEW.model_id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER set_next_review AFTER INSERT ON model_reviews FOR EACH ROW EXECUTE FUNCTION set_next_review();

  CREATE FUNCTION keep_tier_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    tier_now text;
  BEGIN
    SELECT m.tier INTO tier_now FROM models m WHERE m.id = NEW.model_id FOR NO KEY UPDATE;
    NEW.recorded_at := clock_timestamp();
    IF tier_now IS DISTINCT FROM NEW.from_tier OR NOT proposal_confirmed(NEW.proposal_id, 'CHANGE_TIER', NEW.model_id)
      OR (SELECT p.payload ->> 'tier' FROM proposals p WHERE p.id = NEW.proposal_id) IS DISTINCT FROM NEW.to_tier THEN
      RAISE EXCEPTION 'A tier is changed by two people.' USING ERRCODE = 'AS059';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER keep_tier_changes BEFORE INSERT ON model_tier_changes FOR EACH ROW EXECUTE FUNCTION keep_tier_changes();
  -- A tier that is reviewed more often brings the next review forward; none puts it off.
  CREATE FUNCTION change_tier() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  BEGIN
    UPDATE models m SET tier = NEW.to_tier, next_review_at = least(m.next_review_at, NEW.recorded_at + make_interval(months => review_months(NEW.to_tier)))
      WHERE m.id = NEW.model_id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER change_tier AFTER INSERT ON model_tier_changes FOR EACH ROW EXECUTE FUNCTION change_tier();

  GRANT SELECT, INSERT ON model_facts, model_reviews, model_tier_changes TO assay_app;
  GRANT SELECT ON model_facts, model_reviews, model_tier_changes TO assay_reader`;
