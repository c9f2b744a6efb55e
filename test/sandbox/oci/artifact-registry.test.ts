import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArtifactRegistry, createArtifactRegistry } from "../../../sandbox/clouds/gcp/artifact-registry.ts";
import { accountOwner } from "../../../sandbox/clouds/gcp/iam.ts";
import { serviceAccountDefinitions } from "../../../sandbox/clouds/gcp/service-account.ts";
import { service } from "../../../sandbox/clouds/gcp/services.ts";
import { digestOf } from "../../../sandbox/runtimes/oci/layout.ts";
import { Project } from "../gcs/fixture.ts";
import { crane, image, layer, loopback, manifestType, writeLayout } from "./fixture.ts";

const project = new Project("shop");
const folder = mkdtempSync(join(tmpdir(), "artifact-registry-"));
const host = "europe-west3-docker.pkg.dev";
let artifacts: ArtifactRegistry;
let registry: Awaited<ReturnType<typeof loopback>>;

beforeAll(async () => {
  artifacts = createArtifactRegistry(project.ground, project.iam);
  project.deploysTo(project.ground.store, [service, ...serviceAccountDefinitions(project.iam), ...artifacts.resources]);
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

const as = (member: string) => ({ user: "oauth2accesstoken", password: project.iam.tokens.accessToken(member) });
const bearer = (member: string) => ({ authorization: `Bearer ${project.iam.tokens.accessToken(member)}` });
const send = (path: string, init: RequestInit = {}) =>
  project.ground.internet.fetch(
    new Request(`https://${host}/v2/${path}`, { headers: bearer(accountOwner), duplex: "half", ...init } as RequestInit),
  );

async function push(name: string, content: string): Promise<string> {
  const made = image([await layer([{ name: "app/main.js", content }])], { Entrypoint: ["node", "/app/main.js"] });
  await crane(
    registry.address,
    as(accountOwner),
    "push",
    writeLayout(mkdtempSync(join(folder, "layout-")), made),
    `${registry.address}/${name}`,
  );
  return made.digest;
}

describe("a repository", () => {
  test("has the outputs of the real provider", async () => {
    const inputs = { repositoryId: "outputs", location: "us-east4", format: "DOCKER", labels: { a: "b" } };
    const repository = await project.create("artifactregistry/repository:Repository", inputs);
    expect(repository.id).toBe("projects/shop/locations/us-east4/repositories/outputs");
    expect(repository.state).toMatchObject({
      name: "outputs",
      project: "shop",
      mode: "STANDARD_REPOSITORY",
      registryUri: "us-east4-docker.pkg.dev/shop/outputs",
      pulumiLabels: { a: "b" },
    });
    await expect(project.create("artifactregistry/repository:Repository", inputs)).rejects.toThrow(/409/);
  });

  test("needs its API, and a format that is offered", async () => {
    const inputs = { repositoryId: "r", location: "europe-west3", format: "DOCKER" };
    await expect(project.create("artifactregistry/repository:Repository", { ...inputs, project: "other" })).rejects.toThrow(
      /Artifact Registry API has not been used/,
    );
    await expect(project.create("artifactregistry/repository:Repository", { ...inputs, format: "NPM" })).rejects.toThrow(
      /"NPM" is not offered/,
    );
  });

  test("waits for the grant on its key", async () => {
    const kmsKeyName = "projects/shop/locations/europe-west3/keyRings/r/cryptoKeys/k";
    const inputs = { repositoryId: "cmek", location: "europe-west3", format: "DOCKER", kmsKeyName };
    await expect(project.create("artifactregistry/repository:Repository", inputs)).rejects.toThrow(
      /service agent of project \d+ does not exist yet/,
    );
  });

  test("takes what crane pushes and gives it back by digest", async () => {
    const digest = await push("shop/services/home:v1", "home");
    const at = `${registry.address}/shop/services/home`;
    expect(await crane(registry.address, as(accountOwner), "digest", `${at}:v1`)).toBe(digest);
    const copy = join(folder, "copy");
    await crane(registry.address, as(accountOwner), "pull", "--format=oci", `${at}@${digest}`, copy);
    const index = JSON.parse(readFileSync(join(copy, "index.json"), "utf8"));
    expect(index.manifests[0].digest).toBe(digest);
    await crane(registry.address, as(accountOwner), "validate", "--remote", `${at}@${digest}`);
  });

  test("keeps everything over a restart", async () => {
    const digest = await push("shop/services/kept:v1", "kept");
    await artifacts.stop();
    artifacts = createArtifactRegistry(project.ground, project.iam);
    await artifacts.start();
    expect(await crane(registry.address, as(accountOwner), "digest", `${registry.address}/shop/services/kept:v1`)).toBe(digest);
  });

  test("is read and written by those whom a binding allows, and only as long", async () => {
    await push("shop/services/guarded:v1", "guarded");
    const { state } = await project.create("Account", { accountId: "robot-account" });
    const robot = `serviceAccount:${state.email}`;
    const get = () => send("shop/services/guarded/manifests/v1", { headers: bearer(robot) });
    expect((await get()).status).toBe(403);
    const binding = await project.create("RepositoryIamMember", {
      repository: "services",
      location: "europe-west3",
      role: "roles/artifactregistry.reader",
      member: robot,
    });
    expect((await get()).status).toBe(200);
    expect((await send("shop/services/guarded/blobs/uploads/", { method: "POST", headers: bearer(robot) })).status).toBe(403);
    await project.delete(binding);
    expect((await get()).status).toBe(403);
    expect((await send("shop/services/guarded/manifests/v1", { headers: {} })).status).toBe(401);
  });

  test("keeps tags that are immutable", async () => {
    await project.create("artifactregistry/repository:Repository", {
      repositoryId: "fixed",
      location: "europe-west3",
      format: "DOCKER",
      dockerConfig: { immutableTags: true },
    });
    await push("shop/fixed/app:v1", "first");
    await expect(push("shop/fixed/app:v1", "second")).rejects.toThrow(/TAG_IMMUTABLE/);
  });
});

describe("the protocol", () => {
  const name = "shop/services/protocol";

  test("takes a blob in chunks, in order, and checks its digest", async () => {
    const bytes = Buffer.from("hello, chunks");
    const digest = digestOf(bytes);
    const started = await send(`${name}/blobs/uploads/`, { method: "POST" });
    const upload = (started.headers.get("location") ?? "").slice("/v2/".length);
    const chunk = (from: number, to: number) =>
      send(upload, {
        method: "PATCH",
        body: bytes.subarray(from, to),
        headers: { ...bearer(accountOwner), "content-range": `${from}-${to - 1}` },
      });
    expect((await chunk(0, 5)).headers.get("range")).toBe("0-4");
    expect((await chunk(7, 9)).status).toBe(416);
    expect((await chunk(5, bytes.length)).status).toBe(202);
    expect((await send(`${upload}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
    const got = await send(`${name}/blobs/${digest}`);
    expect(await got.text()).toBe("hello, chunks");
    expect((await send(`${name}/blobs/${digest}`, { method: "HEAD" })).headers.get("content-length")).toBe("13");

    const wrong = `sha256:${"0".repeat(64)}`;
    const refused = await send(`${name}/blobs/uploads/?digest=${wrong}`, { method: "POST", body: bytes });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("DIGEST_INVALID");
    expect((await send(`${name}/blobs/${wrong}`)).status).toBe(404);
  });

  test("refuses a manifest whose blobs are missing, and names them", async () => {
    const made = image([await layer([{ name: "a", content: "never pushed" }])]);
    const put = () =>
      send(`${name}/manifests/v1`, {
        method: "PUT",
        body: made.blobs.get(made.digest),
        headers: { ...bearer(accountOwner), "content-type": manifestType },
      });
    const refused = await put();
    expect(refused.status).toBe(404);
    const { errors } = (await refused.json()) as { errors: { code: string; message: string }[] };
    expect(errors[0]?.code).toBe("MANIFEST_BLOB_UNKNOWN");
    for (const [digest, bytes] of made.blobs) {
      if (digest === made.digest) continue;
      expect(errors[0]?.message).toContain(digest);
      await send(`${name}/blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes });
    }
    expect((await put()).status).toBe(201);
    const byDigest = await send(`${name}/manifests/${made.digest}`);
    expect(byDigest.headers.get("content-type")).toBe(manifestType);
  });

  test("loses no tag of two pushes at once", async () => {
    await Promise.all(["a", "b", "c"].map((tag) => push(`shop/services/busy:${tag}`, tag)));
    const list = (await (await send("shop/services/busy/tags/list?n=2")).json()) as { tags: string[] };
    expect(list.tags).toEqual(["a", "b"]);
    expect((await (await send("shop/services/busy/tags/list?n=2&last=b")).json()) as object).toMatchObject({ tags: ["c"] });
  });

  test("deletes a manifest with its tags", async () => {
    const digest = await push("shop/services/short:v1", "short");
    expect((await send(`shop/services/short/manifests/${digest}`, { method: "DELETE" })).status).toBe(202);
    expect((await send("shop/services/short/manifests/v1")).status).toBe(404);
  });
});

describe("an image for Cloud Run", () => {
  test("is unpacked by its digest, with its configuration", async () => {
    const digest = await push("shop/services/run:v1", "console.log(1)");
    const unpacked = await artifacts.images.resolve(`${host}/shop/services/run@${digest}`);
    expect(unpacked?.config.Entrypoint).toEqual(["node", "/app/main.js"]);
    expect(readFileSync(join(unpacked?.rootDir ?? "", "app/main.js"), "utf8")).toBe("console.log(1)");
  });

  test("is nothing where nothing was pushed", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    for (const image of [
      `${host}/shop/services/run@${digest}`,
      `us-east4-docker.pkg.dev/shop/services/run:v1`,
      "docker.io/library/node",
      "?",
    ]) {
      expect(await artifacts.images.resolve(image)).toBeUndefined();
    }
  });

  test("may name layers that are published elsewhere", async () => {
    const absent = {
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      digest: `sha256:${"1".repeat(64)}`,
      size: 1,
    };
    const made = image([await layer([{ name: "app/a", content: "a" }])], {}, [absent]);
    for (const [digest, bytes] of made.blobs) {
      if (digest !== made.digest) await send(`shop/services/thin/blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes });
    }
    const put = await send(`shop/services/thin/manifests/${made.digest}`, { method: "PUT", body: made.blobs.get(made.digest) });
    expect(put.status).toBe(201);
    const unpacked = await artifacts.images.resolve(`${host}/shop/services/thin@${made.digest}`);
    expect(readFileSync(join(unpacked?.rootDir ?? "", "app/a"), "utf8")).toBe("a");
  });
});
