import { describe, expect, it } from "vitest";
import { EdgeQueue, type EdgeQueueArgs } from "../../components/edge/edge-queue.ts";
import { EdgeSite, type EdgeSiteArgs } from "../../components/edge/edge-site.ts";
import { SnapshotStore } from "../../components/edge/snapshot-store.ts";
import { SubjectStore, type SubjectStoreArgs } from "../../components/edge/subject-store.ts";
import { VersionedWorker, type VersionedWorkerArgs, type WorkerRelease } from "../../components/edge/versioned-worker.ts";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { known, part, run } from "./program.ts";

const account = { accountId: "0123456789abcdef0123456789abcdef", zoneId: "fedcba9876543210fedcba9876543210" };
const release = (digit: string, percentage: number): WorkerRelease => ({
  digest: `sha256:${digit.repeat(64)}`,
  percentage,
  mainModule: "index.js",
  modules: [{ name: "index.js", contentType: "application/javascript+module", path: "/builds/index.js" }],
});
const worker = (args: Partial<VersionedWorkerArgs> = {}): VersionedWorkerArgs => ({
  ...account,
  scriptName: "site-eu",
  hostname: "eu.brand.example",
  releases: [release("a", 100)],
  ...args,
});
const store = (args: Partial<SubjectStoreArgs> = {}): SubjectStoreArgs => ({
  ...account,
  jurisdiction: "eu",
  hostname: "subjects-eu.brand.example",
  caller: "preferences@brand.iam.gserviceaccount.com",
  release: { digest: `sha256:${"c".repeat(64)}`, path: "/builds/index.js", sha256: "c".repeat(64) },
  ...args,
});
const snapshots = () => new SnapshotStore("snapshots", { accountId: account.accountId, title: "snapshots-eu", documents: {} });
const site = (args: Partial<EdgeSiteArgs> = {}): EdgeSiteArgs => ({
  ...account,
  jurisdiction: "eu",
  hostname: "eu.brand.example",
  releases: [release("a", 100)],
  origin: "https://www.brand.example",
  governanceUrl: "https://preferences.example",
  edgeKey: "edge-key",
  subjectTokenKey: "subject-token-key",
  decisionTableKey: "decision-table-key",
  snapshots: snapshots(),
  ...args,
});

describe("VersionedWorker", () => {
  it("lists all that is wrong with its arguments in one message, without a stack", async () => {
    await run(() => {
      let error: Error | undefined;
      try {
        new VersionedWorker("home", worker({ releases: [release("a", 50), release("a", 30), release("b", 30)] }));
      } catch (thrown) {
        error = thrown as Error;
      }
      expect(error?.message).toBe(
        [
          'VersionedWorker "home" cannot be made:',
          "  - it has 3 releases; allowed are one or two",
          "  - its releases get 110 % of the traffic; together they must get 100 %",
          "  - it has the same release twice",
        ].join("\n"),
      );
      expect(error?.stack).toBeUndefined();
    });
  });

  it("makes one version a release, named by its digest, and shares the traffic in their order", async () => {
    const { made } = await run(() => new VersionedWorker("home", worker({ releases: [release("a", 90), release("b", 10)] })));
    const versions = made.filter(({ type }) => type.endsWith(":WorkerVersion"));
    expect(versions.map(({ name }) => name)).toEqual(["home-aaaaaaaaaaaa", "home-bbbbbbbbbbbb"]);
    expect(part(made, "home-deployment").inputs).toMatchObject({
      strategy: "percentage",
      versions: [
        { versionId: "home-aaaaaaaaaaaa-id", percentage: 90 },
        { versionId: "home-bbbbbbbbbbbb-id", percentage: 10 },
      ],
    });
  });

  it("is reached by its hostname only, and says its origin", async () => {
    const { made, value } = await run(() => new VersionedWorker("home", worker()));
    expect(part(made, "home-worker").inputs.subdomain).toEqual({ enabled: false, previewsEnabled: false });
    expect(await known(value.origin)).toBe("https://eu.brand.example");
  });

  it("ends TLS in a region where it is told to, and nowhere in particular where it is not", async () => {
    const anywhere = await run(() => new VersionedWorker("home", worker()));
    expect(anywhere.made.some(({ type }) => type.endsWith(":RegionalHostname"))).toBe(false);
    const pinned = await run(() => new VersionedWorker("home", worker({ regionKey: "eu" })));
    expect(part(pinned.made, "home-regional").inputs).toMatchObject({ hostname: "eu.brand.example", regionKey: "eu" });
  });

  it("gives its bindings by name, in whichever order they were said: the provider compares them in order", async () => {
    const bindings = ["ZETA", "ALPHA", "MIDDLE"].map((name) => ({ name, type: "plain_text", text: "x" }));
    const { made } = await run(() => new VersionedWorker("home", worker({ bindings })));
    const given = part(made, "home-aaaaaaaaaaaa").inputs.bindings as { name: string }[];
    expect(given.map(({ name }) => name)).toEqual(["ALPHA", "MIDDLE", "ZETA"]);
  });

  it("lets a child be transformed: by other arguments, or by changing them in place", async () => {
    const { made } = await run(
      () =>
        new VersionedWorker(
          "home",
          worker({
            transform: {
              worker: (args, options) => ({ args: { ...args, logpush: true }, options }),
              deployment: (args) => {
                args.annotations = { workersMessage: "by hand" };
                return undefined;
              },
            },
          }),
        ),
    );
    expect(part(made, "home-worker").inputs).toMatchObject({ name: "site-eu", logpush: true });
    expect(part(made, "home-deployment").inputs).toMatchObject({ annotations: { workersMessage: "by hand" }, strategy: "percentage" });
  });

  it("says in which zone its hostname is, if it has one", async () => {
    await run(() => {
      expect(() => new VersionedWorker("home", worker({ zoneId: undefined }))).toThrow('its hostname "eu.brand.example" needs `zoneId`');
    });
  });
});

