// A service whose traffic is split, under the real engine: what would name a revision that was never deployed is refused before anything changes.
import { join } from "node:path";
import { expect, it } from "vitest";
import { recorded } from "../../sandbox/engine/recorded.ts";
import { Engine } from "../sandbox/engine/pulumi.ts";

const hooks = join(import.meta.dirname, "../../components/governance/deployed-revisions.ts");
const service = recorded({ token: "gcp:cloudrunv2/service:Service", why: "what is asked of it matters here", id: () => "preferences" });

/** Two releases share the traffic, or the older one has it all. `template` is what both share. */
const program = (template: string, split: boolean) => `
import { Service } from "@pulumi/gcp/cloudrunv2/service.js";
import { onlyDeployedRevisions } from ${JSON.stringify(hooks)};
const revisions = ${JSON.stringify(split ? [`older-${template}`, `newer-${template}`] : [`older-${template}`])};
new Service("it", {
  location: "europe-west3",
  template: { revision: revisions.at(-1), containers: [{ image: "it" }] },
  traffics: revisions.map((revision) => ({ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision, percent: 100 / revisions.length })),
}, { hooks: onlyDeployedRevisions("it", "preferences") });
`;

it("a split names revisions that are there: it is refused in the preview after a change of what releases share, and goes on without", async () => {
  await using engine = await Engine.start({ resources: [service] });
  const stack = await engine.stack("split", program("1", true));
  const refusal = (older: string) => `the service "preferences" would send traffic to ${older}, which was never deployed`;
  const served = async () =>
    ((await stack.exported("it"))?.inputs as { traffics: { revision: string }[] } | undefined)?.traffics.map(({ revision }) => revision);

  expect((await stack.preview()).output).toContain(refusal("older-1"));
  stack.write(program("1", false));
  expect((await stack.up()).code).toBe(0);
  stack.write(program("2", true));
  const early = await stack.preview();
  expect(early.code).not.toBe(0);
  expect(early.output).toContain(refusal("older-2"));
  stack.write(program("1", true));
  expect((await stack.up()).code).toBe(0);
  expect(await served()).toEqual(["older-1", "newer-1"]);

  stack.write(program("2", true));
  const during = await stack.preview();
  expect(during.code).not.toBe(0);
  expect(during.output).toContain(refusal("older-2"));
  expect(during.output).toContain("Finish the rollout first");
  expect((await stack.up()).output).toContain(refusal("older-2"));
  expect(await served()).toEqual(["older-1", "newer-1"]);

  stack.write(program("2", false));
  expect((await stack.up()).code).toBe(0);
  expect(await served()).toEqual(["older-2"]);
});
