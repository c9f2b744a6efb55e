// The platform's metadata server, as far as our services use it.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class MetadataServer {
  /** What GCE_METADATA_HOST is set to. */
  readonly host: string;
  /** What it hands out as access token from now on. */
  accessToken: string;
  readonly #server: Server;

  private constructor(server: Server, accessToken: string) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.accessToken = accessToken;
  }

  static async start(accessToken: string, identityToken: (audience: string) => Promise<string>): Promise<MetadataServer> {
    let self: MetadataServer | undefined;
    const server = createServer(async (request, response) => {
      const url = new URL(request.url ?? "/", "http://metadata");
      const kind = /^\/computeMetadata\/v1\/instance\/service-accounts\/default\/(token|identity)$/.exec(url.pathname)?.[1];
      if (request.headers["metadata-flavor"] !== "Google" || !kind) {
        response.writeHead(kind ? 403 : 404).end();
      } else if (kind === "token") {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ access_token: self?.accessToken, expires_in: 3599, token_type: "Bearer" }));
      } else {
        response.end(await identityToken(url.searchParams.get("audience") ?? ""));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    self = new MetadataServer(server, accessToken);
    return self;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
