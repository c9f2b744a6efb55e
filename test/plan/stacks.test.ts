// Every stack through a real engine's preview, on a sandbox of its own, from an empty state.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { embeddedClouds } from "../../tools/docs.ts";
import { recordedShare } from "../../tools/fidelity.ts";
import { type Ended, Platform } from "../platform.ts";
import { golden, type Names } from "./golden.ts";
import { cloudResources, type PlannedResource, planOf, resource, unknown } from "./plan.ts";

const regions = jurisdictions.map((jurisdiction) => residencyOf(jurisdiction).region);

interface Previewed {
  readonly stacks: readonly {
    readonly stack: string;
    readonly ok: boolean;
    readonly rules: number;
    readonly findings: readonly { readonly message: string }[];
    readonly changes: Readonly<Record<string, number>>;
  }[];
}

interface Built {
  readonly artifacts: readonly { readonly name: string; readonly digest: string }[];
}

let platform: Platform;
let names: Names;
/** Of the region before global was there. */
let early: Ended;
let previewed: Previewed;
/** By stack, from an empty state; of the regions, once global was up. */
const plans = new Map<string, readonly PlannedResource[]>();
const plan = (stack: string) => plans.get(stack) as readonly PlannedResource[];

/** What a preview says, refused or not. */
async function preview(...stacks: string[]): Promise<Previewed> {
  const { stdout, stderr } = await platform.bailiwick(["preview", ...stacks, "--json"]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Previewed;
}

async function built(): Promise<Built> {
  return JSON.parse((await platform.succeed("build", "--json")).stdout) as Built;
}

beforeAll(async () => {
  platform = await Platform.built();
  names = { folder: platform.dir, releases: new Map((await built()).artifacts.map(({ name, digest }) => [digest, name])) };
  await preview("global");
  plans.set("global", planOf(platform, "global"));
  early = await platform.bailiwick(["preview", "eu"]);
  await platform.succeed("up", "global");
  previewed = await preview(...regions);
  for (const region of regions) plans.set(region, planOf(platform, region));
});

afterAll(() => platform[Symbol.asyncDispose]());

it.each(["global", ...regions])("%s makes what its golden plan says", (stack) => {
  const compared = golden(stack, plan(stack), names);
  expect(compared.plan, compared.hint).toEqual(compared.golden);
});

it("a region that is previewed before global is told what to deploy first", () => {
  expect(early.code).toBe(1);
  expect(early.stderr).toContain('the stack "global" is not deployed');
  expect(early.stderr).toContain("./bailiwick up global");
  expect(early.stderr).not.toMatch(/^\s+at /m);
});

describe("from an empty state, once global is up", () => {
  it("every region passes the whole pack with no finding, and so with nothing undecided", () => {
    expect(previewed.stacks.map(({ stack, ok, findings }) => ({ stack, ok, findings }))).toEqual(
      regions.map((stack) => ({ stack, ok: true, findings: [] })).sort((a, b) => a.stack.localeCompare(b.stack)),
    );
    // Passed, and not skipped: the pack ran, over resources that were there to be judged.
    for (const { rules, changes } of previewed.stacks) {
      expect(rules).toBeGreaterThanOrEqual(5);
      expect(changes.create).toBeGreaterThan(60);
    }
  });

  it.each(regions)("of the resource types that %s uses, at most a third are state only, and all can be made", (region) => {
    const known = new Map(embeddedClouds().flatMap(({ resources }) => resources.map((definition) => [definition.token, definition])));
    const types = [...new Set(cloudResources(plan(region)).map(({ type }) => type))];
    expect(types.filter((type) => !known.has(type))).toEqual([]);
    const used = types.flatMap((type) => known.get(type) ?? []);
    expect(used.length).toBeGreaterThan(30);
    expect(recordedShare(used)).toBeLessThanOrEqual(1 / 3);
  });

  it("nothing was made that the preview of global did not show", () => {
    const made = planOf(platform, "global", "up").map(({ urn }) => urn);
    const shown = plan("global").map(({ urn }) => urn);
    expect(made.length).toBeGreaterThan(30);
    expect(made.filter((urn) => !shown.includes(urn))).toEqual([]);
  });

  it("us is made of the same parts as eu: a region differs by its places only", () => {
    const parts = (stack: string) =>
      cloudResources(plan(stack))
        .map(({ name, type }) => `${name} ${type}`)
        .sort();
    expect(parts("us")).toEqual(parts("eu"));
  });

  it.each(["global", ...regions])("in %s every part is named after the component that made it", (stack) => {
    const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
    const parts = plan(stack).filter(({ parent }) => parent.includes("bailiwick:") && !parent.includes("pulumi:pulumi:Stack"));
    expect(parts.length).toBeGreaterThan(20);
    for (const { name, parent } of parts) expect(name.startsWith(`${nameOf(parent)}-`), `${name} of ${nameOf(parent)}`).toBe(true);
    // Components carry their area in their type.
    for (const { type, custom, parent } of plan(stack))
      if (!custom && parent !== "") expect(type).toMatch(/^bailiwick:(edge|governance|storage|telemetry):[A-Z][A-Za-z]+$/);
  });

  it("apac, whose jurisdiction cannot pin Durable Objects, has none, and no binding to any", () => {
    expect(residencyOf("sg").edgeState).toBe("none");
    expect(plan("apac").filter(({ type }) => type.includes("WorkersScript"))).toEqual([]);
    expect(JSON.stringify(plan("apac"))).not.toContain("durable_object_namespace");
    expect(JSON.stringify(plan("eu"))).toContain("durable_object_namespace");
  });

  it("apac, whose jurisdiction cannot pin queues, has none, and its site is bound to none; those of eu are pinned", () => {
    expect(residencyOf("sg").edgeQueue).toBe("none");
    const queues = (stack: string) => plan(stack).filter(({ type }) => type.endsWith(":Queue"));
    expect(queues("apac")).toEqual([]);
    expect(JSON.stringify(plan("apac"))).not.toContain("TELEMETRY_GCP");
    expect(queues("eu").map(({ inputs }) => inputs.jurisdiction)).toEqual(["eu", "eu", "eu", "eu"]);
  });

  it("apac has a spool instead, which gets the one path that is its, and may change no table; eu has none", () => {
    const spools = (stack: string) =>
      plan(stack).filter(({ name, type }) => name.includes("spool") && type.endsWith("cloudrunv2/service:Service"));
    expect([spools("apac").length, spools("eu").length]).toEqual([1, 0]);
    const { pathMatchers } = resource(plan("apac"), "balancer-map").inputs as {
      pathMatchers: { name: string; pathRules: { paths: string[] }[] }[];
    };
    expect(pathMatchers.find(({ name }) => name === "preferences")?.pathRules.map(({ paths }) => paths)).toEqual([["/v1/telemetry/*"]]);
    expect(resource(plan("apac"), "governance-database-user-spool").inputs.databaseRoles).toBeUndefined();
  });

  it.each(regions)("what a task of %s will run is known before it runs", (region) => {
    const tasks = plan(region).filter(({ type }) => type.endsWith(":TaskDefinition"));
    expect(tasks).toHaveLength(1);
    expect(JSON.parse(String(tasks[0]?.inputs.containerDefinitions))).toMatchObject([
      { image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/), secrets: [{ name: "SENDER_KEYS" }] },
    ]);
  });

  it.each(regions)("no argument of %s names a place of another jurisdiction", (region) => {
    const own = jurisdictions.find((jurisdiction) => residencyOf(jurisdiction).region === region);
    const foreign = jurisdictions
      .filter((jurisdiction) => jurisdiction !== own)
      .flatMap((jurisdiction) => [...residencyOf(jurisdiction).gcp.locations, ...residencyOf(jurisdiction).aws.locations]);
    for (const { name, inputs } of plan(region))
      for (const location of foreign) expect(JSON.stringify(inputs).toLowerCase(), name).not.toContain(`"${location}"`);
  });
});

