import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createImage, type ImageSpec, writeLayout } from "../../cli/artifacts/oci-layout.ts";

const crane = process.env.BAILIWICK_CRANE ?? join(homedir(), ".cache/bailiwick/crane-0.22.1/crane");
const run = promisify(execFile);

const spec = (files: Readonly<Record<string, string>>): ImageSpec => ({
  files: Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
  entrypoint: ["node"],
  command: ["/app/main.js"],
  workingDir: "/app",
  env: ["NODE_ENV=production"],
});
const small = spec({ "/app/main.js": "console.log(1)", "/app/data/table.json": "{}" });

describe("an image", () => {
  const paths = fc.constantFrom("/app/main.js", "/app/a/b.json", "/app/a/c/d.txt", "/etc/app.conf", "/top");
  const files = fc.dictionary(paths, fc.string(), { minKeys: 1 });

  it("has the same digest for the same files, in whichever order they are said", async () => {
    await fc.assert(
      fc.asyncProperty(files, async (some) => {
        const turned = Object.fromEntries(Object.entries(some).reverse());
        expect((await createImage(spec(turned))).digest).toBe((await createImage(spec(some))).digest);
      }),
    );
  });

  it("has another digest for another byte, another path or another command", async () => {
    const { digest } = await createImage(small);
    const others = [
      spec({ "/app/main.js": "console.log(2)", "/app/data/table.json": "{}" }),
      spec({ "/app/main.mjs": "console.log(1)", "/app/data/table.json": "{}" }),
      { ...small, command: ["/app/migrate.js"] },
      { ...small, env: [] },
    ];
    const digests = await Promise.all(others.map(async (other) => (await createImage(other)).digest));
    expect(new Set([digest, ...digests]).size).toBe(others.length + 1);
  });

  it("never runs as root", async () => {
    const { blobs } = await createImage(small);
    const configs = [...blobs.values()].map((bytes) => Buffer.from(bytes).toString()).filter((text) => text.includes('"rootfs"'));
    expect(configs).toHaveLength(1);
    expect(JSON.parse(configs[0] as string)).toMatchObject({
      config: { User: "65532:65532", Entrypoint: ["node"], Cmd: ["/app/main.js"] },
    });
  });
});

describe("a layout on disk, for the real crane", () => {
  let folder: string;
  let registry: ChildProcess;
  let host: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "layout-"));
    registry = spawn(crane, ["registry", "serve", "--address", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
    for await (const line of createInterface({ input: registry.stderr as NodeJS.ReadableStream })) {
      const port = /serving on port (\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      host = `127.0.0.1:${port}`;
      break;
    }
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => registry.once("exit", resolve));
    registry.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true });
  });

  it("is pushed under the digest we computed, is valid, and holds the files it was made of", async () => {
    const image = await createImage(small);
    const layout = join(folder, "layout");
    writeLayout(image, layout);
    expect(readdirSync(join(layout, "blobs", "sha256"))).toHaveLength(3);
    const reference = `${host}/app/preferences:newest`;
    const pushed = await run(crane, ["push", "--insecure", layout, reference]);
    expect(pushed.stdout.trim()).toMatch(new RegExp(`@${image.digest}$`));
    const { stdout, stderr } = await run(crane, ["validate", "--insecure", "--remote", `${host}/app/preferences@${image.digest}`]);
    expect(stdout + stderr).toContain("PASS");
    const tar = join(folder, "files.tar");
    await run(crane, ["export", "--insecure", reference, tar]);
    expect(readFileSync(tar, "latin1")).toContain("console.log(1)");
  });
});
