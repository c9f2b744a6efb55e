import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Layout } from "../../../sandbox/runtimes/oci/layout.ts";
import { unpackImage } from "../../../sandbox/runtimes/oci/unpack.ts";
import { type Entry, image, layer, layerType, writeLayout } from "./fixture.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unpack-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cache = () => join(folder, "cache");
async function unpack(...layers: (readonly Entry[])[]) {
  const made = image(await Promise.all(layers.map(layer)), { Entrypoint: ["node", "/app/main.js"], Env: ["A=b"] });
  return unpackImage(new Layout(writeLayout(join(folder, "layout"), made)), made.digest, cache());
}

test("gives the files of all layers, later ones over earlier ones, and the configuration", async () => {
  const { rootDir, config } = await unpack(
    [
      { name: "app/", type: "directory" },
      { name: "app/main.js", content: "old" },
      { name: "app/gone.js", content: "x" },
      { name: "data/a", content: "x" },
    ],
    [
      { name: "./app/main.js", content: "new", mode: 0o755 },
      { name: "app/.wh.gone.js" },
      { name: "data/.wh..wh..opq" },
      { name: "data/b", content: "b" },
    ],
  );
  expect(readFileSync(join(rootDir, "app/main.js"), "utf8")).toBe("new");
  expect(statSync(join(rootDir, "app/main.js")).mode & 0o777).toBe(0o755);
  expect(existsSync(join(rootDir, "app/gone.js"))).toBe(false);
  expect(readdirSync(join(rootDir, "data"))).toEqual(["b"]);
  expect(config).toEqual({ Entrypoint: ["node", "/app/main.js"], Env: ["A=b"] });
});

test("turns absolute links into links inside of the image", async () => {
  const { rootDir } = await unpack([
    { name: "usr/bin/tool", content: "tool" },
    { name: "bin", type: "symlink", linkname: "/usr/bin" },
    { name: "usr/lib/same", type: "link", linkname: "usr/bin/tool" },
    { name: "bin/more", content: "more" },
  ]);
  expect(readlinkSync(join(rootDir, "bin"))).toBe("usr/bin");
  expect(readFileSync(join(rootDir, "bin/tool"), "utf8")).toBe("tool");
  expect(readFileSync(join(rootDir, "usr/bin/more"), "utf8")).toBe("more");
  expect(readFileSync(join(rootDir, "usr/lib/same"), "utf8")).toBe("tool");
});

test("leaves out layers that are not there", async () => {
  const absent = { mediaType: layerType, digest: `sha256:${"0".repeat(64)}`, size: 1 };
  const made = image([await layer([{ name: "app/main.js", content: "app" }])], {}, [absent]);
  const { rootDir } = await unpackImage(new Layout(writeLayout(join(folder, "layout"), made)), made.digest, cache());
  expect(readdirSync(rootDir)).toEqual(["app"]);
});

test("unpacks once, however many ask", async () => {
  const made = image([await layer([{ name: "a", content: "a" }])]);
  const layout = new Layout(writeLayout(join(folder, "layout"), made));
  const roots = await Promise.all([1, 2, 3].map(() => unpackImage(layout, made.digest, cache())));
  expect(new Set(roots.map(({ rootDir }) => rootDir)).size).toBe(1);
  expect(readdirSync(cache())).toHaveLength(1);
});

test.each<[string, Entry[]]>([
  ["a name with ..", [{ name: "../evil", content: "x" }]],
  ["a name that climbs out further on", [{ name: "a/../../evil", content: "x" }]],
  ["a relative link to the outside", [{ name: "a/link", type: "symlink", linkname: "../../evil" }]],
  ["a hard link to the outside", [{ name: "link", type: "link", linkname: "../evil" }]],
  ["a whiteout of the folder above", [{ name: ".wh...", content: "" }]],
  [
    "a link that leads out from where another link has led",
    [
      { name: "a/b/c/d", type: "symlink", linkname: "/" },
      { name: "a/b/c/d/link", type: "symlink", linkname: "../../evil" },
    ],
  ],
])("refuses %s", async (_name, entries) => {
  await expect(unpack(entries)).rejects.toThrow(/outside of the image/);
  expect(readdirSync(cache())).toEqual([]);
  expect(existsSync(join(realpathSync(folder), "evil"))).toBe(false);
  expect(existsSync(join(cache(), "evil"))).toBe(false);
});
