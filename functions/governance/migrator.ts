// Brings a service's schema to the newest version and gives the services what they may do. Safe to run twice, and twice at once.
import { createHash } from "node:crypto";
import pg from "pg";

export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** A service's own part of the region's database. */
export interface Schema {
  /** A plain identifier. */
  readonly name: string;
  /** A step that was released is never edited: add one more. */
  readonly migrations: readonly Migration[];
  /** What a service may do there, and no more. @param user an escaped identifier */
  readonly grants: (user: string) => string;
}

/** The advisory lock that runs take turns by: any number that nobody else locks, the same in every release. */
export const migrationLock = 7_140_331;

export interface MigrationReport {
  /** Versions applied by this run; empty when the database was up to date. */
  readonly applied: number[];
}

/**
 * Applies what is missing, each step in a transaction of its own, then grants `serviceUsers` their rights.
 * Throws when a released step was edited, when a user does not exist, or when one of them is more than a service may be.
 */
export async function migrate(
  client: pg.ClientBase,
  { name, migrations, grants }: Schema,
  serviceUsers: readonly string[],
): Promise<MigrationReport> {
  await client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
  try {
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS ${name};
      CREATE TABLE IF NOT EXISTS ${name}.migration (version integer PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const applied: number[] = [];
    for (const migration of migrations) if (await applyOnce(client, name, migration)) applied.push(migration.version);
    await refusePowerfulUsers(client, serviceUsers);
    for (const user of serviceUsers) await client.query(grants(pg.escapeIdentifier(user)));
    return { applied };
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [migrationLock]);
  }
}

async function applyOnce(client: pg.ClientBase, schema: string, { version, sql }: Migration): Promise<boolean> {
  const digest = createHash("sha256").update(sql).digest("hex");
  const { rows } = await client.query<{ digest: string }>(`SELECT digest FROM ${schema}.migration WHERE version = $1`, [version]);
  if (rows[0]) {
    if (rows[0].digest !== digest)
      throw new Error(
        `Migration ${version} was edited after it had been applied. Restore its text and put the change into a new migration.`,
      );
    return false;
  }
  try {
    await client.query("BEGIN");
    await client.query(sql);
    await client.query(`INSERT INTO ${schema}.migration (version, digest) VALUES ($1, $2)`, [version, digest]);
    await client.query("COMMIT");
    return true;
  } catch (error) {
    await client.query("ROLLBACK");
    throw new Error(`Migration ${version} failed and left nothing behind: ${(error as Error).message}`, { cause: error });
  }
}

/** A service that is (or can become) `cloudsqlsuperuser` could undo grants and triggers; some consoles give that role to every new user. */
async function refusePowerfulUsers(client: pg.ClientBase, users: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ wanted: string; known: boolean; powerful: boolean }>(
    `SELECT wanted, r.oid IS NOT NULL AS known,
            coalesce(r.rolsuper OR r.rolcreaterole OR EXISTS (
              SELECT FROM pg_roles power
              WHERE (power.rolname = 'cloudsqlsuperuser' OR power.rolsuper OR power.oid = (SELECT oid FROM pg_roles WHERE rolname = current_user))
                AND pg_has_role(r.oid, power.oid, 'MEMBER')), false) AS powerful
     FROM unnest($1::text[]) AS wanted LEFT JOIN pg_roles r ON r.rolname = wanted`,
    [users],
  );
  const wrong = rows.flatMap(({ wanted, known, powerful }) => {
    if (!known) return [`- "${wanted}" does not exist. Create the database user before the migration runs.`];
    if (powerful)
      return [`- "${wanted}" can act as an administrator (cloudsqlsuperuser or the migration user). Take that role away from it.`];
    return [];
  });
  if (wrong.length > 0) throw new Error(`These service users cannot be given access:\n${wrong.join("\n")}`);
}
