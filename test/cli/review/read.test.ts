// What is read from the event log of a preview.
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../../cli/pulumi/events.ts";
import { reviewSchema } from "../../../cli/review/model.ts";
import { countsOf } from "../../../cli/review/read.ts";
import { config, end, error, type Step, said, step, unknown, urnOf } from "./events.ts";
import { example, previewOf, reviewed, together } from "./example.ts";

const bucket: Pick<Step, "type" | "name"> = { type: "aws:s3/bucket:Bucket", name: "uploads" };
const personal = { region: "eu-central-1", tags: { "data-class": "personal" } };
const read = (...events: readonly EngineEvent[]) => reviewed({ stack: "eu", events: [...events, end()] });

it("the model is what its schema says, and JSON keeps it", () => {
  const review = example(true);
  expect(reviewSchema.parse(JSON.parse(JSON.stringify(review)))).toEqual(review);
});

describe("what becomes of a resource", () => {
  it.each([
    ["create", "create"],
    ["import", "create"],
    ["update", "change"],
    ["delete", "delete"],
    ["same", "same"],
    ["read", "read"],
    ["discard", "read"],
  ])("%s is told as %s", (op, operation) => {
    expect(read(step("eu", { op, ...bucket, inputs: personal })).resources).toMatchObject([{ name: "uploads", operation }]);
  });

  it("a replacement is one, in however many steps, and says which properties force it", () => {
    const steps = ["create-replacement", "replace", "delete-replaced"].map((op) =>
      step("eu", { op, ...bucket, inputs: personal, keys: ["bucket"], diffs: ["bucket", "tags"] }),
    );
    const { resources, ...review } = read(...steps);
    expect(resources).toMatchObject([{ operation: "replace", paths: ["bucket"] }]);
    expect(countsOf({ ...review, resources })).toMatchObject({ replace: 1, create: 0, delete: 0 });
  });

  it("components and providers are no resources of a cloud", () => {
    const component = step("eu", { op: "create", type: "bailiwick:storage:AuditVault", name: "vault", component: true });
    expect(read(component, step("eu", { op: "create", type: "pulumi:providers:aws", name: "aws" })).resources).toEqual([]);
  });

  it("what only the deployment will tell is named by its path", () => {
    const inputs = { ...personal, bucket: unknown, rules: [{ name: "kept", days: unknown }] };
    expect(read(step("eu", { op: "create", ...bucket, inputs })).resources[0]?.unknown).toEqual(["bucket", "rules[kept].days"]);
  });
});

describe("data is destroyed", () => {
  const lost = (its: Partial<Step>, ...events: readonly EngineEvent[]) =>
    read(...events, step("eu", { op: "replace", ...bucket, inputs: personal, ...its })).resources[0]?.loses;

  it("by the replacement and by the deletion of a store, with its class", () => {
    expect(lost({})).toEqual({ dataClass: "personal", data: "destroyed" });
    expect(lost({ op: "delete" })).toEqual({ dataClass: "personal", data: "destroyed" });
    expect(lost({ op: "delete", inputs: {} })).toMatchObject({ dataClass: "undeclared" });
  });

  it("or left behind, where the cloud's own resource is retained", () => {
    expect(lost({ op: "delete", retainOnDelete: true })).toEqual({ dataClass: "personal", data: "left behind" });
  });

  it("not by a change, not of what holds none", () => {
    expect(lost({ op: "update" })).toBeUndefined();
    expect(lost({ type: "aws:iam/role:Role" })).toBeUndefined();
  });

  it("not in an ephemeral stack, whose data is synthetic", () => {
    expect(lost({}, config({ "bailiwick:lifecycle": "ephemeral" }))).toBeUndefined();
  });
});

describe("what the pack said", () => {
  const urn = urnOf("eu", bucket);

  it("is a finding, or undecided, or an exemption with its days", () => {
    const review = read(
      said("residency/location", urn, 'aws:s3/bucket:Bucket "uploads" breaks residency/location: region is "us-east-1"'),
      said(
        "exposure/open-resource-policy",
        urn,
        'aws:s3/bucket:Bucket "uploads" leaves exposure/open-resource-policy undecided: policy is not known',
      ),
      said("exemptions", urn, "Exempted until 2026-12-01, 9 days left: a/b for uploads", "advisory"),
    );
    expect(review.findings.map(({ rule }) => rule)).toEqual(["residency/location"]);
    expect(review.undecided.map(({ rule }) => rule)).toEqual(["exposure/open-resource-policy"]);
    expect(review.exemptions).toMatchObject([{ daysLeft: 9 }]);
    expect(review.ok).toBe(false);
  });

  it("is a finding where an exemption itself is wrong", () => {
    expect(read(said("exemptions", urn, "Exemption without use: a/b for uploads")).findings).toHaveLength(1);
  });
});

