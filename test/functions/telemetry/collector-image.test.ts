// The collectors' image as it is built: its program, configurations and folders are where Cloud Run needs them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildCollectorImage } from "../../../cli/artifacts/collector-image.ts";
import { senderKeys } from "../../../components/telemetry/sender-keys.ts";
import { issueSenderToken } from "../../../functions/shared/telemetry/sender-token.ts";
import { region as location, project, World } from "../../sandbox/gcp/world.ts";
import { newKeyPair } from "../keys.ts";
import { audience, traceOf } from "./collector.ts";

let world: World;
beforeAll(async () => {
  world = await World.start("run", "artifactregistry");
});
afterAll(() => world?.end());

/** Pushes it over the registry's protocol. @returns its reference by digest */
async function push(): Promise<string> {
  await world.create("artifactregistry/repository:Repository", "images", { repositoryId: "images", location, format: "DOCKER" });
  const image = await buildCollectorImage(() => {});
  const at = `https://${location}-docker.pkg.dev/v2/${project}/images/collector`;
  const headers = { authorization: `Bearer ${world.cloud.issueToken(world.cloud.owner)}` };
  for (const [digest, bytes] of image.blobs) {
    const manifest = digest === image.digest;
    const answer = await world.fetch(manifest ? `${at}/manifests/${digest}` : `${at}/blobs/uploads/?digest=${digest}`, {
      method: manifest ? "PUT" : "POST",
      headers: { ...headers, "content-type": manifest ? "application/vnd.oci.image.manifest.v1+json" : "application/octet-stream" },
      body: new Uint8Array(bytes),
    });
    expect(answer.status, digest).toBe(201);
  }
  return `${location}-docker.pkg.dev/${project}/images/collector@${image.digest}`;
}

describe("the image on Cloud Run", () => {
  it("starts with the configuration that the deployment names, and lets in whom it should", async () => {
    const [edge, services] = [newKeyPair(), newKeyPair()];
    const { email } = await world.account("collector");
    const environment = {
      COLLECTOR_CONFIG: "/etc/otelcol/gcp.yaml",
      AUDIENCE: audience("gcp"),
      EDGE_ISSUER: "edge.eu",
      SERVICE_ISSUER: "services.eu",
      SENDER_KEYS: senderKeys([edge.publicPem, services.publicPem]),
      ARCHIVE_BUCKET: "brand-archive",
      GOOGLE_CLOUD_PROJECT: project,
    };
    const service = await world.create("cloudrunv2/service:Service", "collector", {
      location,
      name: "collector",
      deletionProtection: false,
      invokerIamDisabled: true,
      template: {
        serviceAccount: email,
        containers: [
          {
            image: await push(),
            ports: { containerPort: 8080, name: "http1" },
            envs: Object.entries(environment).map(([name, value]) => ({ name, value })),
            startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 30 },
          },
        ],
      },
    });
    const send = (token: string) =>
      world.fetch(`${service.state.uri}/v1/traces`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(traceOf().body),
      });
    expect((await send("nothing")).status).toBe(401);
    // Past the door; there is no bucket here, so nothing is stored, and it says so.
    expect((await send(await issueSenderToken(services.privatePem, "services", "eu", audience("gcp")))).status).toBe(503);
  });
});
