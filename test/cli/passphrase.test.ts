import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, it } from "vitest";
import { passphraseIn } from "../../cli/pulumi/passphrase.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "passphrase-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

it("a passphrase is made once, is its owner's to read, and nothing is left beside it", () => {
  const made = passphraseIn(dir);
  expect(made).toMatch(/^[0-9a-f]{64}$/);
  expect(passphraseIn(dir)).toBe(made);
  expect(readdirSync(dir)).toEqual(["passphrase"]);
  expect(statSync(join(dir, "passphrase")).mode & 0o777).toBe(0o600);
});

/** Asks for the passphrase of each folder in the very moment in which the other does. */
const asker = `
  const { parentPort, workerData } = require("node:worker_threads");
  import(workerData.module).then(({ passphraseIn }) => {
    const here = new Int32Array(workerData.here);
    parentPort.postMessage(workerData.folders.map((folder, i) => {
      Atomics.add(here, i, 1);
      while (Atomics.load(here, i) < 2);
      return passphraseIn(folder);
    }));
  });`;

it("two first commands at once get the same passphrase, and it is the one that stays", async () => {
  const folders = Array.from({ length: 100 }, (_, i) => join(dir, String(i)));
  for (const folder of folders) mkdirSync(folder);
  const module = pathToFileURL(join(import.meta.dirname, "../../cli/pulumi/passphrase.ts")).href;
  const workerData = { folders, module, here: new SharedArrayBuffer(4 * folders.length) };
  const both = [0, 1].map(() => new Worker(asker, { eval: true, workerData }));
  const [one, other] = await Promise.all(both.map(async (worker) => ((await once(worker, "message")) as [string[]])[0]));
  expect(one).toEqual(folders.map(passphraseIn));
  expect(other).toEqual(one);
});
