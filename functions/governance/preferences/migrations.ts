// The database of the preferences service, step by step. A step that was released is never edited: add one more.

import { erasureTable, logGrants, logTables } from "../audit/log-tables.ts";
import type { Migration, Schema } from "../migrator.ts";
import { telemetryDueIndex, telemetryGrants, telemetryTables } from "../telemetry/tables.ts";

export const schemaName = "preferences";

export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      -- What wraps the subjects' keys, itself wrapped by the region's key in KMS.
      CREATE TABLE preferences.keyring (
        id integer PRIMARY KEY,
        wrapped bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE preferences.subject (
        id text PRIMARY KEY,
        -- stands for the subject in the ledger: drawn at random, and known nowhere else
        reference uuid NOT NULL UNIQUE,
        -- what seals the subject's events, wrapped. Without it they can never be read again
        key bytea NOT NULL,
        -- grows by one with every change of consent
        epoch bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now()
      );

      -- What was said, sealed under the subject's key, and what the transparency log commits to.
      CREATE TABLE preferences.consent_ledger (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        reference uuid NOT NULL,
        epoch bigint NOT NULL,
        sealed bytea NOT NULL,
        commitment bytea NOT NULL UNIQUE CHECK (octet_length(commitment) = 32),
        recorded_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX of_subject ON preferences.consent_ledger (reference, position);

      -- What holds of it, in plain: a projection. It may be deleted, and is made again from the ledger.
      CREATE TABLE preferences.consent_state (
        subject text NOT NULL REFERENCES preferences.subject ON DELETE CASCADE,
        purpose text NOT NULL,
        epoch bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('granted', 'denied', 'withdrawn')),
        valid_until timestamptz,
        event uuid NOT NULL,
        PRIMARY KEY (subject, purpose)
      );

      CREATE FUNCTION preferences.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the consent ledger is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$;
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON preferences.consent_ledger
        FOR EACH STATEMENT EXECUTE FUNCTION preferences.refuse_change();
      -- ALWAYS: also where session_replication_role would switch triggers off.
      ALTER TABLE preferences.consent_ledger ENABLE ALWAYS TRIGGER append_only;

      -- What the edge must still hear: the whole consent record as of an epoch.
      CREATE TABLE preferences.consent_outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject text NOT NULL REFERENCES preferences.subject,
        epoch bigint NOT NULL,
        record jsonb NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        error text,
        delivered_at timestamptz,
        UNIQUE (subject, epoch)
      );
      CREATE INDEX undelivered ON preferences.consent_outbox (due_at) WHERE delivered_at IS NULL;

      -- First answers, to be given again when a client repeats a request.
      CREATE TABLE preferences.idempotency (
        subject text NOT NULL REFERENCES preferences.subject,
        key text NOT NULL,
        -- of the request's body
        digest text NOT NULL,
        -- json, not jsonb: repeated letter by letter
        answer json NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (subject, key)
      );`,
  },
  {
    version: 2,
    sql: `
      -- what retention looks for
      CREATE INDEX answered ON preferences.idempotency (recorded_at);
      CREATE INDEX delivered ON preferences.consent_outbox (delivered_at) WHERE delivered_at IS NOT NULL;`,
  },
  { version: 3, sql: telemetryTables(schemaName) },
  {
    version: 4,
    sql: `${logTables(schemaName, "consent_ledger")}

      -- what evidence of a period looks for
      CREATE INDEX of_period ON preferences.consent_ledger USING brin (recorded_at);

      -- What people were told, by its hash: kept as long as an event may name it.
      CREATE TABLE preferences.notice (
        digest text PRIMARY KEY CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
        -- canonical JSON: the hash is over it
        document text NOT NULL
      );`,
  },
  {
    version: 5,
    sql: `
      ALTER TABLE preferences.consent_state
        -- what is chosen under the purpose
        ADD COLUMN chosen jsonb,
        -- granted although the browser sent Global Privacy Control
        ADD COLUMN despite_signal boolean NOT NULL DEFAULT false,
        -- absent where only something under the purpose was chosen
        ALTER COLUMN state DROP NOT NULL;
      CREATE UNIQUE INDEX shown_as ON preferences.notice
        ((document::jsonb ->> 'id'), (document::jsonb -> 'version'), (document::jsonb ->> 'language'));
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON preferences.notice
        FOR EACH STATEMENT EXECUTE FUNCTION preferences.refuse_change();
      ALTER TABLE preferences.notice ENABLE ALWAYS TRIGGER append_only;`,
  },
  {
    version: 6,
    sql: `
      -- What is known of a person elsewhere, as a keyed hash: it leads to the subject, and from it nobody comes to the person.
      CREATE TABLE preferences.identity (
        hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
        kind text NOT NULL,
        subject text NOT NULL REFERENCES preferences.subject ON DELETE CASCADE,
        linked_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX linked ON preferences.identity (subject);

      -- The edge must hear of a subject that was erased when there is no row of it any more.
      ALTER TABLE preferences.consent_outbox DROP CONSTRAINT consent_outbox_subject_fkey;`,
  },
  { version: 7, sql: telemetryDueIndex(schemaName) },
  { version: 8, sql: erasureTable(schemaName) },
  {
    version: 9,
    sql: `
      -- What opens the words of subjects that were merged into another one: for evidence. It goes with the one that stays.
      CREATE TABLE preferences.merged_subject (
        reference uuid PRIMARY KEY,
        -- whoever still has its token may erase it
        id text NOT NULL UNIQUE,
        -- wrapped, for this reference
        key bytea NOT NULL,
        subject text NOT NULL REFERENCES preferences.subject ON DELETE CASCADE,
        merged_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX merged_into ON preferences.merged_subject (subject);`,
  },
];

/** What a service may do, and no more: it owns nothing and cannot rewrite what was said. */
const grants = (user: string): string => `
  GRANT USAGE ON SCHEMA preferences TO ${user};
  GRANT SELECT, INSERT ON preferences.keyring TO ${user};
  GRANT SELECT, INSERT, UPDATE (epoch), DELETE ON preferences.subject TO ${user};
  GRANT SELECT, INSERT ON preferences.consent_ledger TO ${user};
  GRANT SELECT, INSERT, UPDATE, DELETE ON preferences.consent_state TO ${user};
  GRANT SELECT, INSERT, UPDATE (due_at, attempts, error, delivered_at), DELETE ON preferences.consent_outbox TO ${user};
  GRANT SELECT, INSERT, UPDATE (digest, answer, recorded_at), DELETE ON preferences.idempotency TO ${user};
  GRANT SELECT, INSERT, UPDATE (subject, linked_at) ON preferences.identity TO ${user};
  GRANT SELECT, INSERT ON preferences.notice TO ${user};
  GRANT SELECT, INSERT, UPDATE (subject), DELETE ON preferences.merged_subject TO ${user};
  ${telemetryGrants(schemaName, user)}
  ${logGrants(schemaName, user)}`;

export const schema: Schema = { name: schemaName, migrations, grants };
