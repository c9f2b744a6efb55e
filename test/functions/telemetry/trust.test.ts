// Whom a collector trusts, and who trusts it: nothing is handed over on a connection whose certificate nobody of ours has signed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findTool } from "../../../cli/tools.ts";
import { deliver } from "../../../functions/shared/telemetry/delivery.ts";
import type { OtlpTraces } from "../../../functions/shared/telemetry/otlp.ts";
import { issueSenderToken } from "../../../functions/shared/telemetry/sender-token.ts";
import { collectorConfig } from "../../../functions/telemetry/collector-config.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { CertificateAuthority } from "../../../sandbox/runtimes/network/certificate-authority.ts";
import { audience, region, startCollector, traceOf } from "./collector.ts";

let folder: string;
let stranger: CertificateAuthority;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "trust-"));
  stranger = await CertificateAuthority.open(join(folder, "ca"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a certificate of an authority that is not trusted", () => {
  it("keeps the collector from its bucket: it answers 503, and nobody at the bucket's name has heard of the batch", async () => {
    const internet = new Internet();
    const asked: string[] = [];
    internet.register("brand-archive.s3.eu-central-1.amazonaws.com", async (request) => {
      asked.push(request.url);
      // As S3 does: who is answered before the checksum behind the body was sent takes that for a failure.
      await request.arrayBuffer();
      return new Response(null, { status: 200 });
    });
    const credentials = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-central-1" };
    const bucket = { ARCHIVE_BUCKET: "brand-archive", AWS_MAX_ATTEMPTS: "1" };
    const send = async (env: Record<string, string>) => {
      await using collector = await startCollector("aws", internet, { ...credentials, ...bucket, ...env });
      const token = await issueSenderToken(collector.edgeKey.privatePem, "edge", region, audience("aws"));
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(`${collector.url}/v1/traces`, { method: "POST", headers, body: JSON.stringify(traceOf().body) });
      return answer.status;
    };
    expect(await send({ SSL_CERT_FILE: stranger.certificateFile })).toBe(503);
    expect(asked).toEqual([]);
    // With the right one it would have been there.
    expect(await send({})).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it("keeps a sender from its collector: what it has is for later, and its token was shown to nobody", async () => {
    const asked: unknown[] = [];
    const server = createServer(
      { SNICallback: (host, done) => void stranger.contextFor(host).then((context) => done(null, context)) },
      (request, response) => {
        asked.push(request.headers.authorization);
        response.end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
      const message = traceOf().body as unknown as OtlpTraces;
      expect(await deliver({ origin, token: async () => "secret" }, [message])).toMatchObject({ verdicts: ["later"] });
      expect(asked).toEqual([]);
    } finally {
      server.close();
    }
  });
});

it("a collector that may write no file says so and does not start: it keeps nothing on a disk but its senders' keys", async () => {
  const binary = process.env.BAILIWICK_COLLECTOR ?? (await findTool("collector"))?.path;
  const config = join(folder, "aws.yaml");
  writeFileSync(config, collectorConfig("aws"));
  const { status, stderr } = spawnSync("sh", ["-c", 'ulimit -f 0; exec "$0" --config "$1"', binary as string, config], {
    env: { TMPDIR: folder, SENDER_KEYS: "[]" },
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(stderr).toContain("the senders' keys (SENDER_KEYS) cannot be kept");
  expect(status).toBe(1);
});
