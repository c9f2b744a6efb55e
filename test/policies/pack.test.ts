import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { buildPolicyPack } from "../../policies/build.ts";
import { rules } from "../../policies/rules/index.ts";
import { isAlive } from "../alive.ts";
import { type RunningPack, removeBuild, secret, startPack, unknown, urnOf } from "./harness.ts";
import { allRuleIds } from "./rule-ids.ts";

const bucket = { type: "aws:s3/bucket:Bucket", name: "uploads" };
const good = {
  region: "eu-central-1",
  versioning: { enabled: true },
  tags: { "data-class": "personal" },
  serverSideEncryptionConfiguration: {
    rule: {
      applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: "alias/uploads" },
    },
  },
  policy: JSON.stringify({
    Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } }],
  }),
};
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const exemption = (more: Record<string, string> = {}) =>
  JSON.stringify([
    {
      rule: "recoverability/protect",
      urn: "urn:pulumi:eu::test::aws:s3/bucket:Bucket::*",
      reason: "The import bucket of March; its originals are protected.",
      owner: "anna@example.com",
      approver: "ben@example.com",
      ticket: "PRIV-1",
      expires: inDays(10),
      ...more,
    },
  ]);

afterAll(removeBuild);

describe("the executable pack", () => {
  let pack: RunningPack;
  beforeAll(async () => {
    pack = await startPack();
  });
  // Every stack is a new session: nothing of the test before is left.
  beforeEach(() => pack.configure("eu"));
  afterAll(() => pack.stop());

  it("has exactly these rules, mandatory but for those that say why not", async () => {
    const policies = (await pack.info()).getPoliciesList().map((policy) => [policy.getName(), policy.getEnforcementlevel()]);
    const advisory = new Set(rules.filter(({ enforcement }) => enforcement !== "mandatory").map(({ id }) => id));
    expect(policies).toEqual([...allRuleIds, "exemptions"].map((id) => [id, advisory.has(id) ? 0 : 1]));
  });

  it("refuses an EU bucket in us-east-1, and says resource, rule, what, law, what is allowed and the remedy", async () => {
    expect(await pack.analyze({ ...bucket, protect: true, props: { ...good, region: "us-east-1" } })).toEqual([
      {
        rule: "residency/location",
        urn: "urn:pulumi:eu::test::aws:s3/bucket:Bucket::uploads",
        blocks: true,
        message: [
          'aws:s3/bucket:Bucket "uploads" breaks residency/location: region is "us-east-1", outside the jurisdiction eu (European Union)',
          "  Law:     GDPR Art. 44",
          "  Allowed: eu-central-1, eu-west-1, eu-west-3, eu-north-1 (personal data of eu on aws)",
          "  Remedy:  Take the location from the residency map (stacks/residency.ts) instead of writing it by hand.",
        ].join("\n"),
      },
    ]);
  });

  it("refuses the provider that would put it there", async () => {
    const [found] = await pack.analyze({ type: "pulumi:providers:aws", name: "aws", props: { region: "us-east-1" }, provider: "none" });
    expect(found).toMatchObject({ rule: "residency/location", blocks: true });
  });

  it("lets a compliant bucket pass, and tells which rules had nothing to say", async () => {
    const response = await pack.analyzeRaw({ ...bucket, protect: true, props: good });
    expect(response.getDiagnosticsList()).toEqual([]);
    const silent = response.getNotApplicableList().map((item) => item.getPolicyName());
    expect(silent).toEqual(expect.arrayContaining(["exposure/workers-dev", "delivery/digest-pinned"]));
    expect(silent).not.toContain("residency/location");
  });

  it("names a type that nobody has listed, but leaves components alone", async () => {
    expect((await pack.analyze({ type: "kafka:index/topic:Topic" }))[0]?.message).toContain(
      "nobody has said whether the type kafka:index/topic:Topic",
    );
    expect(await pack.analyze({ type: "acme:shop:Basket", provider: "none" })).toEqual([]);
  });

  it("does not show a secret in a message", async () => {
    const [found] = await pack.analyze({ ...bucket, protect: true, props: { ...good, region: secret("us-east-1") } });
    expect(found?.message).toContain("region is [secret], outside");
    expect(found?.message).not.toContain("us-east-1");
  });

  it("reads the stack's own configuration: jurisdiction and lifecycle", async () => {
    await pack.configure("pr-12", { "bailiwick:jurisdiction": "us", "bailiwick:lifecycle": "ephemeral" });
    expect(await pack.analyze({ ...bucket, stack: "pr-12", props: { ...good, region: "us-east-1" } })).toEqual([]);
    const [found] = await pack.analyze({ ...bucket, stack: "pr-12", props: good });
    expect(found?.message).toContain("CCPA");
  });

  it("refuses a configuration that contradicts the stack's name, or names no jurisdiction", async () => {
    await pack.configure("eu", { "bailiwick:jurisdiction": "us" });
    expect((await pack.analyze({ ...bucket, protect: true, props: good }))[0]?.message).toContain(
      'stack "eu" belongs to eu by its name and to us by its',
    );
    await pack.configure("dev", { "bailiwick:jurisdiction": "mars" });
    expect((await pack.analyze({ ...bucket, protect: true, props: good }))[0]?.message).toContain('is "mars"; allowed: eu, us, sg, global');
  });

  it("survives whatever the engine may send: assets, archives, deep nesting, nothing", async () => {
    const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", path: "a.js" };
    expect(
      await pack.analyze({ type: "aws:s3/bucketObject:BucketObject", props: { source: asset, tags: null, metadata: [[{}]] } }),
    ).toEqual([]);
    expect(await pack.analyze({ type: "aws:s3/bucketPolicy:BucketPolicy", props: {} })).toEqual([]);
  });

  it("corrects nothing that no rule can correct, whether it was asked to or not", async () => {
    expect(await pack.remediate({ ...bucket, props: good })).toEqual([]);
    await pack.configure("eu", { "bailiwick:remediate": "true" });
    expect(await pack.remediate({ type: "aws:sns/topicSubscription:TopicSubscription", props: { a: secret("x") } })).toEqual([]);
    await expect(pack.configure("eu", { "bailiwick:remediate": "1" })).rejects.toThrow(
      'bailiwick:remediate of stack "eu" is "1"; allowed: true, false',
    );
  });

  it("refuses to judge before it knows the stack", async () => {
    const fresh = await startPack();
    await expect(fresh.analyze(bucket)).rejects.toThrow("before it said which stack it is");
    await fresh.stop();
  });
});

