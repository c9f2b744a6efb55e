// The collector that ships, as a process with the environment that its cloud gives it, before the sandbox's own object stores.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "../../../cli/tools.ts";
import { senderKeys } from "../../../components/telemetry/sender-keys.ts";
import type { Path } from "../../../functions/shared/telemetry/emitter.ts";
import { senderIssuer } from "../../../functions/shared/telemetry/sender-token.ts";
import { randomHex } from "../../../functions/shared/telemetry/trace-context.ts";
import { collectorConfig, countedEveryMs } from "../../../functions/telemetry/collector-config.ts";
import type { Internet } from "../../../sandbox/engine/internet.ts";
import { freePort } from "../../../sandbox/runtimes/cloud-run/instance.ts";
import { CertificateAuthority } from "../../../sandbox/runtimes/network/certificate-authority.ts";
import { EgressProxy } from "../../../sandbox/runtimes/network/egress-proxy.ts";
import { type Supervised, spawnSupervised } from "../../../sandbox/runtimes/process.ts";
import { until } from "../../until.ts";
import { type KeyPair, newKeyPair } from "../keys.ts";

export const region = "eu";
export const audience = (path: Path) => `https://telemetry-${path}-eu.brand.example`;

export interface RunningCollector {
  readonly path: Path;
  /** http origin on loopback. */
  readonly url: string;
  readonly edgeKey: KeyPair;
  readonly servicesKey: KeyPair;
  readonly process: Supervised;
  /** What it has written so far. */
  readonly log: () => string;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** @param env what the cloud gives: credentials, and where the bucket is */
export async function startCollector(path: Path, internet: Internet, env: Readonly<Record<string, string>>): Promise<RunningCollector> {
  const binary = process.env.BAILIWICK_COLLECTOR ?? (await findTool("collector"))?.path;
  if (!binary) throw new Error("the collector is not built: ./bailiwick test builds it");
  const folder = mkdtempSync(join(tmpdir(), "collector-"));
  const authority = await CertificateAuthority.open(join(folder, "ca"));
  const proxy = await EgressProxy.start(internet, authority);
  const [edgeKey, servicesKey] = [newKeyPair(), newKeyPair()];
  const [port, healthPort] = [await freePort(), await freePort()];
  const config = join(folder, `${path}.yaml`);
  // As it ships, but that it says every second what it has counted.
  writeFileSync(config, collectorConfig(path).replace(`interval: ${countedEveryMs}`, "interval: 1000"));
  const child = spawnSupervised({
    name: `collector-${path}`,
    command: binary,
    args: ["--config", config],
    env: {
      TMPDIR: folder,
      HTTPS_PROXY: proxy.url,
      SSL_CERT_FILE: authority.certificateFile,
      PORT: String(port),
      HEALTH_PORT: String(healthPort),
      AUDIENCE: audience(path),
      EDGE_ISSUER: senderIssuer("edge", region),
      SERVICE_ISSUER: senderIssuer("services", region),
      SENDER_KEYS: senderKeys([edgeKey.publicPem, servicesKey.publicPem]),
      ...env,
    },
    cwd: folder,
    logFile: join(folder, "log"),
    pidDir: join(folder, "pids"),
  });
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  await until(async () => {
    if (ended) throw new Error(`the collector ended: ${child.tail(20)}`);
    // Nobody is let in without a token, so 401 is a sign of life.
    return fetch(`http://127.0.0.1:${port}/v1/traces`, { method: "POST" }).then(
      ({ status }) => status === 401,
      () => false,
    );
  }, "the collector to be up");
  return {
    path,
    url: `http://127.0.0.1:${port}`,
    edgeKey,
    servicesKey,
    process: child,
    log: () => child.tail(1000),
    async [Symbol.asyncDispose]() {
      await child.stop(2000);
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A trace of one span, well-formed and within the schema, but for what is given. */
export function traceOf(change: { span?: object; attributes?: object[]; resource?: object[] } = {}) {
  const traceId = randomHex(16);
  const now = `${Date.now()}000000`;
  return {
    traceId,
    body: {
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "site" } },
              { key: "service.instance.id", value: { stringValue: "00f067aa0ba902b7" } },
              ...(change.resource ?? []),
            ],
          },
          scopeSpans: [
            {
              scope: { name: "bailiwick" },
              spans: [
                {
                  traceId,
                  spanId: randomHex(8),
                  name: "GET /v1/experience/{slot}",
                  kind: 2,
                  startTimeUnixNano: now,
                  endTimeUnixNano: now,
                  attributes: [{ key: "bailiwick.sequence", value: { intValue: "1" } }, ...(change.attributes ?? [])],
                  ...change.span,
                },
              ],
            },
          ],
        },
      ],
    },
  };
}
