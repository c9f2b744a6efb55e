// The sealed ledger: what the database holds says nothing without the subject's key, and what holds can always be made again from it.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { commitmentTo } from "../../../../functions/governance/audit/leaf.ts";
import { rebuild } from "../../../../functions/governance/preferences/ledger/ledger.ts";
import { open, seal } from "../../../../functions/governance/preferences/ledger/seal.ts";
import { ledgerOf } from "../ledger.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

describe("the ledger of consent", () => {
  let region: Region;
  let service: Service;
  beforeAll(async () => {
    region = await startRegion();
    service = await region.serve();
  });
  afterAll(() => region?.[Symbol.asyncDispose]());

  const events = async (person: Person, query = "") => {
    const response = await service.request(`/v1/subjects/${person.subject}/consent-events${query}`, {
      headers: { authorization: `Bearer ${person.token}` },
    });
    return { status: response.status, ...((await response.json()) as { events: Record<string, unknown>[]; next?: number }) };
  };

  test("holds no word in plain: neither who, nor what, nor why", async () => {
    const person = await service.person();
    await person.say({ analytics: "granted", personalisation: "denied" }, { "if-match": "*" });
    const [row] = await region.postgres.admin<{ text: string }>(
      "SELECT string_agg(l::text, ' ') AS text FROM preferences.consent_ledger l JOIN preferences.subject s USING (reference) WHERE s.id = $1",
      "brand",
      [person.subject],
    );
    for (const word of [person.subject, "analytics", "granted", "personalisation", "GDPR"]) {
      expect(row?.text).not.toContain(word);
      expect(row?.text).not.toContain(Buffer.from(word).toString("hex"));
    }
  });

  test("tells its subject everything, in order, with law and circumstances, page by page", async () => {
    const person = await service.person();
    await person.say({ analytics: "granted" }, { "if-match": "*", "sec-gpc": "1" });
    await person.say({ analytics: "withdrawn" });
    const first = await events(person, "?limit=1");
    expect(first.events).toMatchObject([
      {
        ...{
          epoch: 1,
          purpose: "analytics",
          state: "granted",
          basis: "opt-in",
          jurisdiction: "eu",
          gpc: true,
          method: "api",
          actor: "subject",
        },
        regulation: expect.stringContaining("GDPR Art. 6(1)(a)"),
        validUntil: expect.any(String),
        policyRevision: expect.stringMatching(/^sha256:/),
      },
    ]);
    const second = await events(person, `?cursor=${first.next}`);
    expect(second).toEqual({
      status: 200,
      events: [expect.objectContaining({ epoch: 2, state: "withdrawn", supersedes: first.events[0]?.id })],
    });
    expect(JSON.stringify([first, second])).not.toContain("reference");
  });

  test("tells nobody else", async () => {
    const [person, other] = [await service.person(), await service.person()];
    const path = `/v1/subjects/${person.subject}/consent-events`;
    expect((await service.request(path)).status).toBe(401);
    expect((await service.request(path, { headers: { authorization: `Bearer ${other.token}` } })).status).toBe(403);
  });

  test("is what holds is made from, again and again", async () => {
    const person = await service.person();
    await person.say({ analytics: "granted", personalisation: "granted" }, { "if-match": "*" });
    await person.say({ analytics: "withdrawn" });
    const before = await (await person.read()).json();
    for (const _ of [1, 2]) {
      await region.postgres.admin("DELETE FROM preferences.consent_state WHERE subject = $1", "brand", [person.subject]);
      expect(await (await person.read()).json()).toEqual(before);
    }
    await region.postgres.admin("DELETE FROM preferences.consent_state WHERE subject = $1", "brand", [person.subject]);
    expect((await person.say({ personalisation: "withdrawn" })).status).toBe(200);
    expect((await ledgerOf(region, person.subject)).map(({ purpose, state }) => `${purpose} ${state}`)).toEqual([
      "personalisation granted",
      "analytics granted",
      "analytics withdrawn",
      "personalisation withdrawn",
    ]);
  });

  test("an event that somebody exchanged is found", async () => {
    const [person, other] = [await service.person(), await service.person()];
    for (const each of [person, other]) await each.say({ analytics: "denied" });
    await region.postgres.admin("ALTER TABLE preferences.consent_ledger DISABLE TRIGGER append_only");
    await region.postgres.admin(
      `UPDATE preferences.consent_ledger SET sealed = (
         SELECT sealed FROM preferences.consent_ledger JOIN preferences.subject s USING (reference) WHERE s.id = $2)
       WHERE reference = (SELECT reference FROM preferences.subject WHERE id = $1)`,
      "brand",
      [person.subject, other.subject],
    );
    await region.postgres.admin("ALTER TABLE preferences.consent_ledger ENABLE ALWAYS TRIGGER append_only");
    expect((await events(person)).status).toBe(500);
    expect((await events(other)).status).toBe(200);
  });

  test("the key is asked for once, and what was opened goes on without KMS", async () => {
    const calls = region.kms.calls.length;
    region.kms.enabled = false;
    try {
      expect((await (await service.person()).say({ analytics: "denied" })).status).toBe(200);
      expect(region.kms.calls).toHaveLength(calls);
      const late = await region.serve();
      const health = async () => (await late.request("/health", { scope: "none" })).status;
      expect(await health()).toBe(503);
      const refused = await late.request("/v1/subjects", { method: "POST" });
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ type: "urn:bailiwick:problem:keys-unavailable" });
      region.kms.enabled = true;
      await vi.waitFor(async () => expect(await health()).toBe(200), { timeout: 10_000, interval: 50 });
    } finally {
      region.kms.enabled = true;
    }
  });
});