describe("what is undecided", () => {
  let pack: RunningPack;
  beforeAll(async () => {
    pack = await startPack();
  });
  afterAll(() => pack.stop());
  const image = { type: "gcp:cloudrunv2/service:Service", name: "preferences" };
  const props = {
    location: "europe-west3",
    ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    scaling: { maxInstanceCount: 10 },
    template: { serviceAccount: "preferences@test.iam.gserviceaccount.com", containers: [{ image: unknown }] },
  };
  const build = { type: "gcp:artifactregistry/repository:Repository", name: "images" };
  const dependent = { ...image, props, propertyDependencies: { template: [urnOf(build)] } };

  it("blocks a preview, once the whole stack is known, and names the property and what it waits for", async () => {
    await pack.configure("eu", {}, true);
    expect(await pack.analyze({ ...image, props })).toEqual([]);
    const [found, ...rest] = await pack.analyzeStack([build, dependent]);
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ rule: "delivery/digest-pinned", urn: urnOf(image), blocks: true });
    expect(found?.message).toContain(
      'leaves delivery/digest-pinned undecided: template.containers[0].image is not known before the deployment, it waits for "images" (gcp:artifactregistry/repository:Repository)',
    );
  });

  it("is not counted as passed in the preview", async () => {
    await pack.configure("eu", {}, true);
    const response = await pack.analyzeRaw({ ...image, props });
    expect(response.getNotApplicableList().map((item) => [item.getPolicyName(), item.getReason()])).toContainEqual([
      "delivery/digest-pinned",
      "undecided until the whole stack is known",
    ]);
  });

  it("blocks at once in an update, where nothing should be unknown", async () => {
    await pack.configure("eu", {}, false);
    expect(await pack.analyze({ ...image, props })).toMatchObject([{ rule: "delivery/digest-pinned", blocks: true }]);
  });

  it("does not come back in the next operation", async () => {
    await pack.configure("eu", {}, true);
    await pack.analyze({ ...image, props });
    await pack.configure("eu", {}, true);
    expect(await pack.analyzeStack([build, dependent])).toEqual([]);
  });

  it("is settled where another resource makes sure of it", async () => {
    await pack.configure("eu", {}, true);
    const store = { ...bucket, protect: true, props: good };
    const from = { bucket: [urnOf(bucket)], policy: [urnOf(bucket)] };
    const policy = { type: "aws:s3/bucketPolicy:BucketPolicy", props: { bucket: unknown, policy: unknown }, propertyDependencies: from };
    const guards = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
    const block = {
      type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      props: { bucket: unknown, ...guards },
      propertyDependencies: from,
    };
    await pack.analyze(policy);
    expect(await pack.analyzeStack([store, policy])).toMatchObject([{ rule: "exposure/open-resource-policy", blocks: true }]);
    expect(await pack.analyzeStack([store, policy, block])).toEqual([]);
  });
});

