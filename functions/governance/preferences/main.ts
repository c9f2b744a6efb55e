// The preferences service: consent and preferences of one jurisdiction's subjects.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { parseDecisionTable, policyRevision } from "../../shared/decision-table.ts";
import { Database } from "../database.ts";
import { readEnvironment } from "../environment.ts";
import { log, reasonOf } from "../log.ts";
import { createApp } from "./app.ts";
import { type ServiceEnvironment, serviceEnvironment } from "./environment.ts";
import { Outbox } from "./outbox.ts";
import { Retention } from "./retention.ts";
import { PreferencesStore } from "./store.ts";
import { deliver } from "./subjects-client.ts";

/** The platform kills what is not gone ten seconds after SIGTERM. */
const drainMs = 8000;

try {
  await start(readEnvironment(serviceEnvironment, process.env));
} catch (error) {
  log("ERROR", reasonOf(error));
  process.exit(1);
}

async function start(environment: ServiceEnvironment): Promise<void> {
  const table = parseDecisionTable(JSON.parse(readFileSync(environment.DECISION_TABLE, "utf8")));
  const policy = { table, revision: await policyRevision(table) };
  const database = new Database({ socket: environment.DATABASE_SOCKET, name: environment.DATABASE_NAME, user: environment.DATABASE_USER });
  const subjectsUrl = environment.SUBJECTS_URL;
  const store = new PreferencesStore(database, { jurisdiction: environment.JURISDICTION, policy, announce: subjectsUrl !== undefined });
  const outbox =
    subjectsUrl === undefined
      ? undefined
      : new Outbox(
          database,
          (subject, record) => deliver(subjectsUrl, subject, record),
          (subject, epoch, held) => store.reconcile(subject, epoch, held),
        );
  const retention = new Retention(database);
  const app = createApp({
    keys: {
      region: environment.REGION,
      audience: environment.AUDIENCE,
      edgePublicKey: environment.EDGE_PUBLIC_KEY,
      subjectTokenPrivateKey: environment.SUBJECT_TOKEN_PRIVATE_KEY,
      subjectTokenPublicKey: createPublicKey(environment.SUBJECT_TOKEN_PRIVATE_KEY).export({ type: "spki", format: "pem" }) as string,
    },
    jurisdiction: environment.JURISDICTION,
    policy,
    store,
    outbox,
    version: environment.K_REVISION ? `${environment.VERSION}; revision=${environment.K_REVISION}` : environment.VERSION,
  });

  outbox?.start();
  retention.start();
  const server = serve({ fetch: app.fetch, port: environment.PORT }, ({ port }) =>
    log("INFO", `Listening on port ${port}.`, { port, region: environment.REGION, policyRevision: policy.revision }),
  );

  process.once("SIGTERM", () => {
    log("INFO", "Asked to end: answering what is under way.");
    setTimeout(() => process.exit(1), drainMs).unref();
    // A client's idle keep-alive connection, or one whose last answer has just gone out, would hold the server open for seconds.
    const idle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
    server.close(async () => {
      clearInterval(idle);
      await Promise.all([outbox?.stop(), retention.stop()]);
      await database.close();
      log("INFO", "Ended.");
    });
  });
}
