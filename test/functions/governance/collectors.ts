// The two collectors as a service sees them: they answer as told, and remember what they have stored.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Path, paths } from "../../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../../functions/shared/telemetry/otlp.ts";
import { type StoredSpan, storedSpans } from "../../../functions/telemetry/accounting.ts";

/** 200: stored. "silent": says nothing at all. */
type Answer = number | "silent";

export class Collectors implements AsyncDisposable {
  /** Status of the next answers, by the spans that came. */
  answer: (path: Path, spans: readonly StoredSpan[]) => Answer | Promise<Answer> = () => 200;
  readonly tokens: Record<Path, string[]> = { gcp: [], aws: [] };
  readonly #objects: Record<Path, OtlpTraces[]> = { gcp: [], aws: [] };
  readonly #servers: Record<Path, Server>;

  private constructor() {
    this.#servers = { gcp: this.#server("gcp"), aws: this.#server("aws") };
  }

  static async start(): Promise<Collectors> {
    const collectors = new Collectors();
    for (const path of paths) await new Promise<void>((resolve) => collectors.#servers[path].listen(0, "127.0.0.1", resolve));
    return collectors;
  }

  origin(path: Path): string {
    return `http://127.0.0.1:${(this.#servers[path].address() as AddressInfo).port}`;
  }

  /** What a service's environment says of them. */
  get environment(): Record<string, string> {
    return { COLLECTOR_GCP: this.origin("gcp"), COLLECTOR_AWS: this.origin("aws") };
  }

  /** Each span once, however often it came. */
  stored(path: Path): StoredSpan[] {
    return storedSpans(this.#objects[path]);
  }

  #server(path: Path): Server {
    return createServer(async (request, response) => {
      this.tokens[path].push(request.headers.authorization?.replace("Bearer ", "") ?? "");
      const object = JSON.parse(Buffer.concat((await request.toArray()) as Buffer[]).toString()) as OtlpTraces;
      const answer = await this.answer(path, storedSpans([object]));
      if (answer === "silent") return;
      if (answer === 200) this.#objects[path].push(object);
      response.writeHead(answer, { "content-type": "application/json" }).end("{}");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of Object.values(this.#servers)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
