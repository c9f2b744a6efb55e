// The one port for people. A host `x.<zone>` of the sandbox's internet is also served as `x.localhost`, which curl and browsers
// resolve by themselves; redirects and cookies are translated on the way back, as any reverse proxy does.
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Internet } from "../../engine/internet.ts";
import { serve } from "./http.ts";

/** The host that a person means by `eu.localhost`: the host on the internet of that very name, or the shortest one that begins with `eu.`. */
export function hostBehind(name: string, hosts: readonly string[]): string | undefined {
  const prefix = name.replace(/\.localhost$/, "");
  if (prefix === name || hosts.includes(prefix)) return hosts.find((host) => host === prefix);
  return hosts.filter((host) => host.startsWith(`${prefix}.`)).sort((a, b) => a.length - b.length || a.localeCompare(b))[0];
}

/** The reverse, for addresses in answers: `shop.zone.example` is `shop.localhost`. */
export const localName = (host: string) => `${host.split(".")[0]}.localhost`;

function translate(response: Response, port: number, hosts: readonly string[]): Response {
  const headers = new Headers(response.headers);
  const location = headers.get("location");
  if (location && URL.canParse(location)) {
    const url = new URL(location);
    if (hosts.includes(url.hostname))
      headers.set("location", `http://${localName(url.hostname)}:${port}${url.pathname}${url.search}${url.hash}`);
  }
  // A cookie for the real domain would be refused at `x.localhost`; without a domain it is the host's own.
  const cookies = headers.getSetCookie();
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", cookie.replace(/;\s*domain=[^;]*/i, ""));
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

export class Gateway {
  readonly port: number;
  readonly #servers: Server[];
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, servers: Server[]) {
    this.port = port;
    this.#servers = servers;
    for (const server of servers)
      server.on("connection", (socket) => {
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
      });
  }

  /**
   * Listens on loopback only, on IPv4 and, where the machine has it, IPv6 (`localhost` may mean either).
   * @param hosts the hosts that people may reach, asked at every request
   * @throws the `listen` error (EADDRINUSE) of IPv4
   */
  static async start(internet: Internet, port: number, hosts: () => readonly string[]): Promise<Gateway> {
    const create = () =>
      createServer((request, response) => {
        const name = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
        const known = hosts();
        const host = hostBehind(name, known);
        if (!host) {
          const list = known.map((each) => `  http://${localName(each)}:${listening()}/\n`).join("");
          response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
          response.end(`no host "${name}" is deployed here. What is:\n${list || "  (nothing yet)\n"}`);
          return;
        }
        const handler = async (request_: Request) => {
          const answer = await internet.fetch(request_);
          return name.endsWith(".localhost") ? translate(answer, listening(), known) : answer;
        };
        void serve(handler, request, response, `https://${host}${request.url}`);
      });
    const four = create();
    const listening = () => (four.address() as AddressInfo).port;
    await new Promise<void>((resolve, reject) => {
      four.once("error", reject);
      four.listen(port, "127.0.0.1", resolve);
    });
    const six = create();
    const both = await new Promise<boolean>((resolve) => {
      six.once("error", () => resolve(false));
      six.listen(listening(), "::1", () => resolve(true));
    });
    return new Gateway(listening(), both ? [four, six] : [four]);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
