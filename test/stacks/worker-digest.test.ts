import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Artifact } from "../../stacks/artifact-manifest.ts";
import { wholeWorker, workerReleases } from "../../stacks/releases.ts";
import { workerDigest } from "../../stacks/worker-digest.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const modules = { "index.js": bytes("export default {};"), "part.js": bytes("export const part = 1;") };
const table = '{"rules":[]}';
const jws = (payload: string) => `e30.${Buffer.from(payload).toString("base64url")}.c2ln`;

describe("a Worker's digest", () => {
  it("is of its modules' names and bytes, in whatever order they are given, and of its table", () => {
    const { "index.js": index, "part.js": part } = modules;
    expect(workerDigest({ "part.js": part, "index.js": index })).toBe(workerDigest(modules));
    expect(workerDigest({ "index.js": part, "part.js": index })).not.toBe(workerDigest(modules));
    expect(workerDigest(modules, table)).not.toBe(workerDigest(modules));
  });
});

describe("a Worker is deployed", () => {
  let folder: string;
  let dir: string;
  const artifact: Artifact = {
    name: "site",
    kind: "worker",
    digest: workerDigest(modules, table),
    size: 1,
    path: "workers/site",
    sbom: "workers/site.cdx.json",
    provenance: { commit: "0123abc", dirty: false, lock: "l", node: "v24" },
    availability: "anywhere",
  };
  const released = () => workerReleases({ version: 1, artifacts: [artifact] }, "site", undefined, folder);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "worker-"));
    dir = join(folder, artifact.path);
    mkdirSync(dir, { recursive: true });
    for (const [name, content] of Object.entries(modules)) writeFileSync(join(dir, name), content);
    writeFileSync(join(dir, "decision-table.json"), table);
    writeFileSync(join(dir, "decision-table.jws"), jws(table));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("as it was built, with the table's signature that was added later", () => {
    const [release] = released();
    expect(release?.modules.map(({ name }) => name).sort()).toEqual(["decision-table.jws", "index.js", "part.js"]);
  });

  it.each<[string, () => void, string]>([
    ["a module was changed", () => writeFileSync(join(dir, "index.js"), "export default { evil: true };"), "the manifest says sha256:"],
    ["a module was added", () => writeFileSync(join(dir, "more.js"), ""), "the manifest says sha256:"],
    ["a module was renamed", () => renameSync(join(dir, "part.js"), join(dir, "other.js")), "the manifest says sha256:"],
    ["the table was changed", () => writeFileSync(join(dir, "decision-table.json"), "{}"), "the manifest says sha256:"],
    ["the signed table is another one", () => writeFileSync(join(dir, "decision-table.jws"), jws("{}")), "signs another decision table"],
    ["its folder is gone", () => rmSync(dir, { recursive: true }), "is gone"],
  ])("never when %s; what to do is said", (_, tamper, what) => {
    tamper();
    expect(released).toThrow(what);
    expect(released).toThrow('the Worker "site" is not what was built');
    expect(released).toThrow("run ./bailiwick build");
  });

  it("whole, as it was built as well", () => {
    expect(() => wholeWorker({ version: 1, artifacts: [{ ...artifact, digest: workerDigest({}) }] }, "site")).toThrow(
      "is not what was built",
    );
  });
});
