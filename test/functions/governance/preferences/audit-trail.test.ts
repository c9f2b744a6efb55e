// Receipts, proofs and evidence of the service as it ships, published to the sandbox's stores, and judged by whoever has nothing of it but verify.mjs.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { cosign, openCheckpoint, signCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { leafOf } from "../../../../functions/governance/audit/leaf.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../../../../functions/governance/audit/merkle.ts";
import { parseVerifierKey, verifierKey } from "../../../../functions/governance/audit/signed-note.ts";
import { issueServiceToken, type ServiceScope } from "../../../../functions/shared/service-token.ts";
import { newKeyPair } from "../../keys.ts";
import { logSigner, monitorSigner } from "../audit/keys.ts";
import { Outside } from "../audit/outside.ts";
import { answeredWithEvidence, askForEvidence, bundleFrom, judged, patience, publishNow } from "../evidence.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

const bytesOf = (base64url: string) => Buffer.from(base64url, "base64url");

interface Proof {
  readonly commitment: string;
  readonly index: number;
  readonly size: number;
  readonly hashes: string[];
  readonly checkpoint: string;
}

describe("the audit trail", () => {
  let outside: Outside;
  let region: Region;
  /** The smallest databases have connections for two instances. */
  let instances: [Service, Service];
  let service: Service;
  const keys = { edgeKey: newKeyPair(), tokenKey: newKeyPair() };
  beforeAll(async () => {
    outside = await Outside.start();
    region = await startRegion({ accessToken: outside.accessToken, identityToken: async (audience) => outside.identityToken(audience) });
    instances = [await serve(), await serve()];
    service = instances[0];
  });
  afterAll(async () => {
    await region?.[Symbol.asyncDispose]();
    await outside?.[Symbol.asyncDispose]();
  });

  const auditor = newKeyPair();
  const clients = [
    { name: "auditor", key: auditor.publicPem, scopes: ["evidence"] },
    { name: "shop", key: auditor.publicPem, scopes: ["check"] },
  ];
  const serve = () => region.serve({ ...outside.environment, SERVICE_CLIENTS: JSON.stringify(clients) }, keys);
  const as = async (name: "auditor" | "shop", scopes: readonly ServiceScope[]) => ({
    headers: { authorization: `Bearer ${await issueServiceToken(auditor.privatePem, { name, scopes }, "eu")}` },
  });
  const asAuditor = () => as("auditor", ["evidence"]);
  const asking = (person: Person) => ({ headers: { authorization: `Bearer ${person.token}` } });
  const eventsOf = async (person: Person) => {
    const answer = await person.service.request(`/v1/subjects/${person.subject}/consent-events`, asking(person));
    return ((await answer.json()) as { events: { id: string; logIndex?: number }[] }).events;
  };
  const proofOf = (person: Person, event: string) => person.service.request(`/v1/consent-events/${event}/proof`, asking(person));
  const proven = (person: Person, event: string) =>
    vi.waitFor(async () => {
      await publishNow(region);
      const answer = await proofOf(person, event);
      expect(answer.status).toBe(200);
      return (await answer.json()) as Proof;
    }, patience);

  const logKey = async () =>
    parseVerifierKey(((await (await service.request("/v1/log/key")).json()) as { verifierKey: string }).verifierKey);
  const exported = async (service: Service, body: object, init: object = {}) =>
    bundleFrom(await answeredWithEvidence(region, service, body, init));

  test("proves to a person that what they said is in the log, by anybody's arithmetic", async () => {
    const person = await service.person();
    await person.say({ analytics: "granted", advertising: "denied" }, { "if-match": "*" });
    const [first] = await eventsOf(person);
    const { index, size, hashes, checkpoint, commitment } = await proven(person, first?.id as string);
    const { verifierKey } = (await (await service.request("/v1/log/key")).json()) as { verifierKey: string };
    const { checkpoint: head } = openCheckpoint(checkpoint, parseVerifierKey(verifierKey));
    expect(head.size).toBe(size);
    const leaf = leafHash(leafOf(bytesOf(commitment)));
    expect(verifyInclusion({ index, size, root: head.root, leaf, proof: hashes.map(bytesOf) })).toBe(true);
    expect((await eventsOf(person)).map(({ logIndex }) => logIndex)).toContain(index);

    await person.say({ analytics: "withdrawn" });
    const last = (await eventsOf(person)).at(-1)?.id as string;
    const later = await proven(person, last);
    const to = openCheckpoint(later.checkpoint, parseVerifierKey(verifierKey)).checkpoint;
    const answer = await service.request(`/v1/log/consistency?from=${size}&to=${to.size}`);
    const { hashes: between } = (await answer.json()) as { hashes: string[] };
    expect(verifyConsistency({ from: size, fromRoot: head.root, size: to.size, root: to.root, proof: between.map(bytesOf) })).toBe(true);
    expect(await (await service.request("/v1/log/checkpoint")).text()).toBe(later.checkpoint);
  });

  test("says of what is not in the log yet when to ask again", async () => {
    const person = await service.person();
    await region.postgres.admin("UPDATE preferences.log_publication SET published_at = now(), leased_until = now() + interval '1 hour'");
    await person.say({ analytics: "denied" });
    const [event] = await eventsOf(person);
    const answer = await proofOf(person, event?.id as string);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([202, "15"]);
    const refused = await askForEvidence(person.service, {}, asking(person));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([409, "15"]);
    expect(((await refused.json()) as { type: string }).type).toBe("urn:bailiwick:problem:not-yet-in-the-log");
  });

  test("gives a person a receipt that is the same for ever, and nobody else's", async () => {
    const person = await service.person();
    await person.say({ advertising: "withdrawn" });
    const [event] = await eventsOf(person);
    const path = `/v1/consent-events/${event?.id}/receipt`;
    const [first, second] = [await service.request(path, asking(person)), await instances[1].request(path, asking(person))];
    expect([first.status, first.headers.get("content-type")]).toEqual([200, "application/ld+json"]);
    const text = await first.text();
    expect(await second.text()).toBe(text);
    const receipt = JSON.parse(text);
    expect(receipt).toMatchObject({ "@type": "dpv:ConsentReceipt", commitment: expect.stringMatching(/^[\w-]{43}$/) });
    expect(receipt["dpv:hasRecordOfActivity"]).toMatchObject({
      "@type": "dpv:ConsentRecord",
      "dpv:hasConsentStatus": { "@type": "dpv:ConsentWithdrawn" },
    });
    expect(text).not.toContain(person.subject);

    const other = await service.person();
    for (const what of ["receipt", "proof"]) {
      const of = (who: object) => service.request(`/v1/consent-events/${event?.id}/${what}`, who);
      expect((await of(asking(other))).status).toBe(404);
      expect((await of({})).status).toBe(401);
      expect((await of({ scope: "edge" })).status).toBe(401);
      expect((await of(await asAuditor())).status).toBe(403);
    }
  });

  test("shows nobody an entry, and no proof of what is not published", async () => {
    for (const path of ["tile/0/000", "tile/entries/000", "entries"]) expect((await service.request(`/v1/log/${path}`)).status).toBe(404);
    const refused = await service.request("/v1/log/consistency?from=1&to=1000000");
    expect([refused.status, ((await refused.json()) as { type: string }).type]).toEqual([404, "urn:bailiwick:problem:no-such-tree"]);
    expect((await service.request("/v1/log/consistency?from=2&to=1")).status).toBe(404);
  });

  test("hands out evidence that stands: a person's own, any subject's, and a period's without a gap", async () => {
    const person = await service.person();
    const notice = { id: "ours", version: "1", sha256: `sha256:${"a".repeat(64)}`, language: "de" };
    await person.say({ personalisation: "granted" }, { "if-match": "*" });
    await service.request(person.path, {
      method: "PATCH",
      headers: { ...asking(person).headers, "content-type": "application/json" },
      body: JSON.stringify({ purposes: { personalisation: "withdrawn" }, notice }),
    });
    const own = await exported(service, {}, asking(person));
    const { code, out } = await judged(service, own);
    expect(out).toContain("these 2 events were in the log");
    expect(out).toContain("Each of the 2 receipts bears the commitment");
    expect(out).toContain(`whose text the maker does not have: ${notice.sha256}`);
    expect(code).toBe(0);

    const same = await exported(service, { subject: person.subject }, await asAuditor());
    expect(String(same.find(({ path }) => path === "events.jsonl")?.bytes)).toBe(
      String(own.find(({ path }) => path === "events.jsonl")?.bytes),
    );

    const period = { from: "2020-01-01T00:00:00Z", to: new Date().toISOString() };
    const all = await judged(service, await exported(service, period, await asAuditor()));
    expect(all.out).toMatch(/From log index 0 to \d+ nothing was left out/);
    expect(all.code).toBe(0);
  });

  test("puts another region's word on the log into the evidence, and nothing that only claims to be one", async () => {
    const person = await service.person();
    await person.say({ analytics: "denied" });
    const [event] = await eventsOf(person);
    const earlier = await proven(person, event?.id as string);
    const monitor = monitorSigner("apac.brand.example/v1/log/monitor");
    const cosigned = (note: string) => cosign(note, monitor.key, 1_800_000_000, monitor.sign);
    await person.say({ analytics: "withdrawn" });
    const watched = await cosigned(earlier.checkpoint);
    const files = await exported(service, { watched }, asking(person));
    const { code, out } = await judged(service, files, "--monitor-key", verifierKey(monitor.key));
    expect(code, out).toBe(0);
    expect(out).toContain(`So it saw the same log up to size ${earlier.size}, in which 1 of the 2 events here were by then`);

    const stranger = logSigner("eu.brand.example/v1/log");
    const { size, root } = openCheckpoint(earlier.checkpoint, await logKey()).checkpoint;
    const forged = await cosigned(await signCheckpoint({ size, root }, stranger.key, stranger.sign));
    for (const [watched, why] of [
      [forged, "is not signed by the key"],
      [earlier.checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`), "its text was changed"],
      ["no note", "has no empty line"],
    ]) {
      const refused = await askForEvidence(service, { watched }, asking(person));
      expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
        422,
        expect.stringContaining(why as string),
      ]);
    }
  });

  test("hands out evidence to nobody else, nor of what is still to come", async () => {
    const [person, other] = [await service.person(), await service.person()];
    const period = { from: "2020-01-01T00:00:00Z", to: "2021-01-01T00:00:00Z" };
    expect((await askForEvidence(service, {})).status).toBe(401);
    expect((await askForEvidence(service, { subject: other.subject }, asking(person))).status).toBe(403);
    expect((await askForEvidence(service, period, asking(person))).status).toBe(403);
    expect((await askForEvidence(service, period, { scope: "edge" })).status).toBe(401);
    expect((await askForEvidence(service, period, await as("shop", ["check"]))).status).toBe(403);
    expect((await askForEvidence(service, period, await as("shop", ["evidence"]))).status).toBe(403);
    expect((await askForEvidence(service, {}, await asAuditor())).status).toBe(422);
    expect((await askForEvidence(service, { from: period.to, to: period.from }, await asAuditor())).status).toBe(422);
    expect((await askForEvidence(service, { ...period, to: "2099-01-01T00:00:00Z" }, await asAuditor())).status).toBe(422);
  });

  test("keeps what an erased subject said as a commitment, which still stands", async () => {
    const person = await service.person();
    await person.say({ analytics: "denied" });
    const [event] = await eventsOf(person);
    await proven(person, event?.id as string);
    await region.postgres.admin(
      `DELETE FROM preferences.consent_state WHERE subject = '${person.subject}'; DELETE FROM preferences.subject WHERE id = '${person.subject}'`,
    );
    const period = { from: "2020-01-01T00:00:00Z", to: new Date().toISOString() };
    const { code, out } = await judged(service, await exported(service, period, await asAuditor()));
    expect(out).toContain("commitment only");
    expect(out).not.toContain(event?.id as string);
    expect(code).toBe(0);
  });
});
