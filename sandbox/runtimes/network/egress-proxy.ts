// The only way out for a process in the sandbox: an HTTP proxy that ends TLS with the sandbox's own authority for the hosts on the
// sandbox's internet and refuses every other. Nothing ever leaves the machine.
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Internet, Unreachable } from "../../engine/internet.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { serve } from "./http.ts";

export class EgressProxy {
  readonly url: string;
  readonly #servers: Server[];
  readonly #sockets: Set<Socket>;

  private constructor(url: string, servers: Server[], sockets: Set<Socket>) {
    this.url = url;
    this.#servers = servers;
    this.#sockets = sockets;
  }

  static async start(internet: Internet, authority: CertificateAuthority): Promise<EgressProxy> {
    const sockets = new Set<Socket>();
    // Requests that arrived inside a tunnel: where there was TLS it is ended, the Host header names the service.
    const inside = (scheme: "http" | "https") =>
      createServer((request, response) => {
        // Who does not answer has no status: the connection fails.
        const handler = (passed: Request) =>
          internet.fetch(passed).catch((error: unknown) => {
            if (error instanceof Unreachable) request.socket.destroy();
            throw error;
          });
        void serve(handler, request, response, `${scheme}://${request.headers.host ?? ""}${request.url}`);
      });
    const [plain, ended] = [inside("http"), inside("https")];
    const proxy = createServer((request, response) => {
      // Plain http through a proxy comes in absolute form (RFC 9112 section 3.2.2).
      const url = URL.canParse(request.url ?? "") ? (request.url as string) : `http://${request.headers.host}${request.url}`;
      void serve((r) => internet.fetch(r), request, response, url);
    });
    proxy.on("connect", (request, socket: Socket, head) => {
      const [, host = "", port] = /^(.*?)(?::(\d+))?$/.exec(request.url ?? "") ?? [];
      socket.on("error", () => socket.destroy());
      if (!internet.resolve(host)) {
        socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nno such host in the sandbox: ${host}\n`);
        return;
      }
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) socket.unshift(head);
      // Some clients tunnel plain http as well (Node's `fetch` does).
      if (port === "80") {
        plain.emit("connection", socket);
        return;
      }
      authority.contextFor(host).then(
        (secureContext) => {
          const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] });
          secure.on("error", () => secure.destroy());
          ended.emit("connection", secure);
        },
        () => socket.destroy(),
      );
    });
    proxy.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      proxy.once("error", reject);
      proxy.listen(0, "127.0.0.1", resolve);
    });
    return new EgressProxy(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, [proxy, plain, ended], sockets);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
