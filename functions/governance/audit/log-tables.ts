// What the transparency log stands on, in the schema of the service whose events it is about.

/**
 * The tables, as a migration's text.
 * @param schema a plain identifier
 * @param ledger the table of the events, in that schema: `id uuid`, `position bigint`, `commitment bytea`. What is in it already gets its place, too
 */
export const logTables = (schema: string, ledger: string): string => `
      CREATE FUNCTION ${schema}.refuse_change_of_log() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
      END $$;

      -- Commitments that have no place in the log yet.
      CREATE TABLE ${schema}.log_pending (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event uuid NOT NULL UNIQUE,
        commitment bytea NOT NULL UNIQUE
      );

      -- Every event of the ledger, in its own transaction, whoever writes it there: also a release that knows nothing of the log.
      CREATE FUNCTION ${schema}.into_the_log() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO ${schema}.log_pending (event, commitment) SELECT id, commitment FROM said ORDER BY position;
        RETURN NULL;
      END $$;
      CREATE TRIGGER into_the_log AFTER INSERT ON ${schema}.${ledger} REFERENCING NEW TABLE AS said
        FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.into_the_log();
      ALTER TABLE ${schema}.${ledger} ENABLE ALWAYS TRIGGER into_the_log;
      INSERT INTO ${schema}.log_pending (event, commitment) SELECT id, commitment FROM ${schema}.${ledger} ORDER BY position;

      -- The order of the log, settled once and for all.
      CREATE TABLE ${schema}.log_entry (
        index bigint PRIMARY KEY,
        event uuid NOT NULL UNIQUE,
        commitment bytea NOT NULL UNIQUE
      );
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.log_entry
        FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change_of_log();
      ALTER TABLE ${schema}.log_entry ENABLE ALWAYS TRIGGER append_only;

      -- Entries that are no events: what a log without any says, to be seen alive.
      CREATE TABLE ${schema}.log_heartbeat (
        event uuid PRIMARY KEY,
        at timestamptz NOT NULL
      );
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.log_heartbeat
        FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change_of_log();
      ALTER TABLE ${schema}.log_heartbeat ENABLE ALWAYS TRIGGER append_only;

      -- Entries that were taken back from what was published, of events that the database has lost.
      CREATE TABLE ${schema}.log_lost (
        event uuid PRIMARY KEY,
        found_at timestamptz NOT NULL DEFAULT now()
      );

      -- The tree: each tile as wide as it has become, under the path that it has once it is full (c2sp.org/tlog-tiles).
      CREATE TABLE ${schema}.log_tile (
        path text COLLATE "C" PRIMARY KEY,
        width integer NOT NULL CHECK (width BETWEEN 1 AND 256),
        bytes bytea NOT NULL
      );
      -- A tile only ever grows, by what comes after.
      CREATE FUNCTION ${schema}.grow_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF new.path = old.path AND new.width > old.width AND substr(new.bytes, 1, octet_length(old.bytes)) = old.bytes THEN
          RETURN new;
        END IF;
        RAISE EXCEPTION 'a tile of the log only grows: % is refused', old.path USING ERRCODE = 'insufficient_privilege';
      END $$;
      CREATE TRIGGER grow_only BEFORE UPDATE ON ${schema}.log_tile FOR EACH ROW EXECUTE FUNCTION ${schema}.grow_only();
      ALTER TABLE ${schema}.log_tile ENABLE ALWAYS TRIGGER grow_only;
      CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ${schema}.log_tile
        FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change_of_log();
      ALTER TABLE ${schema}.log_tile ENABLE ALWAYS TRIGGER append_only;

      -- The last head that was signed, as a note.
      CREATE TABLE ${schema}.log_head (
        id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
        size bigint NOT NULL,
        root bytea NOT NULL,
        checkpoint text NOT NULL,
        signed_at timestamptz NOT NULL DEFAULT now()
      );

      -- How far each store outside has the log.
      CREATE TABLE ${schema}.log_publication (
        store text PRIMARY KEY,
        size bigint NOT NULL DEFAULT 0,
        root bytea,
        checkpoint text,
        -- of the checkpoint there, where the store has such
        generation text,
        published_at timestamptz,
        -- until then an instance is at it
        leased_until timestamptz NOT NULL DEFAULT '-infinity',
        failing_since timestamptz
      );
      INSERT INTO ${schema}.log_publication (store) VALUES ('bucket'), ('vault');

      -- Logs of other regions that this one watches: the largest checkpoint that was consistent with all before.
      CREATE TABLE ${schema}.log_watch (
        origin text PRIMARY KEY,
        -- pinned at first sight, or configured
        key text NOT NULL,
        checkpoint text NOT NULL,
        -- the same with this region's cosignature
        cosigned text,
        grew_at timestamptz NOT NULL
      );`;

/** What the log keeps of erasures, of a release after the tables. */
export const erasureTable = (schema: string): string => `
      -- Entries that are no events: the erasures of subjects, by what the ledger knew them as.
      CREATE TABLE ${schema}.log_erasure (
        event uuid PRIMARY KEY,
        reference uuid NOT NULL UNIQUE,
        at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX erased_at ON ${schema}.log_erasure (at);
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.log_erasure
        FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change_of_log();
      ALTER TABLE ${schema}.log_erasure ENABLE ALWAYS TRIGGER append_only;`;

/** What the schema's service may do with them. @param user an escaped identifier */
export const logGrants = (schema: string, user: string): string => `
  GRANT SELECT, INSERT, DELETE ON ${schema}.log_pending TO ${user};
  GRANT SELECT, INSERT ON ${schema}.log_entry, ${schema}.log_heartbeat, ${schema}.log_erasure, ${schema}.log_lost TO ${user};
  GRANT SELECT, INSERT, UPDATE ON ${schema}.log_tile, ${schema}.log_head, ${schema}.log_watch TO ${user};
  GRANT SELECT, UPDATE ON ${schema}.log_publication TO ${user};`;
