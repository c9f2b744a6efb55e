// The preferences service: consent and preferences of one jurisdiction's subjects.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseDecisionTable, policyRevision } from "../../shared/decision-table.ts";
import { Database } from "../database.ts";
import { readEnvironment } from "../environment.ts";
import { KmsKey } from "../kms.ts";
import { run, type Service } from "../serve.ts";
import { Delivery } from "../telemetry/delivery.ts";
import { Heartbeat } from "../telemetry/heartbeat.ts";
import { TelemetryOutbox } from "../telemetry/outbox.ts";
import { Tracer } from "../telemetry/tracer.ts";
import { createApp } from "./app.ts";
import { auditTrail } from "./audit-trail.ts";
import { type PreferencesEnvironment, preferencesEnvironment } from "./environment.ts";
import { SubjectKeys } from "./ledger/subject-keys.ts";
import { schemaName } from "./migrations.ts";
import { Outbox } from "./outbox.ts";
import { retention } from "./retention.ts";
import { PreferencesStore } from "./store.ts";
import { deliver } from "./subjects-client.ts";
import { signedConfirmations } from "./two-step-opt-in.ts";

await run(() => begin(readEnvironment(preferencesEnvironment, process.env)));

async function begin(environment: PreferencesEnvironment): Promise<Service> {
  const { REGION: region, JURISDICTION: jurisdiction, SUBJECTS_URL: subjectsUrl } = environment;
  const table = parseDecisionTable(JSON.parse(readFileSync(environment.DECISION_TABLE, "utf8")));
  const policy = { table, revision: await policyRevision(table) };
  const login = { socket: environment.DATABASE_SOCKET, name: environment.DATABASE_NAME, user: environment.DATABASE_USER };
  const database = new Database({ ...login, connections: 4 });
  // Of its own, so that no request ever waits for a connection that telemetry or the log has.
  const backgroundDatabase = new Database({ ...login, connections: 2 });
  const spool = new TelemetryOutbox(backgroundDatabase, schemaName, environment.TELEMETRY_LIMIT_BYTES);
  const tracer = new Tracer({ service: "preferences", version: environment.VERSION, region, jurisdiction }, spool);
  const subjectKeys = SubjectKeys.opener(database, new KmsKey(environment.SUBJECT_KEYS_KMS, environment.KMS_ORIGIN));
  const keys = {
    region,
    audience: environment.AUDIENCE,
    edgePublicKey: environment.EDGE_PUBLIC_KEY,
    subjectTokenPrivateKey: environment.SUBJECT_TOKEN_PRIVATE_KEY,
    subjectTokenPublicKey: createPublicKey(environment.SUBJECT_TOKEN_PRIVATE_KEY).export({ type: "spki", format: "pem" }) as string,
  };
  const store = new PreferencesStore(database, subjectKeys, {
    jurisdiction,
    policy,
    confirmations: signedConfirmations(keys),
    announce: subjectsUrl !== undefined,
    readOnly: environment.PHASE === "1",
  });
  const outbox =
    subjectsUrl === undefined
      ? undefined
      : new Outbox(
          database,
          (subject, record) =>
            tracer.span({ name: "consent.deliver", kind: "client", attributes: {} }, () => deliver(subjectsUrl, subject, record)),
          (subject, epoch, held) => store.reconcile(subject, epoch, held),
        );
  const audit = auditTrail(environment, {
    ...{ database, background: backgroundDatabase, subjectKeys },
    onLost: (transaction, lost) => store.eraseAgain(transaction, lost),
  });
  const background = [
    ...audit.background,
    ...(outbox ? [outbox] : []),
    retention(database),
    new Heartbeat(tracer),
    new Delivery(spool, {
      region,
      key: environment.TELEMETRY_KEY,
      collectors: { gcp: environment.COLLECTOR_GCP, aws: environment.COLLECTOR_AWS },
    }),
  ];
  const app = await createApp({
    keys,
    jurisdiction,
    policy,
    store,
    database,
    subjectKeys,
    clients: environment.SERVICE_CLIENTS,
    outbox,
    tracer,
    audit,
    version: environment.K_REVISION ? `${environment.VERSION}; revision=${environment.K_REVISION}` : environment.VERSION,
  });
  for (const each of background) each.start();
  return {
    port: environment.PORT,
    fetch: app.fetch,
    words: { region, policyRevision: policy.revision },
    stop: async () => {
      await Promise.all(background.map((each) => each.stop()));
      await tracer.stop();
      await Promise.all([database.close(), backgroundDatabase.close()]);
    },
  };
}