describe("a preview is not well", () => {
  it("that ended with an error, that failed, or that did not end", () => {
    expect(read(error("no such bucket"))).toMatchObject({ ok: false, errors: ["no such bucket"] });
    expect(reviewed({ stack: "eu", events: [end("failed")] }).ok).toBe(false);
    expect(reviewed({ stack: "eu", events: [] }).ok).toBe(false);
    expect(reviewed({ stack: "eu", events: [end()] }).ok).toBe(true);
  });
});

describe("where data will live", () => {
  const { holdings } = reviewed(previewOf("us", false));
  const of = (name: string) => holdings.find((holding) => holding.name === name);

  it("stands with each store: class, jurisdiction, place", () => {
    expect(of("governance-database-instance")).toMatchObject({ dataClass: "personal", jurisdiction: "us", places: ["us-east4"] });
    expect(of("telemetry-gcp-archive-bucket")).toMatchObject({ cloud: "Google Cloud", dataClass: "operational", places: ["us-east4"] });
    expect(of("spool-aws")).toMatchObject({ cloud: "Cloudflare", holding: "stores", dataClass: "operational", places: ["us"] });
  });

  it("and with what it passes through, where that says of which class", () => {
    expect(of("telemetry-gcp-service")).toMatchObject({ holding: "carries", dataClass: "operational" });
  });

  it("a store that nobody pinned, or classified, is told as that", () => {
    const inputs = { name: "pictures" };
    expect(read(step("eu", { op: "create", type: "cloudflare:index/r2Bucket:R2Bucket", name: "pictures", inputs })).holdings).toMatchObject(
      [{ dataClass: "undeclared", jurisdiction: "eu", places: ["anywhere"] }],
    );
  });

  it("one without a region of its own stands in its provider's", () => {
    const provider = step("eu", { op: "create", type: "pulumi:providers:aws", name: "aws", inputs: { region: "eu-west-1" } });
    const { holdings: its } = read(provider, step("eu", { op: "create", ...bucket, inputs: { tags: personal.tags } }));
    expect(its).toMatchObject([{ places: ["eu-west-1"] }]);
  });
});

it("telemetry leaves by two paths, and something keeps it meanwhile", () => {
  const { telemetry } = reviewed(previewOf("eu", false));
  expect(telemetry.paths).toMatchObject([
    { cloud: "AWS", archives: ["telemetry-aws-archive-bucket"], places: ["eu-central-1"] },
    { cloud: "Google Cloud", archives: ["telemetry-gcp-archive-bucket"], places: ["europe-west3"] },
  ]);
  expect(telemetry.spools).toEqual(["spool-aws", "spool-gcp"]);
  expect(reviewed(previewOf("apac", false)).telemetry.spools).toEqual(["governance-spool-service"]);
});

it("artifacts are told by the name and the whole digest of what was built here", () => {
  const { artifacts } = reviewed(previewOf("eu", false));
  expect(artifacts).toEqual([
    { name: "collector", kind: "image", digest: `sha256:${"b".repeat(64)}`, known: true, usedBy: ["telemetry-gcp-service"] },
    { name: "site", kind: "worker", digest: `sha256:${"5".repeat(64)}`, known: true, usedBy: ["edge-site-555555555555"] },
  ]);
});

it("the picture shows components with the gravest of what becomes of their parts, and who needs whom where the plan tells", () => {
  const previewed = previewOf("us", true);
  const database = urnOf("us", {
    type: "gcp:sql/databaseInstance:DatabaseInstance",
    name: "governance-database-instance",
    chain: ["bailiwick:storage:ResidentDatabase"],
  });
  const site = urnOf("us", {
    type: "cloudflare:index/workerVersion:WorkerVersion",
    name: "edge-site-555555555555",
    chain: ["bailiwick:edge:EdgeSite", "bailiwick:edge:VersionedWorker"],
  });
  const { picture } = reviewed({ ...previewed, dependencies: new Map([[site, { bindings: [database] }]]) });
  expect(picture.nodes.find(({ name }) => name === "telemetry-gcp")).toMatchObject({ operation: "replace", kind: "GcpCollector" });
  expect(picture.edges).toContainEqual({ from: "edge-site", to: "governance-database", way: "needs" });
});

it("a foreign stack is read as well: nothing of it has to be ours", () => {
  const review = reviewed({
    stack: "shop",
    events: [step("shop", { op: "create", ...bucket, within: "gone", chain: ["shop:x:Y"] }), end()],
  });
  expect(review).toMatchObject({ ok: true, lifecycle: "durable" });
  expect(review.jurisdiction).toBeUndefined();
  expect(reviewSchema.safeParse(together(review)).success).toBe(true);
});