describe("EdgeSite", () => {
  it("refuses to go without consent state where the jurisdiction keeps it at the edge", async () => {
    await run(() => {
      expect(() => new EdgeSite("edge", site())).toThrow('jurisdiction "eu" keeps consent state at the edge: give `subjects`');
    });
  });

  it("refuses consent state where the jurisdiction allows none at the edge", async () => {
    await run(() => {
      const subjects = new SubjectStore("subjects", store());
      expect(() => new EdgeSite("edge", site({ jurisdiction: "sg", subjects }))).toThrow('jurisdiction "sg" allows no state at the edge');
    });
  });

  it("binds the Durable Objects of the Worker that owns them, by its name", async () => {
    const { made } = await run(() => new EdgeSite("edge", site({ subjects: new SubjectStore("subjects", store()) })));
    expect(part(made, "edge-site-aaaaaaaaaaaa").inputs.bindings).toContainEqual({
      name: "SUBJECTS",
      type: "durable_object_namespace",
      className: "Subject",
      scriptName: "subjects-eu",
    });
  });

  it("counts requests of each region on their own", async () => {
    const namespaces = new Set<string>();
    for (const jurisdiction of jurisdictions) {
      const subjects = () =>
        residencyOf(jurisdiction).edgeState === "none" ? undefined : new SubjectStore("subjects", store({ jurisdiction }));
      const { made } = await run(() => new EdgeSite("edge", site({ jurisdiction, subjects: subjects() })));
      const bindings = part(made, "edge-site-aaaaaaaaaaaa").inputs.bindings as { name: string; namespaceId?: string; simple?: unknown }[];
      const limit = bindings.find(({ name }) => name === "LIMIT");
      expect(limit).toMatchObject({ type: "ratelimit", simple: { limit: 200, period: 10 } });
      expect(limit?.namespaceId).toMatch(/^[1-9]\d*$/);
      namespaces.add(limit?.namespaceId as string);
    }
    expect(namespaces.size).toBe(jurisdictions.length);
  });

  it("ends TLS inside its jurisdiction", async () => {
    const { made, value } = await run(() => new EdgeSite("edge", site({ jurisdiction: "sg" })));
    expect(part(made, "edge-site-regional").inputs.regionKey).toBe("sg");
    expect(await known(value.url)).toBe("https://eu.brand.example");
  });
});

