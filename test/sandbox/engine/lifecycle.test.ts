// What a resource goes through, with the real Pulumi CLI and a program that knows nothing of where it runs.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CloudError, PartialFailure, type ResourceDefinition } from "../../../sandbox/engine/definition.ts";
import { recorded } from "../../../sandbox/engine/recorded.ts";
import { Engine } from "./pulumi.ts";

const namespaceToken = "cloudflare:index/workersKvNamespace:WorkersKvNamespace";
const bucketToken = "cloudflare:index/r2Bucket:R2Bucket";
const logToken = "aws:cloudwatch/logGroup:LogGroup";

/** Every operation that reached a definition, in order. */
let operations: string[];
let sick: boolean;
let engine: Engine;

const namespace = recorded({
  token: namespaceToken,
  why: "a test needs no more",
  replaceOn: ["jurisdiction"],
  recomputed: ["supportsUrlEncoding"],
  id: (inputs) => `ns-${inputs.title}-${inputs.jurisdiction ?? "none"}`,
  computed: (inputs) => ({ supportsUrlEncoding: inputs.title !== "plain" }),
  delete: (_context, { id }) => void operations.push(`delete ${id}`),
});

/** A slot that holds one: what is there must go first. */
const hostname: ResourceDefinition = recorded({
  token: "cloudflare:index/regionalHostname:RegionalHostname",
  why: "a test needs no more",
  replaceOn: ["routing"],
  deleteBeforeReplace: true,
  id: (inputs) => String(inputs.hostname),
  computed: () => ({ createdOn: "2026-01-01T00:00:00Z" }),
  delete: (_context, { id }) => void operations.push(`delete ${id}`),
});

/** Exists at once, works only when its surroundings do. */
const bucket: ResourceDefinition = {
  token: bucketToken,
  fidelity: { level: "records", why: "a test needs no more" },
  replaceOn: ["name"],
  create(_context, inputs) {
    operations.push(`create ${inputs.name}`);
    if (inputs.name === "forbidden") throw new CloudError("10042", "buckets may not be called forbidden. Choose another name.");
    const created = { id: String(inputs.name), outputs: { creationDate: "2026-01-01" } };
    if (sick) throw new PartialFailure(created, ["its data centre is on fire"]);
    return created;
  },
  update(_context, old) {
    operations.push(`update ${old.id}`);
    return {};
  },
  delete(_context, stored) {
    operations.push(`delete ${stored.id}`);
    if (stored.inputs.storageClass === "InfrequentAccess") throw new CloudError("10008", "the bucket is not empty. Empty it first.");
  },
};

const key = recorded({
  token: "tls:index/privateKey:PrivateKey",
  why: "a test needs no more",
  id: () => "key",
  computed: () => ({ privateKeyPem: "-----BEGIN HUSH-----", publicKeyPem: "-----BEGIN PUBLIC-----" }),
});

const log = recorded({
  token: logToken,
  why: "a test needs no more",
  autoname: { property: "name", maxLength: 512, lowercase: true },
  defaults: () => ({ retentionInDays: 0 }),
  id: (inputs) => String(inputs.name),
  computed: (inputs, _id, { config }) => ({
    arn: ["arn", config.region, inputs.name, JSON.stringify(config.allowedAccountIds ?? null), config.skipMetadataApiCheck ?? "unset"].join(
      ":",
    ),
  }),
});

beforeAll(async () => {
  operations = [];
  sick = false;
  engine = await Engine.start({
    resources: [namespace, hostname, bucket, key, log],
    functions: [
      {
        token: "cloudflare:index/getUser:getUser",
        call: () => ({ id: "user-1", email: "someone@brand.example" }),
      },
    ],
  });
});
afterAll(() => engine[Symbol.asyncDispose]());

const program = (body: string) => `
import * as pulumi from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import * as aws from "@pulumi/aws/provider.js";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { getUser } from "@pulumi/cloudflare/getUser.js";
import { getZone } from "@pulumi/cloudflare/getZone.js";
import { Queue } from "@pulumi/cloudflare/queue.js";
import { R2Bucket } from "@pulumi/cloudflare/r2bucket.js";
import { RegionalHostname } from "@pulumi/cloudflare/regionalHostname.js";
import { Worker } from "@pulumi/cloudflare/worker.js";
import { WorkersKvNamespace } from "@pulumi/cloudflare/workersKvNamespace.js";
${body}`;

