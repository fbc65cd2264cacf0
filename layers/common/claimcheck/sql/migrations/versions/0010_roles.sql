-- The roles that functions connect as (docs/database.md), and how long each may take: by ALTER ROLE, because
-- RDS Proxy refuses startup options. Roles belong to the whole server, where a second database may have made them:
-- what is here already stays. May be run by itself, and again, by whoever may create roles: on AWS the instance's
-- master user, before claimcheck_owner migrates (migrations/bringup.py). Errors with the code CLM01 are shown to
-- whoever deploys (migrations/deployment.py).
--
-- Each may log in, since RDS and its proxy authenticate the role that works, not a group of it. None has a password:
-- on AWS a token opens the connection, on a laptop `claimcheck up` gives them one. None has an attribute besides.
-- What a statement may take is less than what its function has, so that there is time left to say so:
--   api       functions of 15 and 28 s. A statement takes milliseconds; after 10 s the caller is told to come again.
--   worker    record has 30 s, sweep 50 for several of its batches, process 600 for an answer. A lease is 25 s long:
--             whoever has waited 5 s for a row tries again, and is heard of in time.
--   auth      the authorizer has 5 s: one look by key.
--   operator  an export reads much at a time.
--   owner     migrations: an index may take its hour, and each migration says itself how long it waits for a lock.
-- Who is idle inside of a transaction has died: nothing here waits for anybody while it holds one.
DO $$
DECLARE
  made record;
  setting record;
BEGIN
  FOR made IN SELECT * FROM (VALUES
    ('claimcheck_owner', '0', '0', '1min'),
    ('claimcheck_api', '10s', '5s', '5s'),
    ('claimcheck_worker', '20s', '5s', '5s'),
    ('claimcheck_auth', '2s', '1s', '2s'),
    ('claimcheck_operator', '1min', '5s', '10s')
  ) AS role (name, statement_timeout, lock_timeout, idle_in_transaction_session_timeout)
  LOOP
    IF to_regrole(made.name) IS NULL THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I LOGIN', made.name);
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL; -- by another database's migration, just now
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'the role % is missing, and % may not create roles', made.name, current_user
            USING ERRCODE = 'CLM01', HINT = 'Migrate as a user with CREATEROLE, or have an '
              'administrator run the file 0010_roles.sql once (docs/database.md).';
      END;
    END IF;
    IF made.name <> 'claimcheck_owner' AND (SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname = made.name) THEN
      RAISE EXCEPTION 'the role % has attributes that let it pass by its grants', made.name
        USING ERRCODE = 'CLM01', HINT = format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION', made.name);
    END IF;
    FOR setting IN SELECT key, value FROM jsonb_each_text(to_jsonb(made) - 'name')
      WHERE NOT EXISTS (SELECT FROM pg_roles
        WHERE rolname = made.name AND key || '=' || value = ANY (rolconfig))
    LOOP
      BEGIN
        EXECUTE format('ALTER ROLE %I SET %I = %L', made.name, setting.key, setting.value);
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role % lacks the setting % = %, and % may not give it', made.name, setting.key,
          setting.value, current_user USING ERRCODE = 'CLM01', HINT = 'Have an administrator run '
            'the file 0010_roles.sql once (docs/database.md).';
      END;
    END LOOP;
    -- On RDS: whoever is a member logs in with a token, and with nothing else.
    IF to_regrole('rds_iam') IS NOT NULL AND NOT pg_has_role(made.name, 'rds_iam', 'MEMBER') THEN
      EXECUTE format('GRANT rds_iam TO %I', made.name);
    END IF;
  END LOOP;
END $$;
