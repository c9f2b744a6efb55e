// Every room of the house is described, no file is two, and what is generated or pinned fits.
import { posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { below, files, found, read } from "./files.ts";

/** Folders of the house, and the areas of those that have any. */
const rooms = [
  ...new Set(
    files.flatMap((path) => {
      const [room, area, deeper] = path.split("/") as [string, string?, string?];
      if (area === undefined || room.startsWith(".")) return [];
      const hasAreas = ["components", "functions", "sandbox", "docs", "tools"].includes(room);
      return hasAreas && deeper !== undefined ? [room, `${room}/${area}`] : [room];
    }),
  ),
];

it.each(rooms)("%s says in a README what belongs in it and how to add one more", (room) => {
  expect(files).toContain(`${room}/README.md`);
  const text = read(`${room}/README.md`);
  expect(text).toMatch(/^# \S/);
  expect(text.length).toBeGreaterThan(200);
});

it("the house has the rooms of the design and no other", () => {
  const house = ["cli", "components", "docs", "functions", "policies", "sandbox", "stacks", "test", "tools"];
  expect(rooms.filter((room) => !room.includes("/")).sort()).toEqual(house);
});

it("no source says more than 400 lines: beyond, it is two concepts", () => {
  const long = files
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({
      path,
      lines: read(path)
        .split("\n")
        .filter((line) => line.trim() !== "").length,
    }));
  expect(long.filter(({ lines }) => lines > 400)).toEqual([]);
});

it("a test that sets up a whole platform is in a tier that deploys, so that the quick ones stay quick", () => {
  const users = below("test", ".test.ts").filter((path) =>
    [...read(path).matchAll(/from "(\.[^"]+)"/g)].some(
      ([, target]) => posix.join(posix.dirname(path), target as string) === "test/platform.ts",
    ),
  );
  expect(users.length).toBeGreaterThan(5);
  expect(users.filter((path) => !/^test\/(plan|e2e|fault|docs)\//.test(path))).toEqual([]);
});

it("a Durable Object is reached through the namespace of its jurisdiction only", () => {
  // Names of methods by which a namespace gives an object; `pinned(...)` in the one helper is the namespace of the jurisdiction.
  const reached = found(below("functions", ".ts"), /\.(getByName|idFromName|idFromString|newUniqueId)\(/);
  expect(reached.length).toBeGreaterThan(0);
  expect(reached.filter((line) => !/\bpinned\(.+\)\.getByName\(/.test(line))).toEqual([]);
  expect(found(below("functions", ".ts"), /\.jurisdiction\(/).map((line) => line.split(":")[0])).toEqual([
    "functions/edge/pinned-namespace.ts",
  ]);
});

describe("no resource is made inside apply, where no preview would see it", () => {
  const builtIn = new Set(["Date", "Error", "Map", "RegExp", "Set", "TextEncoder", "TypeError", "URL"]);

  /** Names of what is made by `new` within the arguments of a call of `apply`. */
  function madeInside(text: string): string[] {
    const names: string[] = [];
    const visit = (node: ts.Node, inside: boolean): void => {
      if (inside && ts.isNewExpression(node) && !builtIn.has(node.expression.getText())) names.push(node.expression.getText());
      const applies = ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "apply";
      ts.forEachChild(node, (child) => visit(child, inside || (applies && node.arguments.includes(child as ts.Expression))));
    };
    visit(ts.createSourceFile("it.ts", text, ts.ScriptTarget.Latest, true), false);
    return names;
  }

  it("in any component or stack", () => {
    const sources = [...below("components", ".ts"), ...below("stacks", ".ts")];
    expect(sources.flatMap((path) => madeInside(read(path)).map((name) => `${path} makes ${name}`))).toEqual([]);
  });

  it("and this test would see it", () => {
    expect(madeInside("name.apply((n) => { if (n) return new Bucket(n, {}); });")).toEqual(["Bucket"]);
    expect(madeInside("new Bucket(name, { tags: id.apply((i) => i) }); id.apply(() => { throw new Error(); });")).toEqual([]);
  });
});

describe("packages", () => {
  const manifest = JSON.parse(read("package.json")) as Record<"dependencies" | "devDependencies" | "engines", Record<string, string>>;
  const lock = JSON.parse(read("package-lock.json")) as {
    readonly packages: Record<
      string,
      { readonly version?: string; readonly resolved?: string; readonly integrity?: string } & Partial<typeof manifest>
    >;
  };
  const direct = { ...manifest.dependencies, ...manifest.devDependencies };

  it("are pinned to one version each", () => {
    for (const [name, version] of Object.entries(direct)) expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  });

  it("are locked to what is asked for, each by its content", () => {
    const { "": self, ...packages } = lock.packages;
    expect(self?.dependencies).toEqual(manifest.dependencies);
    expect(self?.devDependencies).toEqual(manifest.devDependencies);
    expect(self?.engines).toEqual(manifest.engines);
    for (const [name, version] of Object.entries(direct)) expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
    for (const [path, { integrity }] of Object.entries(packages)) expect(integrity, path).toMatch(/^sha512-/);
  });

  it("come from whichever registry the machine uses: the lock file names none", () => {
    for (const [path, { resolved }] of Object.entries(lock.packages)) expect(resolved, path).toBeUndefined();
    expect(read("package-lock.json")).not.toMatch(
      /https?:\/\/(?!(github\.com|opencollective\.com|[\w.-]*funding|[\w./-]+sponsor))[^"]*\.tgz/,
    );
  });
});
