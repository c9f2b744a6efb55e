// What the transparency log stands on, in the schema of the service whose events it is about.

/**
 * The tables, as a migration's text.
 * @param schema a plain identifier; it must have a function `refuse_change` that is a trigger's
 */
export const logTables = (schema: string): string => `
      -- Commitments that have no place in the log yet. Written with their events, in one transaction.
      CREATE TABLE ${schema}.log_pending (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event uuid NOT NULL UNIQUE,
        commitment bytea NOT NULL UNIQUE
      );

      -- The order of the log, settled once and for all.
      CREATE TABLE ${schema}.log_entry (
        index bigint PRIMARY KEY,
        event uuid NOT NULL UNIQUE,
        commitment bytea NOT NULL UNIQUE
      );
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.log_entry
        FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change();
      ALTER TABLE ${schema}.log_entry ENABLE ALWAYS TRIGGER append_only;

      -- The tree, in files as c2sp.org/tlog-tiles has them.
      CREATE TABLE ${schema}.log_tile (
        path text PRIMARY KEY,
        bytes bytea NOT NULL
      );

      -- The last head that was signed, as a note.
      CREATE TABLE ${schema}.log_head (
        only boolean PRIMARY KEY DEFAULT true CHECK (only),
        size bigint NOT NULL,
        root bytea NOT NULL,
        checkpoint text NOT NULL,
        signed_at timestamptz NOT NULL DEFAULT now()
      );`;

/** What the schema's service may do with them. @param user an escaped identifier */
export const logGrants = (schema: string, user: string): string => `
  GRANT SELECT, INSERT, DELETE ON ${schema}.log_pending TO ${user};
  GRANT SELECT, INSERT ON ${schema}.log_entry, ${schema}.log_tile TO ${user};
  GRANT SELECT, INSERT, UPDATE ON ${schema}.log_head TO ${user};`;
