import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Resource, resource, StorageProject } from "./fixture.ts";

const project = new StorageProject("shop");
beforeAll(() => project.start());
afterAll(async () => {
  await project.stop();
  project.purge();
});

const bucket = (name: string, more = {}) =>
  project.create("storage/bucket:Bucket", { name, location: "EU", softDeletePolicy: { retentionDurationSeconds: 0 }, ...more });
const list = async (name: string, query = "") =>
  (await (await project.send(`/storage/v1/b/${name}/o?${query}`)).json()) as {
    items: Resource[];
    prefixes?: string[];
    nextPageToken?: string;
  };
const names = ({ items }: { items: Resource[] }) => items.map(({ name }) => name);

describe("an object", () => {
  test("comes back as it went, with its checksums", async () => {
    await bucket("checksums");
    const made = await project.put("checksums", "a/b c+ü.txt", "hello");
    expect(made).toMatchObject({ name: "a/b c+ü.txt", size: "5", contentType: "text/plain;charset=UTF-8", metageneration: "1" });
    expect(made.md5Hash).toBe(createHash("md5").update("hello").digest("base64"));
    expect(made.crc32c).toBe("mnG7TA==");
    const got = await project.object("checksums", "a/b c+ü.txt", "GET", "alt=media");
    expect(got.headers.get("x-goog-generation")).toBe(made.generation);
    expect(got.headers.get("x-goog-hash")).toBe(`crc32c=mnG7TA==,md5=${made.md5Hash}`);
    expect(await got.text()).toBe("hello");
  });

  test("is read in part", async () => {
    await bucket("ranges");
    await project.put("ranges", "a", "0123456789");
    const read = (range: string) => project.send("/ranges/a", { headers: { range } });
    for (const [range, text, header] of [
      ["bytes=2-4", "234", "bytes 2-4/10"],
      ["bytes=7-", "789", "bytes 7-9/10"],
      ["bytes=-3", "789", "bytes 7-9/10"],
      ["bytes=8-99", "89", "bytes 8-9/10"],
    ] as const) {
      const answer = await read(range);
      expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([206, text, header]);
    }
    expect((await read("bytes=10-")).status).toBe(416);
    const head = await project.send("/ranges/a", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  });

  test("is uploaded with its metadata in one multipart request, and refused with a wrong checksum", async () => {
    await bucket("multipart");
    const multipart = (metadata: object) =>
      project.send("/upload/storage/v1/b/multipart/o?uploadType=multipart", {
        method: "POST",
        headers: { "content-type": 'multipart/related; boundary="xx"' },
        body: `--xx\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(metadata)}\r\n--xx\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n--xx--\r\n`,
      });
    const made = await resource(await multipart({ name: "table", metadata: { kind: "test" } }));
    expect(made).toMatchObject({ contentType: "text/csv", metadata: { kind: "test" }, size: "8" });
    expect(await project.read("multipart", "table")).toBe("a,b\r\n1,2");
    await expect(resource(await multipart({ name: "wrong", crc32c: "AAAAAA==" }))).rejects.toThrow(
      /400 invalid: Provided crc32c "AAAAAA==" doesn't match/,
    );
    expect((await project.object("multipart", "wrong")).status).toBe(404);
  });

  test("answers preconditions", async () => {
    await bucket("conditions");
    const first = await project.put("conditions", "a", "1", "&ifGenerationMatch=0");
    await expect(project.put("conditions", "a", "2", "&ifGenerationMatch=0")).rejects.toThrow(/412 conditionNotMet/);
    const second = await project.put("conditions", "a", "2", `&ifGenerationMatch=${first.generation}`);
    expect(Number(second.generation)).toBeGreaterThan(Number(first.generation));
    expect((await project.object("conditions", "a", "DELETE", `ifGenerationMatch=${first.generation}`)).status).toBe(412);
    expect((await project.object("conditions", "a", "GET", `ifGenerationNotMatch=${second.generation}`)).status).toBe(304);
    expect((await project.object("conditions", "a", "DELETE", `ifMetagenerationMatch=1`)).status).toBe(204);
  });

  test("is created once by many who each create it only if it is not there", async () => {
    await bucket("race");
    const tries = await Promise.allSettled(["1", "2", "3", "4", "5"].map((text) => project.put("race", "a", text, "&ifGenerationMatch=0")));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("changes its metadata without changing its generation", async () => {
    await bucket("metadata");
    const made = await project.put("metadata", "a", "1");
    const patched = await resource(await project.object("metadata", "a", "PATCH", "", { metadata: { k: "v" }, cacheControl: "no-store" }));
    expect(patched).toMatchObject({ generation: made.generation, metageneration: "2", metadata: { k: "v" } });
    const got = await project.object("metadata", "a", "GET", "alt=media");
    expect([got.headers.get("cache-control"), got.headers.get("x-goog-meta-k")]).toEqual(["no-store", "v"]);
  });

  test("is copied, with its metadata or with new ones", async () => {
    await bucket("copies");
    await project.put("copies", "from", "1");
    await project.object("copies", "from", "PATCH", "", { metadata: { k: "v" } });
    const copy = (to: string, body?: object) =>
      project.send(`/storage/v1/b/copies/o/from/rewriteTo/b/copies/o/${to}`, {
        method: "POST",
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    expect(await (await copy("same")).json()).toMatchObject({ done: true, objectSize: "1", resource: { metadata: { k: "v" } } });
    const renewed = (await (await copy("new", { contentType: "text/html" })).json()) as { resource: Resource };
    expect(renewed.resource).toMatchObject({ contentType: "text/html" });
    expect(renewed.resource.metadata).toBeUndefined();
    expect(await project.read("copies", "new")).toBe("1");
  });
});

describe("a resumable upload", () => {
  const chunk = 256 * 1024;
  async function open(name: string, body = {}): Promise<string> {
    const answer = await project.send(`/upload/storage/v1/b/resumable/o?uploadType=resumable&name=${name}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    return answer.headers.get("location") ?? "";
  }
  const put = (session: string, range: string, body?: Uint8Array<ArrayBuffer>) =>
    project.send(session, { method: "PUT", headers: { "content-range": range }, ...(body ? { body } : {}) });
  beforeAll(() => bucket("resumable"));

  test("goes on where it stopped, also after a restart", async () => {
    const session = await open("large", { contentType: "video/mp4" });
    const total = chunk + 10;
    const bytes = new Uint8Array(total).fill(120);
    const first = await put(session, `bytes 0-${chunk - 1}/*`, bytes.slice(0, chunk));
    expect([first.status, first.headers.get("range")]).toEqual([308, `bytes=0-${chunk - 1}`]);
    await project.stop();
    await project.start();
    const asked = await put(session, `bytes */${total}`);
    expect([asked.status, asked.headers.get("range")]).toEqual([308, `bytes=0-${chunk - 1}`]);
    expect((await put(session, `bytes ${chunk + 5}-${total - 1}/${total}`, bytes.slice(0, 5))).status).toBe(503);
    const made = await resource(await put(session, `bytes ${chunk}-${total - 1}/${total}`, bytes.slice(chunk)));
    expect(made).toMatchObject({
      size: String(total),
      contentType: "video/mp4",
      md5Hash: createHash("md5").update(bytes).digest("base64"),
    });
    expect((await put(session, `bytes */${total}`)).status).toBe(404);
  });

  test("takes everything at once, chunks of one grain, and can be cancelled", async () => {
    const whole = await resource(await project.send(await open("whole"), { method: "PUT", body: "all of it" }));
    expect(whole.size).toBe("9");
    expect((await put(await open("uneven"), "bytes 0-99/*", new Uint8Array(100))).status).toBe(400);
    const empty = await resource(await put(await open("empty"), "bytes */0"));
    expect(empty.size).toBe("0");
    const cancelled = await open("cancelled");
    expect((await project.send(cancelled, { method: "DELETE" })).status).toBe(499);
    expect((await put(cancelled, "bytes */9")).status).toBe(404);
  });

  test("keeps its precondition until the end", async () => {
    const answer = await project.send("/upload/storage/v1/b/resumable/o?uploadType=resumable&name=late&ifGenerationMatch=0", {
      method: "POST",
    });
    await project.put("resumable", "late", "sooner");
    expect((await project.send(answer.headers.get("location") ?? "", { method: "PUT", body: "later" })).status).toBe(412);
    expect(await project.read("resumable", "late")).toBe("sooner");
  });
});

describe("a listing", () => {
  beforeAll(async () => {
    await bucket("listed");
    for (const name of ["a", "b/1", "b/2", "b/c/3", "d", "é"]) await project.put("listed", name, name);
  });

  test("finds by prefix, and folds folders at a delimiter", async () => {
    expect(names(await list("listed", "prefix=b/"))).toEqual(["b/1", "b/2", "b/c/3"]);
    const folded = await list("listed", "delimiter=/");
    expect([names(folded), folded.prefixes]).toEqual([["a", "d", "é"], ["b/"]]);
    const below = await list("listed", "delimiter=/&prefix=b/");
    expect([names(below), below.prefixes]).toEqual([["b/1", "b/2"], ["b/c/"]]);
    expect(names(await list("listed", "startOffset=b/2&endOffset=d"))).toEqual(["b/2", "b/c/3"]);
  });

  test.each(["", "&delimiter=/", "&versions=true"])("gives the same in pages of any size%s", async (query) => {
    const whole = await list("listed", query);
    for (const size of [1, 2, 3]) {
      const found: string[] = [];
      let token = "";
      do {
        const part = await list("listed", `maxResults=${size}${query}${token && `&pageToken=${token}`}`);
        const entries = [...names(part), ...(part.prefixes ?? [])];
        expect(entries.length).toBeLessThanOrEqual(size);
        found.push(...entries);
        token = part.nextPageToken ?? "";
        expect(found.length).toBeLessThanOrEqual(20);
      } while (token);
      expect(found.sort()).toEqual([...names(whole), ...(whole.prefixes ?? [])].sort());
    }
  });
});

describe("versions", () => {
  test("are kept when overwritten or deleted, and end one by one", async () => {
    await bucket("versions", { versioning: { enabled: true } });
    const first = await project.put("versions", "a", "1");
    const second = await project.put("versions", "a", "2");
    expect((await project.object("versions", "a", "DELETE")).status).toBe(204);
    expect((await project.object("versions", "a")).status).toBe(404);
    expect(names(await list("versions"))).toEqual([]);
    const { items } = await list("versions", "versions=true");
    expect(items.map(({ generation }) => generation)).toEqual([first.generation, second.generation]);
    expect(await project.read("versions", "a", `&generation=${first.generation}`)).toBe("1");
    expect((await project.object("versions", "a", "DELETE", `generation=${first.generation}`)).status).toBe(204);
    expect((await list("versions", "versions=true")).items).toHaveLength(1);
  });

  test("of a retained object may be superseded, not deleted", async () => {
    await bucket("retained-versions", { versioning: { enabled: true }, retentionPolicy: { retentionPeriod: "3600" } });
    const first = await project.put("retained-versions", "a", "1");
    await project.put("retained-versions", "a", "2");
    const gone = await project.object("retained-versions", "a", "DELETE", `generation=${first.generation}`);
    await expect(resource(gone)).rejects.toThrow(/403 retentionPolicyNotMet/);
  });
});

describe("holds", () => {
  test("keep an object until they are released", async () => {
    await bucket("held");
    await project.put("held", "a", "1");
    const hold = (temporaryHold: boolean) => project.object("held", "a", "PATCH", "", { temporaryHold });
    await hold(true);
    await expect(resource(await project.object("held", "a", "DELETE"))).rejects.toThrow(/403 objectUnderActiveHold: .*Temporary hold/);
    await expect(project.put("held", "a", "2")).rejects.toThrow(/403 objectUnderActiveHold/);
    await hold(false);
    expect((await project.object("held", "a", "DELETE")).status).toBe(204);
  });

  test("of an event start the retention when the event comes", async () => {
    await bucket("events", { defaultEventBasedHold: true, retentionPolicy: { retentionPeriod: "3600" } });
    const made = await project.put("events", "a", "1");
    expect(made.retentionExpirationTime).toBeUndefined();
    await expect(resource(await project.object("events", "a", "DELETE"))).rejects.toThrow(/Event-Based hold/);
    const released = await resource(await project.object("events", "a", "PATCH", "", { eventBasedHold: false }));
    expect(Date.parse(released.retentionExpirationTime ?? "")).toBeGreaterThan(Date.now() + 3_590_000);
    await expect(resource(await project.object("events", "a", "DELETE"))).rejects.toThrow(/retentionPolicyNotMet/);
  });
});

test("a soft-deleted object can be restored", async () => {
  await project.create("storage/bucket:Bucket", { name: "soft", location: "EU" });
  const { generation } = await project.put("soft", "a", "1");
  await project.object("soft", "a", "DELETE");
  expect((await project.object("soft", "a")).status).toBe(404);
  expect((await list("soft", "softDeleted=true")).items).toMatchObject([{ name: "a", generation }]);
  const restored = await resource(await project.send(`/storage/v1/b/soft/o/a/restore?generation=${generation}`, { method: "POST" }));
  expect(restored.generation).not.toBe(generation);
  expect(await project.read("soft", "a")).toBe("1");
});