it("an ephemeral region has no protection left that would keep it, and passes the pack", async () => {
  const file = join(platform.dir, "stacks", "Pulumi.eu.yaml");
  const committed = readFileSync(file, "utf8");
  writeFileSync(file, committed.replace("bailiwick:domain:", "bailiwick:lifecycle: ephemeral\n  bailiwick:domain:"));
  try {
    const { stacks } = await preview("eu");
    expect(stacks[0]).toMatchObject({ ok: true, findings: [] });
    const ephemeral = planOf(platform, "eu");
    expect(plan("eu").filter(({ protect }) => protect).length).toBeGreaterThan(5);
    expect(ephemeral.filter(({ protect }) => protect).map(({ name }) => name)).toEqual([]);
    expect(JSON.stringify(plan("eu"))).toContain('"deletionProtection":true');
    expect(JSON.stringify(ephemeral)).not.toMatch(/"deletionProtection(Enabled)?":true/);
    expect(resource(ephemeral, "exports-bucket").inputs.forceDestroy).toBe(true);
  } finally {
    writeFileSync(file, committed);
  }
});

it("two releases by digest share the traffic, at the edge and in the service", async () => {
  const first = await built();
  for (const source of ["functions/edge/site/index.ts", "functions/governance/preferences/main.ts"])
    writeFileSync(join(platform.dir, source), `${readFileSync(join(platform.dir, source), "utf8")}\nexport const changed = true;\n`);
  const second = await built();
  const newest = ({ artifacts }: Built, name: string) => artifacts.findLast((each) => each.name === name)?.digest as string;
  const file = join(platform.dir, "stacks", "Pulumi.eu.yaml");
  const committed = readFileSync(file, "utf8");
  await platform.succeed("release", "eu", "site", "--newest", "10", "--rest", newest(first, "site"));
  await platform.succeed("release", "eu", "preferences", "--newest", "50", "--rest", newest(first, "preferences"));
  try {
    await platform.succeed("publish");
    const { stacks } = await preview("eu");
    expect(stacks[0]).toMatchObject({ ok: true, findings: [] });
    const split = planOf(platform, "eu");

    const versions = split.filter(({ type, name }) => type.endsWith(":WorkerVersion") && name.startsWith("edge-site-"));
    expect(versions.map(({ name }) => name).sort()).toEqual(
      [first, second].map((build) => `edge-site-${newest(build, "site").slice(7, 19)}`).sort(),
    );
    expect(resource(split, "edge-site-deployment").inputs).toMatchObject({
      strategy: "percentage",
      versions: [{ percentage: 90 }, { percentage: 10 }],
    });

    const { template, traffics } = resource(split, "governance-preferences-service").inputs as {
      template: { containers: { image: string }[] };
      traffics: { percent: number; revision: string }[];
    };
    expect(traffics.map(({ percent }) => percent)).toEqual([50, 50]);
    expect(template.containers[0]?.image).toContain(newest(second, "preferences"));
    expect(newest(second, "preferences")).not.toBe(newest(first, "preferences"));
    for (const { revision } of traffics) expect(revision).toBe(unknown);
  } finally {
    writeFileSync(file, committed);
  }
});
