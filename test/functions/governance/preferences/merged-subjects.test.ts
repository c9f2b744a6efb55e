// What is left of a subject that was merged into another one: enough to show what it had consented to, to whoever may ask for that, and to nobody else.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueServiceToken, serviceScopes } from "../../../../functions/shared/service-token.ts";
import { newKeyPair } from "../../keys.ts";
import { Outside } from "../audit/outside.ts";
import { answeredWithEvidence, askForEvidence, bundleFrom, judged, type ProvenEvent } from "../evidence.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

describe("what a merged subject has said", () => {
  const shop = newKeyPair();
  const resources = new AsyncDisposableStack();
  let region: Region;
  let service: Service;
  beforeAll(async () => {
    const outside = resources.use(await Outside.start());
    const identityToken = async (audience: string) => outside.identityToken(audience);
    region = resources.use(await startRegion({ accessToken: outside.accessToken, identityToken }));
    const clients = [{ name: "shop", key: shop.publicPem, scopes: serviceScopes }];
    service = await region.serve({ ...outside.environment, SERVICE_CLIENTS: JSON.stringify(clients) });
  });
  afterAll(() => resources.disposeAsync());

  const asShop = async () => ({
    headers: {
      authorization: `Bearer ${await issueServiceToken(shop.privatePem, { name: "shop", scopes: serviceScopes }, "eu")}`,
      "content-type": "application/json",
    },
  });
  const as = ({ token }: Person) => ({ headers: { authorization: `Bearer ${token}` } });
  const link = async ({ subject }: Person, value: string) => {
    const init = { ...(await asShop()), method: "PUT", body: JSON.stringify({ value }) };
    const answer = await service.request(`/v1/subjects/${subject}/identities/email`, init);
    return (await answer.json()) as { subject: string; merged: boolean };
  };
  /** The second is merged into the first. */
  const merge = async (known: Person, other: Person) => {
    const address = `${other.subject.toLowerCase()}@brand.example`;
    await link(known, address);
    expect(await link(other, address)).toMatchObject({ subject: known.subject, merged: true });
  };
  const grant = (person: Person, purpose: string) => person.say({ [purpose]: "granted" }, { "if-match": "*" });
  const referenceOf = async ({ subject }: Person) => {
    const [row] = await region.postgres.admin<{ reference: string }>("SELECT reference FROM preferences.subject WHERE id = $1", "brand", [
      subject,
    ]);
    return row?.reference as string;
  };
  const saidBy = async ({ subject }: Person) => (await ledgerOf(region, subject)).map(({ id }) => id);

  const evidenceOf = async (body: object, init?: object) => {
    const files = await bundleFrom(await answeredWithEvidence(region, service, body, init ?? (await asShop())));
    const text = (path: string) => String(files.find((file) => file.path === path)?.bytes);
    const entries = text("events.jsonl")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Partial<ProvenEvent> & { index: number });
    const { scope } = JSON.parse(text("manifest.json")) as { scope: { subject: string; merged?: string[] } };
    return { files, scope, entries, ids: entries.flatMap(({ event }) => event?.id ?? []), receipts: text("receipts.jsonl") };
  };
  const until = () => ({ from: "2020-01-01T00:00:00Z", to: new Date().toISOString() });

  test("stands in evidence of the one that stays, which names it by the keeper's word", async () => {
    const [known, other, third] = [await service.person(), await service.person(), await service.person()];
    for (const each of [known, other, third]) await grant(each, "analytics");
    const [reference, before] = [await referenceOf(other), await saidBy(other)];
    await merge(known, other);
    const { files, scope, ids, entries } = await evidenceOf({ subject: known.subject });
    expect(scope).toEqual({ kind: "subject", subject: await referenceOf(known), merged: [reference] });
    expect(ids.toSorted()).toEqual([...before, ...(await saidBy(known))].toSorted());
    expect(entries.find(({ event }) => event?.id === before[0])?.event).toMatchObject({ subject: reference, state: "granted" });
    const { code, out } = await judged(service, files);
    expect(code, out).toBe(0);
    expect(out).toContain(`stands for another as well, by the word of the keeper of the log: ${reference}`);
    expect(out).toContain(`Each of the ${ids.length} receipts bears the commitment`);
  });

  test("moves along with the next merge", async () => {
    const [first, second, known] = [await service.person(), await service.person(), await service.person()];
    for (const each of [first, second, known]) await grant(each, "personalisation");
    const references = [await referenceOf(first), await referenceOf(second)];
    const before = [...(await saidBy(first)), ...(await saidBy(second))];
    await merge(second, first);
    await merge(known, second);
    const { files, scope, ids } = await evidenceOf({ subject: known.subject });
    expect(scope.merged).toEqual(references.toSorted());
    expect(ids).toEqual(expect.arrayContaining(before));
    const { code, out } = await judged(service, files);
    expect(code, out).toBe(0);
    expect(out).toContain("which stands for 2 others as well");
  });

  test("is shown to no person: neither history, nor export, nor own evidence of the one that stays has it", async () => {
    const [known, other] = [await service.person(), await service.person()];
    await grant(known, "analytics");
    const own = await saidBy(known);
    await grant(other, "email-marketing");
    const before = await saidBy(other);
    await merge(known, other);
    expect(await saidBy(known)).toEqual(own);
    const shown = async (path: string) => {
      const answer = await service.request(path, as(known));
      return { status: answer.status, text: await answer.text() };
    };
    for (const path of ["consent-events", "export"]) {
      const { status, text } = await shown(`/v1/subjects/${known.subject}/${path}`);
      expect([status, (JSON.parse(text) as { events: { id: string }[] }).events.map(({ id }) => id)]).toEqual([200, own]);
      expect(text).not.toContain(before[0]);
    }
    for (const what of ["receipt", "proof"]) expect((await shown(`/v1/consent-events/${before[0]}/${what}`)).status).toBe(404);
    const { files, scope, ids } = await evidenceOf({}, as(known));
    expect([scope, ids]).toEqual([{ kind: "subject", subject: await referenceOf(known) }, own]);
    expect((await judged(service, files)).code).toBe(0);
  });

  test("is no part of what holds, which is made of the ledger of the one that stays alone", async () => {
    const [known, other] = [await service.person(), await service.person()];
    await grant(known, "analytics");
    await grant(other, "personalisation");
    await merge(known, other);
    const before = await (await known.read()).json();
    await region.postgres.admin("DELETE FROM preferences.consent_state WHERE subject = $1", "brand", [known.subject]);
    expect(await (await known.read()).json()).toEqual(before);
    expect(before).toMatchObject({ purposes: { analytics: "granted", personalisation: "none" } });
  });

  test("is opened in evidence of a period", async () => {
    const [known, other] = [await service.person(), await service.person()];
    await grant(other, "analytics");
    const before = await saidBy(other);
    await merge(known, other);
    const { files, ids } = await evidenceOf(until());
    expect(ids).toEqual(expect.arrayContaining(before));
    expect((await judged(service, files)).code).toBe(0);
  });

  test("keeps its receipt and its proof for the service that had reported it, and for that one alone", async () => {
    const [known, other] = [await service.person(), await service.person()];
    const said = { subject: other.subject, purpose: "analytics", state: "denied", surface: "shop-app" };
    const reported = await service.request("/v1/consent-events", { ...(await asShop()), method: "POST", body: JSON.stringify(said) });
    const { receipt, proof } = (await reported.json()) as { receipt: string; proof: string };
    await grant(other, "personalisation");
    const [, own] = await saidBy(other);
    const before = await (await service.request(receipt, as(other))).text();
    await merge(known, other);
    expect(await (await service.request(receipt, await asShop())).text()).toBe(before);
    expect([200, 202]).toContain((await service.request(proof, await asShop())).status);
    expect((await service.request(`/v1/consent-events/${own}/receipt`, await asShop())).status).toBe(404);
    await service.request(`/v1/subjects/${known.subject}`, { ...as(known), method: "DELETE" });
    expect((await service.request(receipt, await asShop())).status).toBe(404);
  });

  test("cannot be read any more once the one that stays is erased, and every proof still stands", async () => {
    const [first, second, known] = [await service.person(), await service.person(), await service.person()];
    for (const each of [first, second, known]) await each.say({ analytics: "denied" });
    await merge(second, first);
    await merge(known, second);
    const before = await evidenceOf({ subject: known.subject });
    expect(before.ids).toHaveLength(3);
    await service.request(`/v1/subjects/${known.subject}`, { ...as(known), method: "DELETE" });
    expect(await region.postgres.admin("SELECT FROM preferences.merged_subject WHERE subject = $1", "brand", [known.subject])).toEqual([]);
    const { files, entries } = await evidenceOf(until());
    for (const { index } of before.entries) {
      const entry = entries.find((each) => each.index === index);
      expect(entry).toEqual({ index, commitment: expect.stringMatching(/^[\w-]{43}$/) });
    }
    const { code, out } = await judged(service, files);
    expect(code, out).toBe(0);
  });

  test("opens nothing to its own token any more, which answers as one of an erased subject", async () => {
    const [known, other] = [await service.person(), await service.person()];
    await grant(other, "analytics");
    const [event] = await saidBy(other);
    await merge(known, other);
    const statusOf = async (path: string, method = "GET") =>
      (await service.request(path, { ...as(other), method, headers: { ...as(other).headers, "content-type": "application/json" } })).status;
    expect((await other.read()).status).toBe(404);
    for (const path of ["consent-events", "export"]) expect(await statusOf(`/v1/subjects/${other.subject}/${path}`)).toBe(404);
    expect(await statusOf(`/v1/consent-events/${event}/receipt`)).toBe(404);
    const own = { ...as(other), method: "POST", headers: { ...as(other).headers, "content-type": "application/json" }, body: "{}" };
    expect((await service.request("/v1/exports", own)).status).toBe(404);
    expect(await statusOf(`/v1/subjects/${other.subject}`, "DELETE")).toBe(200);
  });

  test("can be erased by its own token still, and what the one that stays has said is left alone", async () => {
    const [known, other] = [await service.person(), await service.person()];
    await grant(known, "analytics");
    await other.say({ analytics: "denied" });
    const [reference, own] = [await referenceOf(known), await saidBy(known)];
    await merge(known, other);
    expect((await service.request(`/v1/subjects/${other.subject}`, { ...as(other), method: "DELETE" })).status).toBe(200);
    const { scope, ids } = await evidenceOf({ subject: known.subject });
    expect(scope).toEqual({ kind: "subject", subject: reference });
    expect(ids).toEqual(await saidBy(known));
    expect(ids).toEqual(expect.arrayContaining(own));
  });

  test("is asked for by periods where one stands for more than a manifest can name", async () => {
    const known = await service.person();
    const fill = `INSERT INTO preferences.merged_subject (reference, id, key, subject) SELECT gen_random_uuid(), n, 'x', $1 FROM generate_series(1, 1001) AS n`;
    await region.postgres.admin(fill, "brand", [known.subject]);
    const answer = await askForEvidence(service, { subject: known.subject }, await asShop());
    expect([answer.status, await answer.json()]).toEqual([
      422,
      expect.objectContaining({ type: "urn:bailiwick:problem:too-many-events", detail: expect.stringContaining("stands for 1001 others") }),
    ]);
    expect((await askForEvidence(service, {}, as(known))).status).not.toBe(422);
  });

  test("that was nothing leaves nothing: not even that there was a subject", async () => {
    const [known, silent] = [await service.person(), await service.person()];
    await grant(known, "analytics");
    await merge(known, silent);
    expect(await region.postgres.admin("SELECT FROM preferences.merged_subject WHERE subject = $1", "brand", [known.subject])).toEqual([]);
    expect((await evidenceOf({ subject: known.subject })).scope).not.toHaveProperty("merged");
  });
});
