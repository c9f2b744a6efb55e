// The spool: keeps the telemetry of an edge that may keep nothing itself, until the collectors have stored it.
import { Database } from "../database.ts";
import { readEnvironment } from "../environment.ts";
import { run, type Service } from "../serve.ts";
import { Delivery } from "../telemetry/delivery.ts";
import { TelemetryOutbox } from "../telemetry/outbox.ts";
import { createApp } from "./app.ts";
import { type SpoolEnvironment, spoolEnvironment } from "./environment.ts";
import { schemaName } from "./migrations.ts";

await run(async () => begin(readEnvironment(spoolEnvironment, process.env)));

function begin(environment: SpoolEnvironment): Service {
  const database = new Database({
    socket: environment.DATABASE_SOCKET,
    name: environment.DATABASE_NAME,
    user: environment.DATABASE_USER,
    connections: 4,
  });
  const outbox = new TelemetryOutbox(database, schemaName, environment.TELEMETRY_LIMIT_BYTES);
  const delivery = new Delivery(outbox, {
    region: environment.REGION,
    key: environment.TELEMETRY_KEY,
    collectors: { gcp: environment.COLLECTOR_GCP, aws: environment.COLLECTOR_AWS },
  });
  const app = createApp({
    trust: { region: environment.REGION, audience: environment.AUDIENCE, edgePublicKey: environment.EDGE_PUBLIC_KEY },
    outbox,
    version: environment.K_REVISION ? `${environment.VERSION}; revision=${environment.K_REVISION}` : environment.VERSION,
  });
  delivery.start();
  return {
    port: environment.PORT,
    fetch: app.fetch,
    words: { region: environment.REGION },
    stop: async () => {
      await delivery.stop();
      await database.close();
    },
  };
}
