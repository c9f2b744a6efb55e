// A service's life: it begins or says why not, listens, and when the platform asks it to end it answers what is under way first.
import { serve } from "@hono/node-server";
import { log, reasonOf } from "./log.ts";

/** The platform kills what is not gone ten seconds after SIGTERM. */
const drainMs = 8000;

export interface Service {
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** For the line that says that it listens. */
  readonly words: Readonly<Record<string, unknown>>;
  /** Ends what runs in the background, after the last answer. */
  readonly stop: () => Promise<void>;
}

/** Runs a service until SIGTERM. One that cannot begin ends with exit code 1. */
export async function run(begin: () => Promise<Service>): Promise<void> {
  try {
    listen(await begin());
  } catch (error) {
    log("ERROR", reasonOf(error));
    process.exit(1);
  }
}

function listen({ port: wanted, fetch, words, stop }: Service): void {
  const server = serve({ fetch, port: wanted }, ({ port }) => log("INFO", `Listening on port ${port}.`, { port, ...words }));
  process.once("SIGTERM", () => {
    log("INFO", "Asked to end: answering what is under way.");
    setTimeout(() => process.exit(1), drainMs).unref();
    // A client's idle keep-alive connection, or one whose last answer has just gone out, would hold the server open for seconds.
    const idle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
    server.close(async () => {
      clearInterval(idle);
      await stop();
      log("INFO", "Ended.");
    });
  });
}