describe("SubjectStore", () => {
  it("is refused where Durable Objects cannot be pinned", async () => {
    await run(() => {
      expect(() => new SubjectStore("subjects", store({ jurisdiction: "sg" }))).toThrow('jurisdiction "sg" cannot pin Durable Objects');
    });
  });

  it("brings the class into being by a migration of its own, and never migrates again", async () => {
    const { made } = await run(() => new SubjectStore("subjects", store()));
    expect(part(made, "subjects-classes").inputs.migrations).toEqual({ newTag: "v1", newSqliteClasses: ["Subject"] });
    // As Wrangler does once the newest tag is applied.
    expect(part(made, "subjects-script").inputs).not.toHaveProperty("migrations");
    expect(part(made, "subjects-subdomain").inputs).toMatchObject({ enabled: false, previewsEnabled: false });
  });
});

describe("EdgeQueue", () => {
  const spool = (args: Partial<EdgeQueueArgs> = {}): EdgeQueueArgs => ({
    accountId: account.accountId,
    jurisdiction: "eu",
    lifecycle: "durable",
    spool: "telemetry",
    paths: ["gcp", "aws"],
    releases: [release("a", 100)],
    ...args,
  });

  it("is refused where queues cannot be pinned, with all else that is wrong", async () => {
    await run(() => {
      expect(() => new EdgeQueue("spool", spool({ jurisdiction: "sg", paths: ["gcp", "gcp", "A"] }))).toThrow(
        [
          'EdgeQueue "spool" cannot be made:',
          '  - jurisdiction "sg" cannot pin queues (stacks/residency.ts): let a service of the region keep what must wait',
          "  - it has a path twice: gcp, gcp, A",
          '  - "A": a lower case letter, then lower case letters and digits',
        ].join("\n"),
      );
    });
  });

  it("pins a queue and a dead letter queue a path, kept as long as can be", async () => {
    const { made } = await run(() => new EdgeQueue("spool", spool({ jurisdiction: "us" })));
    const queues = made.filter(({ type }) => type.endsWith(":Queue"));
    expect(queues.map(({ inputs }) => inputs.queueName)).toEqual([
      "telemetry-us-gcp",
      "telemetry-us-aws",
      "telemetry-us-gcp-dead",
      "telemetry-us-aws-dead",
    ]);
    for (const { inputs } of queues)
      expect(inputs).toMatchObject({
        jurisdiction: "us",
        settings: { deliveryDelay: 0, deliveryPaused: false, messageRetentionPeriod: 1_209_600 },
      });
  });

  it("lets its Worker, which has no address, consume each path, and people the dead letters; every setting is written out", async () => {
    const { made } = await run(() => new EdgeQueue("spool", spool()));
    expect(made.filter(({ type }) => /Domain|Hostname/.test(type))).toEqual([]);
    expect(part(made, "spool-gcp-consumer").inputs).toMatchObject({
      type: "worker",
      scriptName: "telemetry-eu",
      deadLetterQueue: "telemetry-eu-gcp-dead",
    });
    const settings = (name: string) => Object.keys(part(made, name).inputs.settings as object).sort();
    expect(settings("spool-aws-consumer")).toEqual(["batchSize", "maxConcurrency", "maxRetries", "maxWaitTimeMs", "retryDelay"]);
    expect(part(made, "spool-aws-dead-reader").inputs.type).toBe("http_pull");
    expect(settings("spool-aws-dead-reader")).toEqual(["batchSize", "maxRetries", "retryDelay", "visibilityTimeoutMs"]);
  });

  it("is bound by name: by those who send, and by its Worker for what is refused for good", async () => {
    const { made, value } = await run(
      () => new EdgeQueue("spool", spool({ bindings: [{ name: "REGION", type: "plain_text", text: "eu" }] })),
    );
    const [gcp, aws] = value.senderBindings;
    expect([gcp?.name, aws?.name]).toEqual(["TELEMETRY_GCP", "TELEMETRY_AWS"]);
    expect(part(made, "spool-worker-aaaaaaaaaaaa").inputs.bindings).toEqual([
      { name: "DEAD_LETTER_AWS", type: "queue", queueName: "telemetry-eu-aws-dead" },
      { name: "DEAD_LETTER_GCP", type: "queue", queueName: "telemetry-eu-gcp-dead" },
      { name: "REGION", type: "plain_text", text: "eu" },
    ]);
  });
});
