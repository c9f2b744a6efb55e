// What the stand-in for the engine is asked to make is what the engine plans: the golden plans are compared with that in test/plan.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { graphOf, type ProgramResource } from "../../../cli/graph/graph.ts";
import { stackPrograms } from "../../../cli/graph/stack-programs.ts";
import { root } from "../../../cli/paths.ts";
import { allStacks } from "../../../cli/stacks.ts";

let programs: ReadonlyMap<string, readonly ProgramResource[]>;
beforeAll(() => {
  programs = stackPrograms(allStacks());
});

it.each(allStacks())("the program of %s makes what its golden plan says", (stack) => {
  const golden = parse(readFileSync(join(root, "test", "plan", "golden", `${stack}.yaml`), "utf8")) as Record<string, { type: string }>;
  const made = (programs.get(stack) ?? []).map(({ type }) => type).filter((type) => !/^pulumi:(pulumi|providers:pulumi)/.test(type));
  expect(made.sort()).toEqual(
    Object.values(golden)
      .map(({ type }) => type)
      .sort(),
  );
});

it("a region's picture shows the ways from the edge over the load balancers of both clouds to what they keep", () => {
  const { edges } = graphOf(programs.get("eu") ?? []);
  const arrows = edges.map(({ from, to, way }) => `${from} ${way} ${to}`);
  for (const arrow of [
    "edge-site calls balancer",
    "balancer needs governance-preferences",
    "governance-preferences needs governance-database",
    "governance-preferences calls subjects",
    "spool-worker calls balancer",
    "spool-worker calls telemetry-aws-balancer",
    "balancer needs telemetry-gcp",
    "telemetry-gcp needs telemetry-gcp-archive",
    "telemetry-aws needs telemetry-aws-archive",
  ])
    expect(arrows).toContain(arrow);
});
