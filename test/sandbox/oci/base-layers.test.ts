// An application's image on a base, from the build's own hands: published, kept whole, unpacked and started.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blobFile, provideBaseImage } from "../../../cli/artifacts/base-image.ts";
import { createImage, writeLayout } from "../../../cli/artifacts/oci-layout.ts";
import { publishArtifacts } from "../../../cli/artifacts/publish.ts";
import { type ArtifactRegistry, createArtifactRegistry } from "../../../sandbox/clouds/gcp/artifact-registry.ts";
import { accountOwner } from "../../../sandbox/clouds/gcp/iam.ts";
import { service } from "../../../sandbox/clouds/gcp/services.ts";
import { launchOf } from "../../../sandbox/runtimes/cloud-run/container.ts";
import { artifactDir } from "../../../stacks/artifact-manifest.ts";
import { base, craneBinary } from "../../cli/base-image-fixture.ts";
import { Project } from "../gcs/fixture.ts";
import { crane, loopback } from "./fixture.ts";

const project = new Project("shop");
const folder = mkdtempSync(join(tmpdir(), "base-layers-"));
const host = "europe-west3-docker.pkg.dev";
let artifacts: ArtifactRegistry;
let registry: Awaited<ReturnType<typeof loopback>>;

beforeAll(async () => {
  artifacts = createArtifactRegistry(project.ground, project.iam);
  project.deploysTo(project.ground.store, [service, ...artifacts.resources]);
  await artifacts.start();
  registry = await loopback(project.ground.internet, host);
  for (const api of ["artifactregistry", "iam"]) await project.create("Service", { service: `${api}.googleapis.com` });
  await project.create("artifactregistry/repository:Repository", { repositoryId: "services", location: "europe-west3", format: "DOCKER" });
});
afterAll(async () => {
  await registry.close();
  await artifacts.stop();
  project.purge();
  rmSync(folder, { recursive: true, force: true });
});

/** In the cache, as a build finds it there. */
async function provided() {
  const small = await base({ config: { Env: ["PATH=/usr/bin", "FROM_BASE=yes"], Entrypoint: ["sh"] }, kind: "docker" });
  const kept = join(folder, "cache", small.top.digest.replace(":", "-"));
  mkdirSync(join(kept, "blobs", "sha256"), { recursive: true });
  for (const { digest, bytes } of [small.top, ...small.blobs]) writeFileSync(blobFile(kept, digest), bytes);
  const reference = { repository: "registry.example/runtime/node", digest: small.top.digest };
  return provideBaseImage(reference, join(folder, "cache"), () => Promise.reject(new Error("it is in the cache")));
}

test("an image with the layers of its base is published whole, unpacked with all of them, and runs", async () => {
  const below = await provided();
  const image = await createImage(
    {
      files: {
        "/app/main.js": Buffer.from('console.log(process.env.FROM_BASE, process.env.OURS, import.meta.filename.endsWith("/app/main.js"))'),
        "/app/package.json": Buffer.from('{"type":"module"}'),
      },
      entrypoint: ["node"],
      command: ["/app/main.js"],
      workingDir: "/app",
      env: ["OURS=yes"],
    },
    below,
  );
  writeLayout(image, join(folder, "layout"));
  const artifact = {
    name: "home",
    kind: "image",
    digest: image.digest,
    size: image.size,
    path: relative(artifactDir, join(folder, "layout")),
    sbom: "none",
    provenance: { commit: "unknown", dirty: false, lock: "none", node: process.version },
    availability: "anywhere",
  } as const;
  const done = await publishArtifacts(
    { version: 1, artifacts: [artifact] },
    { repositories: { eu: `${registry.address}/shop/services` }, awsRepositories: {}, signingKey: "none" },
    { token: async () => project.iam.tokens.accessToken(accountOwner), awsPassword: async () => "", crane: craneBinary },
    join(folder, "published.json"),
    () => {},
  );
  expect(done).toHaveLength(1);

  const login = { user: "oauth2accesstoken", password: project.iam.tokens.accessToken(accountOwner) };
  const at = `${registry.address}/shop/services/home@${image.digest}`;
  await crane(registry.address, login, "validate", "--remote", at);
  const { layers } = JSON.parse(await crane(registry.address, login, "manifest", at)) as { layers: { digest: string }[] };
  expect(layers.slice(0, -1).map(({ digest }) => digest)).toEqual(below.layers.map(({ digest }) => digest));
  expect(layers).toHaveLength(3);

  const unpacked = await artifacts.images.resolve(`${host}/shop/services/home@${image.digest}`);
  if (!unpacked) throw new Error("the registry does not know what was pushed");
  for (const [path, content] of [
    ["etc/os-release", "ID=small amd64\n"],
    ["bin/node", "#!/bin/sh\n"],
    ["app/package.json", '{"type":"module"}'],
  ] as const)
    expect(readFileSync(join(unpacked.rootDir, path), "utf8")).toBe(content);
  const { command, args, cwd, env } = launchOf(unpacked, {}, {}, []);
  expect(execFileSync(command, [...args], { cwd, env, encoding: "utf8" })).toBe("yes yes true\n");
});
