// A loopback address at which every API of AWS answers, for SDKs that go through no proxy (that for JavaScript): `AWS_ENDPOINT_URL`.
// Which service and region are meant, a request's signature says; one without a signature is for STS.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Internet } from "../../engine/internet.ts";
import { serve } from "../../runtimes/network/http.ts";
import { readSignature } from "../../runtimes/s3/sigv4.ts";
import { regions } from "./account.ts";

export class Door {
  readonly #internet: Internet;
  #server: Server | undefined;

  constructor(internet: Internet) {
    this.#internet = internet;
  }

  async start(): Promise<void> {
    const server = createServer((message, to) => {
      void serve((request) => this.#answer(request), message, to, `http://${message.headers.host ?? ""}${message.url ?? "/"}`);
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server?.address() as AddressInfo).port}`;
  }

  async #answer(request: Request): Promise<Response> {
    const { service = "sts", region = regions[0] } = readSignature(new URL(request.url), request.headers) ?? {};
    const host = `${service}.${region}.amazonaws.com`;
    const handler = this.#internet.resolve(host);
    return handler ? handler(request) : new Response(`no such service in the sandbox: ${host}\n`, { status: 404 });
  }
}
