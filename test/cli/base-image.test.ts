// The base image, from a registry into the cache and under an application: with the real crane and its registry.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BaseImage, BaseUnreachable, blobFile, provideBaseImage } from "../../cli/artifacts/base-image.ts";
import type { BaseReference } from "../../cli/artifacts/base-reference.ts";
import { createImage, type ImageSpec, writeLayout } from "../../cli/artifacts/oci-layout.ts";
import { billOfMaterials } from "../../cli/artifacts/sbom.ts";
import { PersonError } from "../../cli/errors.ts";
import { type Blob, base, craneBinary, damageFile, index, manifest, type Pushable, Registry } from "./base-image-fixture.ts";

const zeros = `sha256:${"0".repeat(64)}`;

describe("with a registry", () => {
  let registry: Registry;
  let folder: string;
  let cache: string;
  const layouts = () => join(folder, "layouts");

  beforeAll(async () => {
    registry = await Registry.start();
  });
  afterAll(() => registry[Symbol.asyncDispose]());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "base-image-"));
    cache = join(folder, "base-images");
    return () => rmSync(folder, { recursive: true, force: true });
  });

  const crane = async () => craneBinary;
  const offline = async () => {
    throw new Error("nothing should be pulled");
  };
  const provide = (reference: BaseReference) => provideBaseImage(reference, cache, crane);
  const refused = async (reference: BaseReference) => {
    const error = await provide(reference).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PersonError);
    expect(readdirSync(cache)).toEqual([]);
    return error as PersonError;
  };

  describe("a base image", () => {
    it("is pulled once; then no registry is needed", async () => {
      const small = await base();
      const reference = await registry.push("runtime/once", small);
      const pulled = await provide(reference);
      expect(pulled.digest).toBe(reference.digest);
      expect(pulled.layers.map(({ digest }) => digest)).toEqual(small.layers.map(({ digest }) => digest));
      expect(readdirSync(cache)).toEqual([reference.digest.replace(":", "-")]);
      expect(await provideBaseImage(reference, cache, offline)).toEqual(pulled);
      expect(await provideBaseImage({ ...reference, repository: "mirror.example/once" }, cache, offline)).toEqual(pulled);
    });

    it.each(["oci", "docker"] as const)("of an index in the words of %s is the one for linux on amd64", async (kind) => {
      const [arm, intel] = [await base({ architecture: "arm64", kind }), await base({ kind })];
      const [fast, attestation] = [await base({ config: { Env: ["V=3"] }, kind }), await base({ config: { Env: ["A=1"] }, kind })];
      const several = index(
        [
          [attestation, { os: "unknown", architecture: "unknown" }],
          [arm, { os: "linux", architecture: "arm64", variant: "v8" }],
          [fast, { os: "linux", architecture: "amd64", variant: "v3" }],
          [intel, { os: "linux", architecture: "amd64" }],
        ],
        kind,
      );
      const reference = await registry.push(`runtime/several-${kind}`, several);
      const pulled = await provide(reference);
      expect(pulled.digest).toBe(intel.top.digest);
      expect(pulled.config.architecture).toBe("amd64");
      expect(existsSync(blobFile(pulled.folder, arm.layers[0]?.digest as string))).toBe(false);
      expect(await provideBaseImage(reference, cache, offline)).toEqual(pulled);
    });

    it("is for linux on amd64, in an index and alone", async () => {
      const arm = await base({ architecture: "arm64" });
      const inIndex = await refused(await registry.push("runtime/arms", index([[arm, { os: "linux", architecture: "arm64" }]])));
      expect(inIndex.message).toContain("it is an index of images for linux/arm64");
      expect(inIndex.message).toContain("Allowed: an image, or an index with one, for linux/amd64");
      expect((await refused(await registry.push("runtime/arm", arm))).message).toContain("it is made for linux/arm64");
    });

    it("is an image", async () => {
      const top = manifest({ schemaVersion: 2, blobs: [] });
      await using host = await servedBy(() => top.bytes, top.mediaType);
      const error = await refused({ repository: `${host.host}/runtime/signature`, digest: top.digest });
      expect(error.message).toContain("it is no container image");
    });

    it("has layers that can be moved", async () => {
      const foreign = await base({ layerType: "application/vnd.example.layer+gzip" });
      const error = await refused(await registry.push("runtime/foreign", foreign));
      expect(error.message).toContain('a layer of it is of the type "application/vnd.example.layer+gzip"');
    });

    it("whose digest the registry does not know is an error that names it", async () => {
      const { repository } = await registry.push("runtime/known", await base());
      for (const reference of [
        { repository, digest: zeros },
        { repository: `${repository}-unknown`, digest: zeros },
      ]) {
        const error = await refused(reference);
        expect(error.message).toContain(`There is no base image ${reference.repository}@${zeros}`);
        expect(error.advice).toContain("crane digest");
      }
    });

    it("that the registry keeps damaged is an error until it is mended, and nothing of it is kept", async () => {
      const small = await base();
      await using own = await Registry.start();
      const reference = await own.push("runtime/damaged", small);
      own.damage(small.layers[1] as Blob);
      expect((await refused(reference)).message).toMatch(/came damaged: .+ Nothing of it was kept\./);
      await own.push("runtime/damaged", small);
      expect((await provide(reference)).digest).toBe(reference.digest);
    });

    it.each([
      ["another image", "does not match"],
      ["another layer", "error verifying sha256 checksum"],
    ])("for which a registry gives %s is an error, and nothing of it is kept", async (what, says) => {
      const [wanted, other] = [await base(), await base({ config: { Env: ["OTHER=1"] } })];
      const bytes = bytesOf(wanted);
      const [spoiled] = what === "another image" ? [wanted.top] : wanted.layers;
      bytes.set(spoiled?.digest as string, what === "another image" ? other.top.bytes : Buffer.alloc(spoiled?.size as number));
      await using liar = await servedBy((digest) => bytes.get(digest), wanted.top.mediaType);
      const error = await refused({ repository: `${liar.host}/runtime/node`, digest: wanted.top.digest });
      expect(error.message).toMatch(/came damaged: .+ Nothing of it was kept\./);
      expect(error.message).toContain(says);
    });

    it("that is damaged in the cache is pulled again", async () => {
      const small = await base();
      const reference = await registry.push("runtime/again", small);
      const pulled = await provide(reference);
      for (const digest of [reference.digest, small.blobs[0]?.digest, small.layers[0]?.digest] as string[]) {
        damageFile(blobFile(pulled.folder, digest));
        await expect(provideBaseImage(reference, cache, offline)).rejects.toThrow("nothing should be pulled");
        expect(await provide(reference)).toEqual(pulled);
      }
    });

    it("whose registry does not answer, or does not let us in, is unreachable, and says why in one line", async () => {
      const closed = await servedBy(() => undefined);
      await closed[Symbol.asyncDispose]();
      await using guarded = await servedBy(() => 401);
      for (const [host, why] of [
        [closed.host, /connection refused/],
        [guarded.host, /401|UNAUTHORIZED/],
      ] as const) {
        const error = await provide({ repository: `${host}/runtime/node`, digest: zeros }).catch((reason: Error) => reason);
        expect(error).toBeInstanceOf(BaseUnreachable);
        expect((error as Error).message).toMatch(why);
        expect((error as Error).message).not.toContain("\n");
        expect(readdirSync(cache)).toEqual([]);
      }
    });

    it("that breaks off while it is pulled is unreachable, and nothing of it is kept", async () => {
      const small = await base();
      const bytes = bytesOf(small);
      const upper = small.layers[1]?.digest;
      await using broken = await servedBy(
        (digest) => (digest === upper ? { half: bytes.get(upper) as Buffer } : bytes.get(digest)),
        small.top.mediaType,
      );
      const reference = { repository: `${broken.host}/runtime/node`, digest: small.top.digest };
      await expect(provide(reference)).rejects.toThrow(BaseUnreachable);
      expect(readdirSync(cache)).toEqual([]);
    });

    it("is provided to builds side by side", async () => {
      const reference = await registry.push("runtime/together", await base());
      const [first, ...others] = await Promise.all([1, 2, 3].map(() => provide(reference)));
      for (const other of others) expect(other).toEqual(first);
      expect(readdirSync(cache)).toHaveLength(1);
    });
  });

  describe("an image on a base", () => {
    const spec: ImageSpec = {
      files: { "/app/main.js": Buffer.from("console.log(1)") },
      entrypoint: ["node"],
      command: ["/app/main.js"],
      workingDir: "/app",
      env: ["NODE_ENV=production"],
    };
    const config = {
      Env: ["PATH=/usr/local/bin:/usr/bin", "NODE_ENV=development", "NODE_ENVIRONMENT=kept"],
      User: "0",
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["node"],
      WorkingDir: "/",
      Labels: { distribution: "small" },
    };
    const history = [
      { created: "2026-01-01T00:00:00Z", created_by: "files" },
      { created: "2026-01-01T00:00:00Z", created_by: "ENV", empty_layer: true },
      { created: "2026-01-01T00:00:00Z", created_by: "node" },
    ];
    const configOf = (image: Awaited<ReturnType<typeof createImage>>) => {
      const { config } = JSON.parse(Buffer.from(image.blobs.get(image.digest) as Uint8Array).toString());
      return JSON.parse(Buffer.from(image.blobs.get(config.digest) as Uint8Array).toString());
    };

    it("keeps what the base says of its environment, and is started as we say", async () => {
      const small = await base({ config, history });
      const image = await createImage(spec, await provide(await registry.push("runtime/merged", small)));
      const own = configOf(await createImage(spec)).rootfs.diff_ids;
      expect(configOf(image)).toEqual({
        architecture: "amd64",
        os: "linux",
        created: "1970-01-01T00:00:00Z",
        config: {
          Env: ["PATH=/usr/local/bin:/usr/bin", "NODE_ENVIRONMENT=kept", "NODE_ENV=production"],
          User: "65532:65532",
          Entrypoint: ["node"],
          Cmd: ["/app/main.js"],
          WorkingDir: "/app",
          Labels: { distribution: "small" },
        },
        rootfs: { type: "layers", diff_ids: [...small.diffIds, ...own] },
        history: [...history, { created: "1970-01-01T00:00:00Z", created_by: "bailiwick build" }],
      });
    });

    it("tells a history of every layer, also where the base tells none", async () => {
      for (const told of [undefined, [{ created_by: "only one of two" }]]) {
        const small = await base(told ? { history: told } : {});
        const image = await createImage(spec, await provide(await registry.push("runtime/untold", small)));
        const { history, rootfs } = configOf(image);
        expect(history).toHaveLength(rootfs.diff_ids.length);
        expect(history.at(-1).created_by).toBe("bailiwick build");
      }
    });

    it.each([
      "oci",
      "docker",
    ] as const)("in the words of %s is pushed whole and well-formed, under the digest we computed", async (kind) => {
      const small = await base({ config, history, kind });
      const image = await createImage(spec, await provide(await registry.push(`runtime/${kind}`, small)));
      writeLayout(image, layouts());
      expect(readdirSync(join(layouts(), "blobs", "sha256"))).toHaveLength(small.layers.length + 3);
      const bytes = readdirSync(join(layouts(), "blobs", "sha256")).map((name) => statSync(join(layouts(), "blobs", "sha256", name)).size);
      expect(image.size).toBe(bytes.reduce((sum, size) => sum + size));

      const reference = `${registry.host}/app/preferences-${kind}`;
      expect(await registry.crane("push", layouts(), `${reference}:newest`)).toContain(`@${image.digest}`);
      expect(await registry.crane("validate", "--remote", `${reference}@${image.digest}`)).toContain("PASS");
      const manifest = JSON.parse(await registry.crane("manifest", `${reference}@${image.digest}`));
      for (const { mediaType } of manifest.layers) expect(mediaType).toBe("application/vnd.oci.image.layer.v1.tar+gzip");
      expect(manifest.annotations).toEqual({ "org.opencontainers.image.base.digest": small.top.digest });
      const files = join(folder, "files.tar");
      await registry.crane("export", `${reference}@${image.digest}`, files);
      for (const content of ["console.log(1)", "ID=small amd64", "usr/bin/node"]) expect(readFileSync(files, "latin1")).toContain(content);
    });

    it("has the same digest from every registry and cache, and another on another base", async () => {
      const small = await base({ config });
      const digests = async (reference: BaseReference, place: string) => {
        const provided: BaseImage = await provideBaseImage(reference, join(folder, place), crane);
        return (await createImage(spec, provided)).digest;
      };
      await using elsewhere = await Registry.start();
      const here = await digests(await registry.push("runtime/a", small), "one");
      expect(await digests(await elsewhere.push("other/b", small), "two")).toBe(here);
      expect(await digests(await registry.push("runtime/c", index([[small, { os: "linux", architecture: "amd64" }]])), "three")).toBe(here);
      const next = await base({ config: { ...config, Labels: { distribution: "newer" } } });
      expect(await digests(await registry.push("runtime/d", next), "four")).not.toBe(here);
      expect((await createImage(spec)).digest).not.toBe(here);
    });

    it("names its base, by digest, in the bill of materials", () => {
      const digest = `sha256:${"a".repeat(64)}`;
      const { components } = billOfMaterials("preferences", zeros, {}, { repository: "registry.example:5000/runtime/node", digest });
      expect(components).toEqual([
        {
          type: "container",
          name: "registry.example:5000/runtime/node",
          version: digest,
          purl: `pkg:oci/node@sha256%3A${"a".repeat(64)}?arch=amd64&repository_url=registry.example:5000/runtime/node`,
          hashes: [{ alg: "SHA-256", content: "a".repeat(64) }],
        },
      ]);
      expect(billOfMaterials("preferences", zeros, {}).components).toEqual([]);
    });
  });
});

/** Everything that an image is made of, by digest. */
const bytesOf = ({ top, blobs }: Pushable) => new Map([top, ...blobs].map((each) => [each.digest, each.bytes]));

/** A registry that answers as told: with bytes, half of them, or a status. */
async function servedBy(answer: (digest: string) => Buffer | { readonly half: Buffer } | number | undefined, manifestType = "") {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const given = path === "/v2/" ? 200 : (answer(path.split("/").at(-1) as string) ?? 404);
    if (typeof given === "number") return void response.writeHead(given).end();
    const whole = "half" in given ? given.half : given;
    const type = path.includes("/manifests/") ? manifestType : "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-length": whole.length });
    if (whole === given) return void response.end(whole);
    response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
