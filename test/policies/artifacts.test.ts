import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadArtifacts } from "../../policies/artifacts.ts";
import { removeBuild, startPack } from "./harness.ts";

const digest = `sha256:${"1".repeat(64)}`;
const manifest = JSON.stringify({ version: 1, artifacts: [{ name: "site", kind: "image", digest, path: "images/site-1111111111111111" }] });

describe("the artifact manifest beside the pack", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "artifacts-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("may be missing", () => {
    expect(loadArtifacts(folder)).toBeUndefined();
  });

  it("is read as the build wrote it", async () => {
    await writeFile(join(folder, "artifacts.json"), manifest);
    expect(loadArtifacts(folder)).toEqual([{ digest, path: "images/site-1111111111111111" }]);
  });

  it.each([
    ["cut off", manifest.slice(0, 40)],
    ["of another shape", '{"artifacts":[{"digest":"latest"}]}'],
  ])("that is %s is an error, not a pass", async (_name, text) => {
    await writeFile(join(folder, "artifacts.json"), text);
    expect(() => loadArtifacts(folder)).toThrow("artifacts.json cannot be used");
  });
});

describe("the pack", () => {
  afterAll(removeBuild);
  const service = (image: string) => ({
    type: "gcp:cloudrunv2/service:Service",
    props: { location: "europe-west3", scaling: { maxInstanceCount: 1 }, template: { containers: [{ image }] } },
  });

  it("judges by the manifest that it finds", async () => {
    const pack = await startPack({ "artifacts.json": manifest });
    await pack.configure("eu");
    const rulesOf = async (image: string) => (await pack.analyze(service(image))).map(({ rule }) => rule);
    expect(await rulesOf(`registry.example/site@${digest}`)).not.toContain("delivery/known-artifact");
    expect(await rulesOf(`registry.example/site@sha256:${"2".repeat(64)}`)).toContain("delivery/known-artifact");
    await pack.stop();
  });

  it.each([
    ["artifacts.json", "{"],
    ["vendors.yaml", "- name: Nobody"],
  ])("fails the deployment when %s is damaged", async (file, text) => {
    const pack = await startPack({ [file]: text });
    await expect(pack.configure("eu")).rejects.toThrow(`${file} cannot be used`);
    await pack.stop();
  });
});
