// The components for AWS under the real engine: a service on Fargate is deployed, asked over TLS, updated and taken back.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fetch, ProxyAgent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishArtifacts } from "../../cli/artifacts/publish.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import { artifactDir } from "../../stacks/artifact-manifest.ts";
import { versitygw } from "../sandbox/aws/fixture.ts";
import { attachedTo, Stack } from "../sandbox/engine/pulumi.ts";
import { image, layer, writeLayout } from "../sandbox/oci/fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "aws-service-"));
const root = join(import.meta.dirname, "../..");
const crane = process.env.BAILIWICK_CRANE ?? join(homedir(), ".cache/bailiwick/crane-0.22.1/crane");
const hostname = "telemetry-aws-eu.brand.example";
let sandbox: Sandbox;
let stack: Stack;
let dispatcher: ProxyAgent;

const program = `
import { createServer } from "node:http";
if (process.env.BROKEN) process.exit(1);
createServer((request, response) => response.end(process.env.VERSION)).listen(process.env.PORT, "127.0.0.1");
createServer((request, response) => response.end()).listen(process.env.HEALTH_PORT, "127.0.0.1");`;

beforeAll(async () => {
  sandbox = await Sandbox.start({
    stateDir: join(folder, "sandbox"),
    socketDir: join(folder, "s"),
    port: 0,
    tools: { versitygw },
    log: () => {},
  });
  dispatcher = new ProxyAgent({ uri: sandbox.proxyUrl, requestTls: { ca: readFileSync(sandbox.caFile) } });
  const project = join(folder, "project");
  for (const name of ["project", "home", "state"]) mkdirSync(join(folder, name));
  for (const name of ["node_modules", "components"]) symlinkSync(join(root, name), join(project, name));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(project, "Pulumi.yaml"), "name: brand\nruntime: nodejs\nmain: index.ts\n");
  stack = new Stack(project, attachedTo(sandbox.ports, folder));
  stack.write("");
  await stack.run("stack", "init", "eu");
  for (const [key, value] of Object.entries({ "aws:region": "eu-central-1", "gcp:project": "brand", "gcp:region": "europe-west3" })) {
    await stack.run("config", "set", key, value);
  }
});
afterAll(async () => {
  await dispatcher.close();
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const registry = `
import { Repository } from "@pulumi/aws/ecr/repository.js";
import { getAuthorizationTokenOutput } from "@pulumi/aws/ecr/getAuthorizationToken.js";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import { Service } from "@pulumi/gcp/projects/service.js";
import { RegionKeys } from "./components/storage/region-keys.ts";
const repository = new Repository("images", { name: "bailiwick", imageTagMutability: "IMMUTABLE", forceDelete: true });
export const password = getAuthorizationTokenOutput({}).password;
export const account = getCallerIdentityOutput().accountId;
export const url = repository.repositoryUrl;
`;
const service = (account: string, image: string, environment: string) => `${registry}
import { AwsNetwork } from "./components/telemetry/aws-network.ts";
import { ApplicationLoadBalancer } from "./components/telemetry/application-load-balancer.ts";
import { FargateService } from "./components/telemetry/fargate-service.ts";
const apis = ["iam", "cloudkms", "sqladmin", "secretmanager", "storage"].map((api) => new Service(api, { service: api + ".googleapis.com" }));
const keys = new RegionKeys("keys", { project: "brand", awsAccountId: "${account}", jurisdiction: "eu", lifecycle: "ephemeral", dependsOn: apis });
const network = new AwsNetwork("network", { awsAccountId: "${account}", jurisdiction: "eu", services: ["xray"] });
const balancer = new ApplicationLoadBalancer("balancer", { jurisdiction: "eu", lifecycle: "ephemeral", network, hostname: "${hostname}", zoneId: "0123456789abcdef0123456789abcdef" });
const run = new FargateService("collector", {
  awsAccountId: "${account}", jurisdiction: "eu", service: "collector", image: "${image}", repositoryArn: repository.arn, network, balancer,
  tokenHeader: "authorization", port: 8080, health: { path: "/", port: 13133 }, environment: { PORT: "8080", HEALTH_PORT: "13133", ${environment} },
  permissions: [{ actions: ["s3:PutObject"], resources: ["arn:aws:s3:::archive/*"] }],
  key: keys.awsKey, logRetentionDays: 30, size: { cpu: 256, memory: 512 }, count: 2,
});
export const origin = run.origin;
`;

/** As `./bailiwick publish` does it. @returns the image by digest */
async function publish(repository: string, password: string): Promise<string> {
  const made = image([await layer([{ name: "app/main.mjs", content: program }])], {
    Entrypoint: ["/nodejs/bin/node"],
    Cmd: ["/app/main.mjs"],
  });
  const layout = writeLayout(join(folder, "layout"), made);
  const artifact = {
    name: "collector",
    kind: "image",
    digest: made.digest,
    size: made.manifest.size,
    path: relative(artifactDir, layout),
    sbom: "none",
    provenance: { commit: "unknown", dirty: false, lock: "none", node: process.version },
    availability: "anywhere",
  } as const;
  const done = await publishArtifacts(
    { version: 1, artifacts: [artifact, { ...artifact, name: "preferences" }] },
    { repositories: {}, awsRepositories: { eu: repository }, signingKey: "none" },
    {
      proxy: { url: sandbox.proxyUrl, caFile: sandbox.caFile },
      token: () => Promise.reject(new Error("no image is for Google's registries")),
      awsPassword: async (location) => (location === "eu-central-1" ? password : ""),
      crane,
    },
    join(folder, "published.json"),
    () => {},
  );
  expect(done, "only what runs in AWS").toEqual([expect.stringMatching(/^pushed collector@.* to \d+\.dkr\.ecr\.eu-central-1/)]);
  return `${repository}@${made.digest}`;
}

const ask = async () => (await fetch(`https://${hostname}/v1/traces`, { dispatcher, headers: { authorization: "Bearer t" } })).text();

test("a service is deployed from nothing, asked over TLS, updated, kept when its update fails, and unmade", async () => {
  stack.write(registry);
  expect(await stack.up()).toMatchObject({ code: 0 });
  const { url, password, account } = (await stack.outputs()) as Record<string, string>;
  const reference = await publish(url as string, password as string);

  stack.write(service(account as string, reference, 'VERSION: "one"'));
  expect(await stack.up()).toMatchObject({ code: 0 });
  expect(await ask()).toBe("one");
  expect((await fetch(`https://${hostname}/v1/traces`, { dispatcher })).status, "without a token").toBe(404);
  const unchanged = await stack.run("preview", "--diff", "--expect-no-changes");
  expect([unchanged.code, unchanged.code === 0 ? "" : unchanged.output]).toEqual([0, ""]);

  stack.write(service(account as string, reference, 'VERSION: "two"'));
  expect(await stack.up()).toMatchObject({ code: 0 });
  expect(await ask()).toBe("two");

  stack.write(service(account as string, reference, 'VERSION: "three", BROKEN: "yes"'));
  const failed = await stack.up();
  expect(failed).toMatchObject({ output: expect.stringContaining("Circuit Breaker was triggered, rolling back") });
  expect(failed.code).not.toBe(0);
  expect(await ask()).toBe("two");

  stack.write(service(account as string, reference, 'VERSION: "four"'));
  expect(await stack.up()).toMatchObject({ code: 0 });
  expect(await ask()).toBe("four");
  const gone = await stack.run("destroy", "--yes", "--skip-preview");
  expect([gone.code, gone.code === 0 ? "" : gone.output]).toEqual([0, ""]);
});
