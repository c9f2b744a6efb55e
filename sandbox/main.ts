// The sandbox as a background process: `node sandbox/main.ts <options as JSON>`. Writes `<stateDir>/sandbox.json` once it answers,
// and is controlled over loopback with the token that stands there. Ends with 48 when the gateway's port is taken, with 49 when another
// sandbox has the state folder.
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Harm, harms } from "./engine/faults.ts";
import { startTime } from "./runtimes/process.ts";
import { Sandbox, type SandboxOptions, type SandboxPorts } from "./sandbox.ts";
import { StateHeld } from "./state-lock.ts";

/** What a running sandbox tells about itself. */
export interface SandboxFile {
  readonly pid: number;
  /** When the process was started, so that a reused pid is not taken for it. */
  readonly started: string;
  readonly ports: SandboxPorts;
  readonly control: { readonly port: number; readonly token: string };
  readonly caFile: string;
  readonly proxyUrl: string;
}

const options = JSON.parse(process.argv[2] ?? "{}") as Omit<SandboxOptions, "log" | "earlier">;
const file = join(options.stateDir, "sandbox.json");
const log = (message: string) => console.log(`${new Date().toISOString()} ${message}`);

function earlierPorts(): Partial<SandboxPorts> {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as SandboxFile).ports;
  } catch {
    return {};
  }
}

process.on("unhandledRejection", (reason) => log(`unhandled: ${reason instanceof Error ? reason.stack : reason}`));

try {
  const sandbox = await Sandbox.start({ ...options, earlier: earlierPorts(), log });
  const token = randomBytes(24).toString("hex");
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= sandbox.stop().then(() => {
      control.close();
      rmSync(file, { force: true });
      log("stopped");
      process.exit(0);
    });
    return stopping;
  };
  const control = createServer((request, response) => {
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${token}`) return json(401, { error: "no token" });
    const answer = (work: () => Promise<unknown>) =>
      void work().then(
        (body) => json(200, body),
        (error: Error) => json(error instanceof RangeError ? 400 : 500, { error: error.message }),
      );
    const url = new URL(request.url ?? "/", "http://control");
    switch (`${request.method} ${url.pathname}`) {
      case "GET /status":
        return json(200, {
          hostnames: sandbox.hostnames,
          memory: process.memoryUsage.rss(),
          parts: sandbox.parts(),
          faults: sandbox.faults.targets().flatMap(({ fault }) => fault ?? []),
        });
      case "GET /faults":
        return json(200, sandbox.faults.targets());
      case "POST /faults": {
        const { part = "", harm = "", forMs, delayMs } = Object.fromEntries(url.searchParams);
        return answer(async () => {
          if (!harms.includes(harm as Harm)) throw new RangeError(`"${harm}" is no harm; there are ${harms.join(", ")}`);
          return sandbox.faults.inflict(part, harm as Harm, {
            forMs: Number(forMs),
            ...(delayMs === undefined ? {} : { delayMs: Number(delayMs) }),
          });
        });
      }
      case "DELETE /faults":
        return answer(() => sandbox.faults.heal(url.searchParams.get("part") ?? undefined));
      case "POST /token":
        return json(200, { token: sandbox.issueToken(url.searchParams.get("member") ?? "") });
      case "POST /registry-password":
        return json(200, { password: sandbox.registryPassword() });
      case "POST /aws-credentials":
        return json(200, sandbox.awsCredentials(url.searchParams.get("account") ?? ""));
      case "POST /cloudflare-token":
        return json(200, { token: sandbox.cloudflareToken(url.searchParams.get("account") ?? "") });
      case "POST /database":
        return sandbox.openDatabase(url.searchParams.get("connection") ?? "", url.searchParams.get("member") ?? "").then(
          (socketDir) => json(200, { socketDir }),
          (error: Error) => json(400, { error: error.message }),
        );
      case "POST /stop":
        json(202, {});
        return void stop();
      default:
        return json(404, { error: "no such call" });
    }
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  const self: SandboxFile = {
    pid: process.pid,
    started: startTime(process.pid) ?? "",
    ports: sandbox.ports,
    control: { port: (control.address() as AddressInfo).port, token },
    caFile: sandbox.caFile,
    proxyUrl: sandbox.proxyUrl,
  };
  writeFileSync(`${file}.new`, JSON.stringify(self, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
  log(`ready on port ${sandbox.ports.gateway}`);
} catch (error) {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") process.exit(48);
  if (error instanceof StateHeld) process.exit(49);
  process.exit(1);
}
