import { existsSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { graphOf } from "../../cli/graph/graph.ts";
import { stackPrograms } from "../../cli/graph/stack-programs.ts";
import { allStacks } from "../../cli/stacks.ts";
import { embeddedClouds, generatedPages, stalePages } from "../../tools/docs.ts";
import { withPictures } from "../../tools/platform-picture.ts";

const root = resolve(import.meta.dirname, "../..");

const programs = stackPrograms(allStacks());
const pages = generatedPages(programs);

it("generated pages say what their sources say (write them anew with `node tools/docs.ts --write`)", () => {
  expect(stalePages(pages).map(({ file }) => relative(root, file))).toEqual([]);
});

// What an engine really plans is compared with the golden plans in test/plan.
it.each(allStacks())("the picture of %s shows what its golden plan says, neither more nor less", (stack) => {
  const golden = parse(readFileSync(resolve(root, "test", "plan", "golden", `${stack}.yaml`), "utf8")) as Record<string, { type: string }>;
  const made = (programs.get(stack) ?? []).map(({ type }) => type).filter((type) => !/^pulumi:(pulumi|providers:pulumi)/.test(type));
  expect(made.sort()).toEqual(
    Object.values(golden)
      .map(({ type }) => type)
      .sort(),
  );
});

it("the picture of eu shows the ways from the edge over the load balancers of both clouds to what they keep", () => {
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

it("a picture has a place in its page, or is refused", () => {
  expect(() => withPictures("# A page without one", "")).toThrow("The page has no place for pictures");
});

it("a page that says something else, or is not there, is stale", () => {
  const [page] = pages;
  expect(stalePages([{ ...page, content: "something else" } as never])).toHaveLength(1);
  expect(stalePages([{ file: resolve(root, "docs/nowhere.md"), content: "" }])).toHaveLength(1);
});

/** A test's text with that of the fixtures beside it: what it asks for by a relative path. */
function readWithFixtures(file: string): string {
  const text = readFileSync(file, "utf8");
  const fixtures = [...text.matchAll(/from "(\.{1,2}\/[^"]+)"/g)].map(([, path]) => resolve(dirname(file), path as string));
  // A program inside a test may import what is no file of ours.
  const ours = fixtures.filter((path) => path.startsWith(`${root}/test/`) && path.endsWith(".ts") && existsSync(path));
  return [text, ...ours.map((path) => readFileSync(path, "utf8"))].join("\n");
}

/** What is wrong with the test that a type names, or undefined. */
function flaw(token: string, test: string): string | undefined {
  const file = resolve(root, test);
  if (!test.endsWith(".test.ts") || !existsSync(file)) return `${token}: ${test} is no test file`;
  const name = token.slice(token.lastIndexOf(":") + 1);
  return new RegExp(`\\b${name}\\b`).test(readWithFixtures(file)) ? undefined : `${token}: ${test} never makes a ${name}`;
}

it("nothing is called runs or enforces without a test file that is there and names it", () => {
  const called = embeddedClouds().flatMap(({ resources }) =>
    resources.flatMap(({ token, fidelity }) => (fidelity.level === "records" ? [] : [{ token, test: fidelity.test }])),
  );
  expect(called.length).toBeGreaterThan(30);
  expect(called.flatMap(({ token, test }) => flaw(token, test) ?? [])).toEqual([]);
});

it("a folder, a file that is not there, and a test of something else prove nothing", () => {
  expect(flaw("cloudflare:index/worker:Worker", "test/sandbox/cloudflare")).toContain("is no test file");
  expect(flaw("cloudflare:index/worker:Worker", "test/sandbox/cloudflare/absent.test.ts")).toContain("is no test file");
  expect(flaw("cloudflare:index/worker:Worker", "test/sandbox/gcp/sql.test.ts")).toContain("never makes a Worker");
});