describe("a resource", () => {
  it("is unknown in a preview, made by an update, changed in place, replaced and unmade", async () => {
    const space = (title: string, jurisdiction: string) =>
      program(`
        const space = new WorkersKvNamespace("space", { accountId: "a", title: "${title}", jurisdiction: "${jurisdiction}" });
        new R2Bucket("witness", { accountId: space.id, name: space.supportsUrlEncoding.apply((yes) => "encodes-" + yes) });
        export const id = space.id;
        export const encodes = space.supportsUrlEncoding;
        export const title = space.title;`);
    const stack = await engine.stack("life", space("first", "eu"));

    const before = await stack.preview();
    expect(before.output).toMatch(/encodes: \[unknown\]/);
    expect(before.output).toMatch(/title\s*: "first"\n/);
    expect(engine.store.list(namespaceToken)).toEqual([]);

    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(await stack.outputs()).toEqual({ id: "ns-first-eu", encodes: true, title: "first" });

    expect((await stack.preview("--expect-no-changes")).code).toBe(0);

    stack.write(space("plain", "eu"));
    const change = await stack.preview();
    expect(change.output).toMatch(/~ title: "first" => "plain"/);
    // What depends on an output that the update recomputes is not known yet; what depends on the id is.
    expect(change.output).toMatch(/name: "encodes-true" => \[unknown\]/);
    expect(change.output).not.toMatch(/accountId: .* =>/);
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(await stack.outputs()).toEqual({ id: "ns-first-eu", encodes: false, title: "plain" });

    stack.write(space("plain", "us"));
    expect((await stack.preview()).output).toMatch(/2 to replace/);
    operations.length = 0;
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(await stack.outputs()).toEqual({ id: "ns-plain-us", encodes: false, title: "plain" });
    expect(engine.store.list(namespaceToken).map(({ id }) => id)).toEqual(["ns-plain-us"]);

    expect(await stack.run("destroy", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
    expect(operations.filter((operation) => operation.includes("ns-"))).toEqual(["delete ns-first-eu", "delete ns-plain-us"]);
    expect(engine.store.list(namespaceToken)).toEqual([]);
  });

  it("that holds the only slot is deleted before its replacement is made", async () => {
    const host = (routing: string) =>
      program(`new RegionalHostname("host", { zoneId: "z", hostname: "eu.brand.example", regionKey: "eu", routing: "${routing}" });`);
    const stack = await engine.stack("slot", host("dns"));
    expect(await stack.up()).toMatchObject({ code: 0 });
    stack.write(host("other"));
    operations.length = 0;
    // Made first, it would be refused: the name is taken.
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(operations).toEqual(["delete eu.brand.example"]);
    expect(await stack.exported("host")).toMatchObject({ inputs: { routing: "other" } });
  });

  it("that exists but is not well stays in the state with its error, and the next update mends it", async () => {
    const stack = await engine.stack("partial", program(`new R2Bucket("bucket", { accountId: "a", name: "half" });`));
    operations.length = 0;
    sick = true;
    const failed = await stack.up();
    sick = false;
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("its data centre is on fire");
    expect(await stack.exported("bucket")).toMatchObject({
      id: "half",
      initErrors: ["its data centre is on fire"],
      outputs: { name: "half", creationDate: "2026-01-01" },
    });

    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(operations).toEqual(["create half", "update half"]);
    expect((await stack.exported("bucket"))?.initErrors ?? []).toEqual([]);
  });

  it("that the cloud refuses to make or unmake fails with the cloud's words, without a stack", async () => {
    const bucket = (args: string) => program(`new R2Bucket("bucket", { accountId: "a", ${args} });`);
    const stack = await engine.stack("refused", bucket(`name: "forbidden"`));
    const refused = await stack.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("10042: buckets may not be called forbidden. Choose another name.");
    expect(refused.output).not.toMatch(/\n\s+at .*\.ts/);
    expect(await stack.exported("bucket")).toBeUndefined();

    stack.write(bucket(`name: "full", storageClass: "InfrequentAccess"`));
    expect(await stack.up()).toMatchObject({ code: 0 });
    const kept = await stack.run("destroy", "--yes", "--skip-preview");
    expect(kept.output).toContain("10008: the bucket is not empty. Empty it first.");
    expect(await stack.exported("bucket")).toMatchObject({ id: "full" });
    expect(engine.store.get(bucketToken, "full")).toBeDefined();
  });

  it("that someone changed or removed from outside is seen by a refresh", async () => {
    const stack = await engine.stack("drift", program(`new WorkersKvNamespace("space", { accountId: "a", title: "drifting" });`));
    expect(await stack.up()).toMatchObject({ code: 0 });
    const stored = engine.store.get(namespaceToken, "ns-drifting-none");
    if (!stored) throw new Error("the namespace is not in the store");
    const changed = { ...stored.inputs, title: "renamed by hand" };
    engine.store.put({ ...stored, inputs: changed, state: { ...stored.state, ...changed } });

    const refreshed = await stack.run("refresh", "--yes", "--skip-preview");
    expect(refreshed.output).toMatch(/~ 1 updated/);
    expect(await stack.exported("space")).toMatchObject({ inputs: { title: "renamed by hand" } });
    expect((await stack.preview()).output).toMatch(/~ title: "renamed by hand" => "drifting"/);

    engine.store.remove(namespaceToken, "ns-drifting-none");
    await stack.run("refresh", "--yes", "--skip-preview");
    expect(await stack.exported("space")).toBeUndefined();
  });

  it("that exists already can be imported by its id", async () => {
    engine.store.put({
      token: namespaceToken,
      id: "by-hand",
      urn: "",
      inputs: { accountId: "a", title: "made by hand" },
      state: { accountId: "a", title: "made by hand", supportsUrlEncoding: true },
    });
    const adopt = program(`
      new WorkersKvNamespace("space", { accountId: "a", title: "made by hand" }, { import: "by-hand" });`);
    const stack = await engine.stack("import", adopt);
    const imported = await stack.up();
    expect(imported.output).toMatch(/= 1 imported/);
    expect(await stack.exported("space")).toMatchObject({ id: "by-hand", outputs: { supportsUrlEncoding: true } });

    stack.write(adopt.replace("by-hand", "nobody-made-it").replace(`"space"`, `"other"`));
    expect((await stack.up()).output).toMatch(/does not exist/);
  });

  it("whose making was interrupted before the state knew of it is taken over by the next update", async () => {
    const stack = await engine.stack("killed", program(`new WorkersKvNamespace("space", { accountId: "a", title: "orphan" });`));
    const urn = "urn:pulumi:killed::foreign::cloudflare:index/workersKvNamespace:WorkersKvNamespace::space";
    engine.store.put({ token: namespaceToken, id: "ns-orphan-none", urn, inputs: {}, state: {} });
    expect(await stack.up()).toMatchObject({ code: 0 });

    const rival = await engine.stack("rival", program(`new WorkersKvNamespace("space", { accountId: "a", title: "orphan" });`));
    expect((await rival.up()).output).toContain('"ns-orphan-none" already exists');
  });
});

describe("secrets", () => {
  it("are never in the clear in the state, wherever they came from", async () => {
    const stack = await engine.stack(
      "secrets",
      program(`
        const hush = pulumi.secret("hush-hush");
        const key = new PrivateKey("key", { algorithm: "ED25519" });
        const space = new WorkersKvNamespace("space", { accountId: "a", title: hush });
        new R2Bucket("mine", { accountId: "a", name: "marked" }, { additionalSecretOutputs: ["name"] });
        export const fromInput = space.title;
        export const fromProvider = key.privateKeyPem;
        export const open = key.publicKeyPem;`),
    );
    expect(await stack.up()).toMatchObject({ code: 0 });
    const { output } = await stack.run("stack", "export");
    expect(output).toContain("-----BEGIN PUBLIC-----");
    expect(output).not.toContain('hush-hush"');
    expect(output).not.toContain("BEGIN HUSH");
    expect((await stack.exported("space"))?.outputs.title).toHaveProperty("ciphertext");
    expect(await stack.outputs()).toMatchObject({ fromInput: "hush-hush", fromProvider: "-----BEGIN HUSH-----" });
    // Nor after a refresh, which reads everything anew.
    expect(await stack.run("refresh", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
    const refreshed = (await stack.run("stack", "export")).output;
    for (const word of ['"hush-hush"', "BEGIN HUSH"]) expect(refreshed).not.toContain(word);
    expect((await stack.exported("mine"))?.outputs.name).toHaveProperty("ciphertext");
    // An import asks no program which outputs are secret: the provider must know.
    const imported = await engine.stack("secret-import", program(""));
    expect(
      await imported.run("import", "tls:index/privateKey:PrivateKey", "key", "key", "--yes", "--protect=false", "--generate-code=false"),
    ).toMatchObject({ code: 0 });
    expect((await imported.run("stack", "export")).output).not.toContain("BEGIN HUSH");
  });
});

describe("a person's mistake", () => {
  it("is named with resource, property and what is allowed, all at once", async () => {
    const stack = await engine.stack(
      "mistakes",
      program(`
        new Worker("worker", {
          accountId: 7,
          name: "w",
          observability: { enabeld: true, logs: { enabled: "yes" } },
          tags: pulumi.secret("hush"),
        } as never);`),
    );
    const { code, output } = await stack.preview();
    expect(code).not.toBe(0);
    expect(output).toContain("Worker resource 'worker' has a problem: accountId: expected a string, got the number 7.");
    expect(output).toMatch(/observability\.enabeld: no such property\. Did you mean "enabled"\? Allowed here: enabled, .*logs/);
    expect(output).toContain('observability.logs.enabled: expected a boolean, got the string "yes".');
    expect(output).toContain("tags: expected a list, each a string, got a secret string.");
    expect(output).not.toContain("hush");
  });

  it("on a type that the cloud does not make is told at create, while a preview of it works", async () => {
    const stack = await engine.stack(
      "unknown-type",
      program(`
        const queue = new Queue("queue", { accountId: "a", queueName: "q" });
        export const id = queue.queueId;`),
    );
    expect((await stack.preview()).output).toMatch(/id: \[unknown\]/);
    const { code, output } = await stack.up();
    expect(code).not.toBe(0);
    expect(output).toContain("cloudflare:index/queue:Queue cannot be created in this embedded cloud");
  });

  it("in the program itself is shown without a stack when it says so", async () => {
    const stack = await engine.stack("user-error", program(`throw new pulumi.RunError("two keys are missing: a, b");`));
    const { code, output } = await stack.preview();
    expect(code).not.toBe(0);
    expect(output).toContain("two keys are missing: a, b");
    expect(output).not.toMatch(/\n\s+at /);
  });
});

describe("a provider", () => {
  it("has a configuration of its own for each instance, with values that are no text", async () => {
    const stack = await engine.stack(
      "instances",
      program(`
        const one = new aws.Provider("one", { region: "eu-central-1", allowedAccountIds: ["1", "2"] });
        const two = new aws.Provider("two", { region: "eu-west-1", skipMetadataApiCheck: true });
        const log = (name: string, provider: aws.Provider) => new LogGroup(name, { name }, { provider });
        export const arns = [log("a", one).arn, log("b", two).arn];`),
    );
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(await stack.outputs()).toEqual({ arns: ['arn:eu-central-1:a:["1","2"]:unset', "arn:eu-west-1:b:null:true"] });
    stack.write(program(`new aws.Provider("one", { region: "eu-central-1", allowedAccountIds: "1", regoin: "x" } as never);`));
    const { code, output } = await stack.preview();
    expect(code).not.toBe(0);
    expect(output).toMatch(/allowedAccountIds: expected a list/);
  });

  it("makes up names where its definition says so, and the preview shows the one that the update gives", async () => {
    const stack = await engine.stack("autoname", program(`export const name = new LogGroup("Requests", {}).name;`));
    expect(await stack.up()).toMatchObject({ code: 0 });
    const { name } = await stack.outputs();
    expect(name).toMatch(/^requests-[0-9a-f]{7}$/);
    expect((await stack.preview("--expect-no-changes")).code).toBe(0);
    expect(engine.store.get(logToken, String(name))?.state.retentionInDays).toBe(0);
  });
});

describe("a program", () => {
  it("may call functions, print, wait at its top level and read its configuration", async () => {
    const stack = await engine.stack(
      "program",
      program(`
        const config = new pulumi.Config();
        const user = await getUser();
        console.log("the user is", user.email);
        console.error("this went to standard error");
        export const email = user.email;
        export const word = config.requireSecret("word");
        export const stack = pulumi.getStack();`),
    );
    await stack.run("config", "set", "--secret", "word", "sesame");
    const result = await stack.up();
    expect(result.output).toContain("the user is someone@brand.example");
    expect(result.output).toContain("this went to standard error");
    expect(await stack.outputs()).toEqual({ email: "someone@brand.example", word: "sesame", stack: "program" });
    const unknown = await engine.stack("no-function", program(`await getZone({ zoneId: "z" });`));
    expect((await unknown.preview()).output).toContain("this cloud has no function cloudflare:index/getZone:getZone");
  });

  it("runs beside another on the same providers, each with its own configuration", async () => {
    const body = program(`
      for (let n = 0; n < 20; n++) new WorkersKvNamespace("space" + n, { accountId: "a", title: pulumi.getStack() + n });`);
    const stacks = await Promise.all(["left", "right"].map((name) => engine.stack(name, body)));
    const results = await Promise.all(stacks.map((stack) => stack.up()));
    expect(results).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect((await stacks[0]?.exported("space7"))?.id).toBe("ns-left7-none");
    expect((await stacks[1]?.exported("space7"))?.id).toBe("ns-right7-none");
  });
});

it("never reports a bug of its own in all of this", () => {
  expect(engine.logged).toEqual([]);
});
