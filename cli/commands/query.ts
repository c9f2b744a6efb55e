import pg from "pg";
import { exitCodes, PersonError } from "../errors.ts";
import { stateOutputs } from "../pulumi/checkpoint.ts";
import { readOnlyQuery } from "../read-only-query.ts";
import { requireReady } from "../ready.ts";
import { accessToken, openDatabase } from "../sandbox.ts";
import { chosenStacks } from "../stacks.ts";
import { print, table } from "../terminal.ts";
import { owner } from "./up.ts";

/** What a region stack says of its database. */
interface DatabaseOutput {
  readonly connectionName: string;
  readonly name: string;
  readonly owner: string;
}

export async function query(name: string, sql: string, options: { json?: boolean }): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  const ready = await requireReady();
  const database = stateOutputs(stack)?.database as DatabaseOutput | undefined;
  if (!database)
    throw new PersonError(`Stack "${stack}" has no database.`, `Deploy a region first: ./bailiwick up ${stack}.`, exitCodes.unavailable);
  const client = new pg.Client({
    host: await openDatabase(ready.sandbox, database.connectionName, owner),
    database: database.name,
    user: database.owner.replace(/\.gserviceaccount\.com$/, ""),
    password: await accessToken(ready.sandbox, `serviceAccount:${database.owner}`),
    // The tables of a service stand in a schema of its name.
    options: "-c search_path=preferences,public",
  });
  await client.connect();
  try {
    const { fields, rows } = await readOnlyQuery(client, sql);
    if (options.json) return print(JSON.stringify(rows, null, 2));
    const cell = (value: unknown) =>
      value === null ? "" : value instanceof Date ? value.toISOString() : typeof value === "object" ? JSON.stringify(value) : String(value);
    if (rows.length > 0)
      print(
        table(
          fields.map((field) => field.name),
          rows.map((row) => fields.map((field) => cell(row[field.name]))),
        ),
      );
    print(`(${rows.length} ${rows.length === 1 ? "row" : "rows"})`);
  } catch (error) {
    throw new PersonError(
      `The database of "${stack}" refuses: ${(error as Error).message}`,
      "Mend the statement. Tables: subject, consent_state, consent_ledger, consent_outbox, idempotency.",
    );
  } finally {
    await client.end();
  }
}