describe("a sealed event", () => {
  const event = {
    ...{ id: "00000000-0000-4000-8000-000000000001", subject: "00000000-0000-4000-8000-000000000002", epoch: 1, purpose: "analytics" },
    ...{ state: "denied", basis: "opt-in", regulation: "GDPR", jurisdiction: "eu", receivedAt: "2026-01-01T00:00:00Z", method: "api" },
    ...{ surface: "api", source: "edge", actor: "subject", gpc: false, policyRevision: `sha256:${"0".repeat(64)}` },
  } as Parameters<typeof seal>[1];
  const key = Buffer.alloc(32, 1);

  test("opens with its key, and proves its commitment with the salt inside", () => {
    const sealed = seal(key, event);
    const { event: opened, salt } = open(key, event.id, sealed);
    expect(opened).toEqual(event);
    expect(commitmentTo(salt, opened)).toEqual(sealed.commitment);
  });

  test("says the same twice in two ways: neither seal nor commitment can be guessed from what was said", () => {
    const [one, two] = [seal(key, event), seal(key, event)];
    expect(one.commitment).not.toEqual(two.commitment);
    expect(one.sealed).not.toEqual(two.sealed);
  });

  test.each([
    ["another key", (sealed: ReturnType<typeof seal>) => open(Buffer.alloc(32, 2), event.id, sealed)],
    ["another event's name", (sealed: ReturnType<typeof seal>) => open(key, "00000000-0000-4000-8000-00000000000f", sealed)],
    [
      "a commitment to something else",
      (sealed: ReturnType<typeof seal>) => open(key, event.id, { ...sealed, commitment: Buffer.alloc(32) }),
    ],
    [
      "bytes that are cut off",
      (sealed: ReturnType<typeof seal>) => open(key, event.id, { ...sealed, sealed: sealed.sealed.subarray(0, 20) }),
    ],
  ])("does not open with %s", (_what, opening) => expect(() => opening(seal(key, event))).toThrow());

  test("is what holds is made from, however many there are", async () => {
    const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
    const rows = Array.from({ length: 2001 }, (_, i) => {
      const said = { ...event, id: uuid(i + 1), epoch: i + 1, state: i < 2000 ? "granted" : "withdrawn" } as typeof event;
      return { position: String(i + 1), id: said.id, ...seal(key, said) };
    });
    const projected: unknown[][] = [];
    const query = async (text: string, values: unknown[] = []) => {
      const [, after, most] = values as [unknown, number, number];
      if (text.includes("FROM preferences.consent_ledger"))
        return { rows: rows.filter(({ position }) => Number(position) > after).slice(0, most) };
      if (text.includes("INSERT INTO preferences.consent_state")) projected.push(values);
      return { rows: [] };
    };
    await rebuild({ query, send: query } as never, { id: "eu_0", reference: event.subject, key });
    expect(projected.map((values) => values.slice(0, 4))).toEqual([[["eu_0"], ["analytics"], [2001], ["withdrawn"]]]);
  });

  test("no bit of it can be changed", () => {
    const sealed = seal(key, event);
    for (let at = 0; at < sealed.sealed.length; at += 7) {
      const changed = Buffer.from(sealed.sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => open(key, event.id, { ...sealed, sealed: changed })).toThrow();
    }
  });
});
