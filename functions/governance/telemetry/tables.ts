// What a telemetry outbox stands on. Each service has one of its own, in its own schema, so that none has a right to another's.

/**
 * The tables, as a migration's text. It was released and is never edited: a change is one more function, for one more migration.
 * @param schema a plain identifier
 */
export const telemetryTables = (schema: string): string => `
      -- What a collector must still store: one OTLP message of one path a row. What is stored is deleted.
      CREATE TABLE ${schema}.telemetry_outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        path text NOT NULL CHECK (path IN ('gcp', 'aws')),
        -- what a full outbox may drop
        class text NOT NULL CHECK (class IN ('bulk', 'audit')),
        -- json, not jsonb: it is handed on letter by letter
        message json NOT NULL,
        spans integer NOT NULL,
        bytes integer NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        attempts integer NOT NULL DEFAULT 0,
        -- until when an instance is at it, and others leave it alone
        leased_until timestamptz NOT NULL DEFAULT '-infinity',
        -- since when it is known that the collector will never take it, and why
        rejected_at timestamptz,
        error text
      );
      CREATE INDEX telemetry_due ON ${schema}.telemetry_outbox (path, attempts, id) WHERE rejected_at IS NULL;
      CREATE INDEX telemetry_rejected ON ${schema}.telemetry_outbox (rejected_at) WHERE rejected_at IS NOT NULL;

      -- Spans that went because the outbox was full. The count only grows.
      CREATE TABLE ${schema}.telemetry_dropped (
        path text PRIMARY KEY CHECK (path IN ('gcp', 'aws')),
        spans bigint NOT NULL
      );

      -- What waits, for whoever looks. In spans, but for bytes.
      CREATE VIEW ${schema}.telemetry_backlog AS
        SELECT p.path,
               coalesce(sum(o.spans) FILTER (WHERE o.rejected_at IS NULL), 0)::int AS spooled,
               coalesce(sum(o.spans) FILTER (WHERE o.rejected_at IS NOT NULL), 0)::int AS rejected,
               coalesce((SELECT d.spans FROM ${schema}.telemetry_dropped d WHERE d.path = p.path), 0)::int AS dropped,
               coalesce(sum(o.bytes), 0)::float8 AS bytes,
               min(o.recorded_at) FILTER (WHERE o.rejected_at IS NULL) AS oldest_at
        FROM (VALUES ('gcp'), ('aws')) AS p (path) LEFT JOIN ${schema}.telemetry_outbox o ON o.path = p.path
        GROUP BY p.path;`;

/** What an outbox looks for: what nobody has a lease on any more, what was leased longest ago first. As a migration's text, never edited. */
export const telemetryDueIndex = (schema: string): string => `
      DROP INDEX ${schema}.telemetry_due;
      CREATE INDEX telemetry_due ON ${schema}.telemetry_outbox (path, leased_until, id) WHERE rejected_at IS NULL;`;

/** What the schema's service may do with them. @param user an escaped identifier */
export const telemetryGrants = (schema: string, user: string): string => `
  GRANT SELECT, INSERT, UPDATE (attempts, leased_until, rejected_at, error), DELETE ON ${schema}.telemetry_outbox TO ${user};
  GRANT SELECT, INSERT, UPDATE (spans) ON ${schema}.telemetry_dropped TO ${user};
  GRANT SELECT ON ${schema}.telemetry_backlog TO ${user};`;
