// The pack under the real Pulumi engine, with programs that nobody wrote for it.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { buildPolicyPack } from "../../policies/build.ts";
import { recorded } from "../../sandbox/engine/recorded.ts";
import { Engine } from "../sandbox/engine/pulumi.ts";

// Each run of the engine takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let engine: Engine;
let folder: string;
let pack: string[];
const created: string[] = [];
/** Names of the resources that came into being in a stack. */
const createdIn = (stack: string) => created.filter((urn) => urn.startsWith(`urn:pulumi:${stack}::`)).map((urn) => urn.split("::").at(-1));

const made = (token: string, computed: () => Record<string, string> = () => ({})) => {
  const definition = recorded({
    token,
    why: "a test needs no more",
    id: (inputs) => String(inputs.bucket ?? inputs.accountId ?? inputs.role),
    computed,
  });
  return {
    ...definition,
    create: (...args: Parameters<typeof definition.create>) => {
      created.push(args[0].urn);
      return definition.create(...args);
    },
  };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pack-"));
  pack = ["--policy-pack", await buildPolicyPack(folder)];
  engine = await Engine.start({
    resources: [
      made("aws:s3/bucket:Bucket", () => ({ arn: "arn:aws:s3:::uploads" })),
      made("aws:s3/bucketPolicy:BucketPolicy"),
      made("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"),
      made("gcp:serviceaccount/account:Account", () => ({ member: "serviceAccount:a@p.iam.gserviceaccount.com" })),
      made("gcp:projects/iAMMember:IAMMember"),
    ],
  });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const provider = (region: string) => `import { Provider } from "@pulumi/aws/provider.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Provider as GoogleProvider } from "@pulumi/gcp/provider.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
const provider = new Provider("aws", { region: "${region}", skipCredentialsValidation: true });
`;
const bucket = (more: string) => `const byKey = { sseAlgorithm: "aws:kms", kmsMasterKeyId: "alias/uploads" };
const encryption = { serverSideEncryptionConfiguration: { rule: { applyServerSideEncryptionByDefault: byKey } } };
const bucket = new Bucket("uploads", { bucket: "uploads", versioning: { enabled: true }, tags: { "data-class": "personal" }, ...encryption${more} }, { provider, protect: true });
`;

it("an EU bucket in us-east-1 is refused before it exists, and the message says why", async () => {
  const stack = await engine.stack("eu", provider("eu-central-1") + bucket(', region: "us-east-1"'));
  const preview = await stack.run("preview", ...pack);
  expect(preview.code).not.toBe(0);
  for (const text of ["residency/location", '"uploads"', 'region is "us-east-1"', "GDPR Art. 44", "Allowed: eu-central-1", "Remedy:"])
    expect(preview.output).toContain(text);
  const up = await stack.up(...pack);
  expect(up.code).not.toBe(0);
  expect(createdIn("eu")).toEqual([]);

  stack.write(provider("us-east-1") + bucket(""));
  expect((await stack.run("preview", ...pack)).output).toContain('region of the provider is "us-east-1"');
  expect((await stack.up(...pack)).code).not.toBe(0);
  expect(createdIn("eu")).toEqual([]);
});

it("what is undecided blocks a plain preview, and names what it waits for", async () => {
  const program = `${provider("us-east-1") + bucket("")}
const plain = { Effect: "Deny", Principal: "*", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } };
const policyOf = (arn) => JSON.stringify({ Statement: [{ ...plain, Resource: arn }] });
new BucketPolicy("access", { bucket: bucket.bucket, policy: bucket.arn.apply(policyOf) }, { provider });
`;
  const stack = await engine.stack("us", program);
  const open = await stack.run("preview", ...pack);
  expect(open.code).not.toBe(0);
  expect(open.output).toContain('undecided: policy is not known before the deployment, it waits for "uploads" (aws:s3/bucket:Bucket)');

  // A public access block settles it, as does an identity for a role's member: the first deployment goes through.
  stack.write(`${program}
const guards = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
new BucketPublicAccessBlock("guards", { bucket: bucket.bucket, ...guards }, { provider });
const google = new GoogleProvider("gcp", { project: "p", region: "us-east4" });
const account = new Account("robot", { accountId: "robot-1" }, { provider: google });
new IAMMember("role", { project: "p", role: "roles/logging.logWriter", member: account.member }, { provider: google });
`);
  const settled = await stack.run("preview", ...pack);
  expect(settled.output).not.toContain("undecided");
  expect(settled.code).toBe(0);
  const up = await stack.run("up", "--yes", ...pack);
  expect(up.output).toContain("bailiwick@v");
  expect(up.code).toBe(0);
});

it("what a preview settled is judged again in the update, with the real value", async () => {
  const stack = await engine.stack(
    "apac",
    `${provider("ap-southeast-1")}
const google = new GoogleProvider("gcp", { project: "p", region: "asia-southeast1" });
const account = new Account("robot", { accountId: "robot-2" }, { provider: google });
new IAMMember("role", { project: "p", role: "roles/logging.logWriter", member: account.member.apply(() => "allUsers") }, { provider: google });
`,
  );
  expect((await stack.run("preview", ...pack)).code).toBe(0);
  const up = await stack.up(...pack);
  expect(up.code).not.toBe(0);
  expect(up.output).toContain('member is "allUsers"');
  expect(createdIn("apac")).toEqual(["robot"]);
});
