import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchOf } from "../../../sandbox/runtimes/cloud-run/container.ts";
import type { ImageConfig } from "../../../sandbox/runtimes/cloud-run/image.ts";

let rootDir: string;
beforeAll(() => {
  rootDir = mkdtempSync(join(tmpdir(), "image-"));
  mkdirSync(join(rootDir, "app/bin"), { recursive: true });
  for (const file of ["app/main.js", "app/table.json", "app/bin/tool"]) writeFileSync(join(rootDir, file), "");
});
afterAll(() => rmSync(rootDir, { recursive: true, force: true }));

const config: ImageConfig = {
  Entrypoint: ["/nodejs/bin/node"],
  Cmd: ["/app/main.js"],
  WorkingDir: "/app",
  Env: ["PATH=/app/bin", "TABLE=/app/table.json", "A=1=2"],
};
const launch = (spec = {}, env = {}, mounts: { path: string; folder: string }[] = [], image = config) =>
  launchOf({ rootDir, config: image }, spec, env, mounts);

describe("the command", () => {
  test("is the image's entrypoint, with this Node.js for the base image's and paths of the image where they really are", () => {
    expect(launch()).toMatchObject({ command: process.execPath, args: [join(rootDir, "app/main.js")], cwd: join(rootDir, "app") });
  });

  test("keeps the entrypoint when only args are given, and nothing of the image when a command is", () => {
    expect(launch({ args: ["--check"] })).toMatchObject({ command: process.execPath, args: ["--check"] });
    expect(launch({ commands: ["node", "/app/table.json"] })).toMatchObject({ args: [join(rootDir, "app/table.json")] });
    expect(launch({ commands: ["node"] })).toMatchObject({ args: [] });
  });

  test("may be a program of the image's own layers, by path or by its PATH", () => {
    expect(launch({ commands: ["/app/bin/tool"] }).command).toBe(join(rootDir, "app/bin/tool"));
    expect(launch({ commands: ["tool"] }).command).toBe(join(rootDir, "app/bin/tool"));
  });

  test("may not be a program that is not there", () => {
    expect(() => launch({ commands: ["sh", "-c", "ls"] })).toThrow('"sh" is not in the image\'s own layers');
    expect(() => launch({}, {}, [], {})).toThrow("no Entrypoint and no Cmd");
  });
});

describe("the environment", () => {
  test("is the image's under that of the deployment, with paths of the image where they really are", () => {
    const { env } = launch({}, { A: "3", B: "/nowhere", C: "/" });
    expect(env).toEqual({ PATH: "/app/bin", TABLE: join(rootDir, "app/table.json"), A: "3", B: "/nowhere", C: "/" });
    expect(launch().env.A).toBe("1=2");
  });

  test("has values under a mount where the mount really is, the closest one first", () => {
    const mounts = [
      { path: "/cloudsql", folder: "/real/mount" },
      { path: "/cloudsql/p:l:i", folder: "/s/i" },
    ];
    const values = {
      ALL: "/cloudsql",
      ONE: "/cloudsql/p:l:i",
      FILE: "/cloudsql/p:l:i/.s.PGSQL.5432",
      OTHER: "/cloudsql/p:l:j",
      NOT: "/cloudsqlite",
    };
    expect(launch({}, values, mounts).env).toMatchObject({
      ALL: "/real/mount",
      ONE: "/s/i",
      FILE: "/s/i/.s.PGSQL.5432",
      OTHER: "/real/mount/p:l:j",
      NOT: "/cloudsqlite",
    });
  });
});

test("a working directory that the image does not have is its root", () => {
  expect(launch({ workingDir: "/nowhere" }).cwd).toBe(rootDir);
});
