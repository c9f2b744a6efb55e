// Until when a host's certificate is good, asked of the host itself: a handshake through the sandbox's proxy, and nothing after it.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:tls";
import type { SandboxFile } from "../../sandbox/main.ts";
import type { ShownCertificate } from "./topics.ts";

const patienceMs = 1500;

/** Never throws: who does not answer, or shows what its name does not stand in, shows none. */
export async function shownCertificate(sandbox: SandboxFile, host: string): Promise<ShownCertificate> {
  const ca = readFileSync(sandbox.caFile);
  const proxy = new URL(sandbox.proxyUrl);
  return new Promise((resolve) => {
    const opening = request({
      host: proxy.hostname,
      port: proxy.port,
      method: "CONNECT",
      path: `${host}:443`,
      signal: AbortSignal.timeout(patienceMs),
    });
    const none = () => {
      opening.destroy();
      resolve({ host });
    };
    opening.on("error", none);
    opening.on("connect", ({ statusCode }, socket) => {
      if (statusCode !== 200) return none();
      const secure = connect({ socket, servername: host, ca, timeout: patienceMs }, () => {
        resolve({ host, until: new Date(secure.getPeerCertificate().valid_to).toISOString() });
        secure.destroy();
      });
      secure.on("error", none).on("timeout", none);
    });
    opening.end();
  });
}