describe("relations between resources", () => {
  it("a WorkersScript without a switch for its public addresses is refused", async () => {
    const pack = await startPack();
    await pack.configure("eu");
    const script = { type: "cloudflare:index/workersScript:WorkersScript", props: { scriptName: "s" } };
    expect(await pack.analyzeStack([script])).toMatchObject([{ rule: "exposure/workers-dev", urn: urnOf(script), blocks: true }]);
    await pack.stop();
  });
});

it("what a preview cannot know of a resource's outputs is no argument of the program", async () => {
  const pack = await startPack();
  await pack.configure("eu", {}, true);
  const computed = { ...bucket, props: { ...good, replicationConfiguration: unknown } };
  expect(await pack.analyzeStack([{ ...computed, propertyDependencies: { region: [], tags: [] } }])).toEqual([]);
  const given = { ...computed, propertyDependencies: { region: [], tags: [], replicationConfiguration: [] } };
  expect(await pack.analyzeStack([given])).toMatchObject([{ rule: "residency/replication", blocks: true }]);
  await pack.stop();
});

describe("exemptions", () => {
  const unprotected = { ...bucket, props: good };
  const run = async (file: string, inputs: (typeof unprotected)[] = [unprotected], stack = "eu") => {
    const pack = await startPack({ "exemptions.yaml": file });
    try {
      await pack.configure(stack);
      const found = [];
      for (const input of inputs) found.push(...(await pack.analyze(input)));
      return { found, end: await pack.analyzeStack(inputs) };
    } finally {
      await pack.stop();
    }
  };

  it("one that is in force lets its finding pass, and is printed with the days left", async () => {
    const { found, end } = await run(exemption());
    expect(found).toEqual([]);
    expect(end).toMatchObject([{ rule: "exemptions", urn: urnOf(bucket), blocks: false }]);
    expect(end[0]?.message).toContain("11 days left: recoverability/protect");
    expect(end[0]?.message).toContain("Owner anna@example.com, approved by ben@example.com");
  });

  it("one that nothing needs blocks", async () => {
    const { end } = await run(exemption(), [{ ...unprotected, protect: true } as typeof unprotected]);
    expect(end).toMatchObject([{ rule: "exemptions", blocks: true }]);
    expect(end[0]?.message).toContain("Exemption without use");
  });

  it("one of another stack is that stack's business", async () => {
    const { end } = await run(exemption({ urn: "urn:pulumi:us::test::aws:s3/bucket:Bucket::*" }), [
      { ...unprotected, protect: true } as typeof unprotected,
    ]);
    expect(end).toEqual([]);
  });

  it.each([
    ["expired", exemption({ expires: "2020-01-31" }), /entry 1 \(recoverability\/protect, PRIV-1\): expired on 2020-01-31, \d+ days ago/],
    ["too long", exemption({ expires: inDays(120) }), /at most 90 are allowed/],
    ["approved by its owner", exemption({ approver: "Anna@example.com" }), /owner and approver are both anna@example.com/],
    ["for a rule that allows none", exemption({ rule: "residency/location" }), /residency\/location allows no exemption/],
    [
      "for a rule that is not there",
      exemption({ rule: "residency/place" }),
      /there is no rule "residency\/place"; allowed: residency\/location,/,
    ],
    ["incomplete", "[{ rule: exposure/workers-dev }]", /exemptions.yaml cannot be used:\n {2}entry 1, urn/],
    ["not YAML", "- rule: [", /exemptions.yaml is not YAML/],
  ])("one that is %s fails the deployment", async (_name, file, message) => {
    await expect(run(file)).rejects.toThrow(message);
  });
});

it("does not outlive the engine that started it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pack-"));
  const shell = spawn("sh", ["-c", '"$0" 127.0.0.1:1 & echo "$!"; wait', await buildPolicyPack(folder)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const [pid, port] = [Number((await lines.next()).value), Number((await lines.next()).value)];
  expect(port).toBeGreaterThan(0);
  shell.kill("SIGKILL");
  await vi.waitUntil(() => !isAlive(pid), { timeout: 10_000 });
  await rm(folder, { recursive: true });
}, 20_000);

it("an unreadable register fails the deployment", async () => {
  const pack = await startPack({ "register.yaml": "- match: anything\n  dataClass: secret\n" });
  await expect(pack.configure()).rejects.toThrow(/register.yaml cannot be used:\n {2}entry 1, match: must be a URN/);
  await pack.stop();
});
