// Stores of the log that take nothing: what people say is written all the same, nothing is shown that is not out, and what waits catches up.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { rootAt } from "../../../../functions/governance/audit/log.ts";
import { newKeyPair } from "../../keys.ts";
import { contradictionsIn } from "../agreement.ts";
import { Outside } from "../audit/outside.ts";
import { Auditor, patience, publishNow } from "../evidence.ts";
import { Front, type Refusal } from "../front.ts";
import { type Region, startRegion } from "../region.ts";
import type { Service } from "../service.ts";
import { WriteStorm } from "../write-storm.ts";

/** RFC 4918 section 11.5. */
const noRoom: Refusal = { status: 507, body: '{"error":{"code":507,"message":"Insufficient storage"}}' };
/** docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const slowDown: Refusal = { status: 503, body: "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>" };

describe("two instances whose log's stores refuse", () => {
  const auditor = new Auditor();
  let outside: Outside;
  let bucket: Front;
  let vault: Front;
  let region: Region;
  let instances: [Service, Service];
  const resources = new AsyncDisposableStack();
  beforeAll(async () => {
    outside = resources.use(await Outside.start());
    bucket = resources.use(await Front.before(outside.environment.STORAGE_ORIGIN as string));
    vault = resources.use(await Front.before(outside.environment.AWS_ENDPOINT_URL_S3 as string));
    region = resources.use(
      await startRegion({ accessToken: outside.accessToken, identityToken: async (audience) => outside.identityToken(audience) }),
    );
    const environment = {
      ...outside.environment,
      ...auditor.environment,
      STORAGE_ORIGIN: bucket.url,
      AWS_ENDPOINT_URL_S3: vault.url,
      SUBJECTS_URL: "http://127.0.0.1:9",
    };
    const keys = { edgeKey: newKeyPair(), tokenKey: newKeyPair() };
    instances = [await region.serve(environment, keys), await region.serve(environment, keys)];
  });
  afterAll(() => resources.disposeAsync());

  const shown = async () => (await instances[0].request("/v1/log/checkpoint")).text();
  const inVault = async () => String(await outside.inVault("consent-log/checkpoint"));
  const sizeOf = (note: string) => Number(note.split("\n")[1]);
  const ownSize = async () => Number((await region.postgres.admin<{ size: string }>("SELECT size FROM preferences.log_head"))[0]?.size);

  test.each([
    ["everything", () => true],
    ["the tiles alone", (path: string) => !/checkpoint/.test(path)],
    ["the checkpoint, once the tiles are there", (path: string) => /checkpoint/.test(path)],
  ])("%s harm no write, show nothing early, and catch up by themselves", async (_what, isRefused) => {
    const storm = await WriteStorm.begin(() => instances);
    await vi.waitFor(async () => {
      await publishNow(region);
      expect(sizeOf(await shown())).toBeGreaterThan(0);
    }, patience);
    const refusing = (refusal: Refusal) => (method: string, path: string) => (method !== "GET" && isRefused(path) ? refusal : undefined);
    [bucket.refusal, vault.refusal] = [refusing(noRoom), refusing(slowDown)];
    const [bucketRefused, vaultRefused] = [bucket.refused, vault.refused];
    // A publication that was under way may still have ended well.
    await vi.waitFor(async () => {
      await publishNow(region);
      expect(Math.min(bucket.refused - bucketRefused, vault.refused - vaultRefused)).toBeGreaterThan(0);
    }, patience);
    const before = await shown();
    const grown = await ownSize();
    await vi.waitFor(async () => {
      await publishNow(region);
      expect(Math.min(bucket.refused - bucketRefused, vault.refused - vaultRefused)).toBeGreaterThan(3);
      expect(await ownSize()).toBeGreaterThan(grown + 20);
    }, patience);
    expect(await shown()).toBe(before);
    await storm.end();
    expect([...storm.answers.keys()]).toEqual([200]);

    [bucket.refusal, vault.refusal] = [() => undefined, () => undefined];
    const size = await ownSize();
    await vi.waitFor(async () => {
      await publishNow(region);
      expect(Math.min(sizeOf(await shown()), sizeOf(await inVault()))).toBeGreaterThanOrEqual(size);
    }, patience);
    // Whole: the tiles there have the root that the checkpoint there says.
    const [, copied, root] = (await inVault()).split("\n");
    const copy = { read: (path: string) => outside.inVault(`consent-log/${path}`) };
    expect(Buffer.from(await rootAt(copy, Number(copied))).toString("base64")).toBe(root);
    await storm.expectIn(await auditor.everything(region, instances[1]), region.postgres);
    expect(await contradictionsIn(region.postgres)).toEqual([]);
  });
});
