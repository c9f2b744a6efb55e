// Imports go one way only (design, "The house").
import { posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { below, files, found, read } from "./files.ts";

/** What a file asks for: by import, export from, import type, import() and require(), with a literal name. */
const specifiers = (text: string) => ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);

/** Files of the repository that a file asks for, as paths from the root. */
const asked = (path: string, text: string) =>
  specifiers(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.join(posix.dirname(path), specifier));

const residency = "stacks/residency.ts";
const under = (folder: string) => (target: string) => target.startsWith(`${folder}/`);
const any =
  (...allowed: ((target: string) => boolean)[]) =>
  (target: string) =>
    allowed.some((each) => each(target));
const only = (file: string) => (target: string) => target === file;

/** Folder or file to what it may ask for in the repository; the first that fits a file counts. */
const directions: readonly (readonly [string, (target: string) => boolean])[] = [
  [residency, () => false],
  ["functions/shared", under("functions/shared")],
  ["functions/edge", any(under("functions/edge"), under("functions/shared"))],
  ["functions/governance", any(under("functions/governance"), under("functions/shared"))],
  ["functions/telemetry", any(under("functions/telemetry"), under("functions/shared"))],
  ["functions", under("functions")],
  ["components", any(under("components"), only(residency))],
  ["stacks", any(under("stacks"), under("components"))],
  ["policies", any(under("policies"), only(residency))],
  ["sandbox", under("sandbox")],
  // Everything else may ask for all but tests, and nothing above asks for it.
  ["cli", (target) => !target.startsWith("test/")],
  ["tools", (target) => !target.startsWith("test/")],
];

const violations = (path: string, text: string) => {
  const direction = directions.find(([place]) => path === place || path.startsWith(`${place}/`));
  return direction === undefined ? [] : asked(path, text).filter((target) => !direction[1](target));
};

const sources = files.filter((path) => path.endsWith(".ts") && !path.startsWith("test/") && !path.startsWith("docs/"));

it("every file keeps to the direction of its folder", () => {
  expect(sources.length).toBeGreaterThan(150);
  expect(sources.flatMap((path) => violations(path, read(path)).map((target) => `${path} imports ${target}`))).toEqual([]);
});

it("what is asked for is there, under the very name", () => {
  // Bundled beside the Worker, and made by the build.
  const made = "functions/edge/site/decision-table.jws";
  const missing = sources.flatMap((path) =>
    asked(path, read(path))
      .filter((target) => target !== made && !files.includes(target))
      .map((target) => `${path} imports ${target}`),
  );
  expect(missing).toEqual([]);
});

describe("this test sees", () => {
  it.each([
    ["an import", 'import { EdgeSite } from "../../components/edge/edge-site.ts";'],
    ["an import of types", 'import type { EdgeSite } from "../../components/edge/edge-site.ts";'],
    ["an import for its effect", 'import "../../components/edge/edge-site.ts";'],
    ["an export from", 'export * from "../../components/edge/edge-site.ts";'],
    ["a dynamic import", 'const { EdgeSite } = await import("../../components/edge/edge-site.ts");'],
    ["a type's import", 'type Site = import("../../components/edge/edge-site.ts").EdgeSite;'],
    ["a require", 'const site = require("../../components/edge/edge-site.ts");'],
  ])("%s", (_what, text) => {
    expect(violations("functions/edge/it.ts", text)).toEqual(["components/edge/edge-site.ts"]);
    expect(violations("policies/rules/it.ts", text)).toHaveLength(1);
    expect(violations("stacks/deeper/it.ts", text)).toEqual([]);
  });

  it("no import whose name is made up at run time, so there is none where direction matters", () => {
    const paths = ["functions", "components", "stacks", "policies"].flatMap((folder) => below(folder, ".ts"));
    expect(found(paths, /\b(import|require)\((?!\s*["')])/)).toEqual([]);
  });
});

it("what both sides share runs on both: no module of Node, of Cloudflare or of Pulumi", () => {
  const bound = below("functions/shared", ".ts").flatMap((path) =>
    specifiers(read(path))
      .filter((specifier) => /^(node:|cloudflare:|@pulumi\/)/.test(specifier))
      .map((specifier) => `${path} imports ${specifier}`),
  );
  expect(bound).toEqual([]);
});

it("what runs at the edge asks nothing of Node, and what runs anywhere nothing of Pulumi", () => {
  const edge = below("functions/edge", ".ts").flatMap((path) => specifiers(read(path)).filter((name) => name.startsWith("node:")));
  const anywhere = below("functions", ".ts").flatMap((path) => specifiers(read(path)).filter((name) => name.startsWith("@pulumi/")));
  expect([...edge, ...anywhere]).toEqual([]);
});

it("programs ask for one resource's file, never for a whole SDK, which takes seconds to load", () => {
  const whole = [...below("stacks", ".ts"), ...below("components", ".ts")].flatMap((path) =>
    specifiers(read(path))
      .filter(
        (name) => /^@pulumi\/(aws|gcp|cloudflare|tls|random)(\/[a-z0-9]+)?(\/index\.js)?$/i.test(name) && !name.endsWith("provider.js"),
      )
      .map((name) => `${path} imports ${name}`),
  );
  expect(whole).toEqual([]);
});
