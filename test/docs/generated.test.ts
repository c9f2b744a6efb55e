import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { expect, it } from "vitest";
import { embeddedClouds, generatedPages, stalePages } from "../../tools/docs.ts";

const root = resolve(import.meta.dirname, "../..");

it("generated pages say what their sources say (write them anew with `node tools/docs.ts --write`)", () => {
  expect(stalePages().map(({ file }) => relative(root, file))).toEqual([]);
});

it("a page that says something else, or is not there, is stale", () => {
  const [page] = generatedPages();
  expect(stalePages([{ ...page, content: "something else" } as never])).toHaveLength(1);
  expect(stalePages([{ file: resolve(root, "docs/nowhere.md"), content: "" }])).toHaveLength(1);
});

it("nothing is called runs or enforces without a test that is there", () => {
  const without = embeddedClouds().flatMap(({ resources }) =>
    resources.flatMap(({ token, fidelity }) =>
      fidelity.level === "records" || existsSync(resolve(root, fidelity.test)) ? [] : [`${token}: ${fidelity.test}`],
    ),
  );
  expect(without).toEqual([]);
});
