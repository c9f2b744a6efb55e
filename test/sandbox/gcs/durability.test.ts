import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { ObjectStore } from "../../../sandbox/runtimes/gcs/object-store.ts";

const config = {
  location: "EU",
  storageClass: "STANDARD",
  softDeleteSeconds: 0,
  defaultEventBasedHold: false,
  uniformBucketLevelAccess: true,
  publicAccessPrevention: "enforced",
} as const;

test.each([true, false])("kill -9 loses nothing that was acknowledged and leaves nothing behind (versioning: %s)", async (versioning) => {
  const folder = mkdtempSync(join(tmpdir(), "gcs-"));
  try {
    const before = new ObjectStore(folder);
    before.createBucket({ name: "b", project: "p", projectNumber: "1", config: { ...config, versioning } });
    before.close();
    const acknowledged: { name: string; generation: number; md5: string }[] = [];
    for (const killAfter of [10, 40, 25]) {
      const child = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), folder], {
        env: {},
        stdio: ["ignore", "pipe", "inherit"],
      });
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(JSON.parse(line));
        if (++seen === killAfter) child.kill("SIGKILL");
      }
      expect(seen).toBeGreaterThanOrEqual(killAfter);
    }
    const store = new ObjectStore(folder);
    store.sweep();
    const latest = new Map(acknowledged.map((each) => [each.name, each]));
    for (const { name, generation, md5 } of versioning ? acknowledged : latest.values()) {
      // One write after the last acknowledged may have come through as well: then that one is live.
      const object = store.find("b", name, generation) ?? store.find("b", name);
      if (!object) throw new Error(`lost: ${name}#${generation}`);
      const bytes = readFileSync(store.path(object));
      expect(createHash("md5").update(bytes).digest("base64")).toBe(object.md5Hash);
      if (object.generation === generation) expect(object.md5Hash).toBe(md5);
      else expect([versioning, object.generation > generation]).toEqual([false, true]);
    }
    const rows = store.objects("b", ["live", "noncurrent"]);
    expect(readdirSync(join(folder, "objects")).sort()).toEqual(rows.map(({ file }) => file).sort());
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
    store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a start removes bytes that nothing names, and no others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gcs-"));
  try {
    const store = new ObjectStore(folder);
    store.createBucket({ name: "b", project: "p", projectNumber: "1", config: { ...config, versioning: false } });
    const bytes = async (text: string) => store.receive(new Blob([text]).stream() as unknown as AsyncIterable<Uint8Array>);
    const kept = await store.insert(await bytes("kept"), { bucket: "b", name: "a", metadata: {}, conditions: {}, hashes: {} });
    const resumed = await bytes("half of an upload");
    store.putUpload(resumed, {});
    await bytes("cut off");
    writeFileSync(join(folder, "objects", "never-committed"), "x");
    store.sweep();
    expect(readdirSync(join(folder, "objects"))).toEqual([kept.file]);
    expect(readdirSync(join(folder, "incoming"))).toEqual([resumed]);
    store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
