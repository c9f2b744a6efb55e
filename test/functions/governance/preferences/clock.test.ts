// Instances whose clocks are wrong, and jump. What several of them must agree on the database's clock decides; the order of things no clock does.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { aheadByMs } from "../../../../functions/governance/preferences/clock.ts";
import { issueEdgeToken } from "../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../keys.ts";
import { Outside } from "../audit/outside.ts";
import { Auditor, patience, publishNow } from "../evidence.ts";
import { type Region, startRegion } from "../region.ts";
import { audience, type Person, type Service } from "../service.ts";
import { WrongClock } from "../wrong-clock.ts";

/** More than an hour: then a token of the one is no longer, or not yet, one of the other. */
const far = 3660_000;

describe("instances whose clocks differ by an hour and more", () => {
  const auditor = new Auditor();
  const keys = { edgeKey: newKeyPair(), tokenKey: newKeyPair() };
  const resources = new AsyncDisposableStack();
  let outside: Outside;
  let region: Region;
  let right: Service;
  let ahead: Service;
  let behind: Service;
  let jumping: Service;
  let clock: WrongClock;
  const delivered: string[] = [];
  beforeAll(async () => {
    outside = resources.use(await Outside.start());
    region = resources.use(
      await startRegion({ accessToken: outside.accessToken, identityToken: async (audience) => outside.identityToken(audience) }),
    );
    const subjects = createServer((request, response) => {
      delivered.push(String(request.url));
      response.writeHead(200).end("{}");
    });
    await new Promise<void>((resolve) => subjects.listen(0, "127.0.0.1", resolve));
    resources.defer(() => {
      subjects.closeAllConnections();
      subjects.close();
    });
    const subjectsUrl = `http://127.0.0.1:${(subjects.address() as AddressInfo).port}`;
    const serve = async (of: WrongClock) => {
      const environment = { ...outside.environment, ...auditor.environment, ...of.environment, SUBJECTS_URL: subjectsUrl };
      const service = await region.serve(environment, keys);
      service.edgeAheadMs = of.aheadMs;
      return service;
    };
    clock = resources.use(new WrongClock(0));
    right = await serve(resources.use(new WrongClock(0)));
    ahead = await serve(resources.use(new WrongClock(far)));
    behind = await serve(resources.use(new WrongClock(-far)));
    jumping = await serve(clock);
  });
  afterAll(() => resources.disposeAsync());

  const jump = (ms: number) => {
    clock.aheadMs = ms;
    jumping.edgeAheadMs = ms;
  };
  const everywhere = () => [right, ahead, behind];
  /** As the person would have to say it there: with a token that this instance made. */
  const at = (person: Person, service: Service) => person.renewed(service);
  const documentAt = async (person: Person, service: Service) => {
    const answer = await (await at(person, service)).read();
    return { etag: answer.headers.get("etag"), ...((await answer.json()) as { purposes: Record<string, string>; validUntil: object }) };
  };
  const isAllowedAt = async (person: Person, service: Service) => {
    const answer = await service.request(`/v1/check?subject=${person.subject}&purpose=analytics`, {
      headers: await bearer(person, service),
    });
    return ((await answer.json()) as { allow: boolean }).allow;
  };
  const bearer = async (person: Person, service: Service) => ({ authorization: `Bearer ${(await at(person, service)).token}` });
  const sayAt = async (person: Person, service: Service, state: string, headers: Record<string, string> = {}) =>
    (await at(person, service)).say({ analytics: state }, { "if-match": "*", ...headers });
  interface Said {
    readonly id: string;
    readonly epoch: number;
    readonly state: string;
    readonly receivedAt: string;
    readonly validUntil?: string;
    readonly supersedes?: string;
    readonly logIndex?: number;
  }
  const historyOf = async (person: Person) => {
    const answer = await right.request(`/v1/subjects/${person.subject}/consent-events`, { headers: await bearer(person, right) });
    return ((await answer.json()) as { events: Said[] }).events;
  };

  test("one that is wrong is never ready, says by how much, and is ready once it is right", async () => {
    const health = async (service: Service) => {
      const answer = await service.request("/health", { scope: "none" });
      return [answer.status, ((await answer.json()) as { detail?: string }).detail];
    };
    expect(await health(right)).toEqual([200, undefined]);
    expect(await health(ahead)).toEqual([503, expect.stringContaining("clock is 3660 s ahead of the database's")]);
    expect(await health(behind)).toEqual([503, expect.stringContaining("clock is 3660 s behind the database's")]);
    jump(10_000);
    expect(await health(jumping)).toEqual([503, expect.stringContaining("10 s ahead")]);
    jump(0);
    expect(await health(jumping)).toEqual([200, undefined]);
  });

  test("one that is wrong refuses what an edge with the right clock sends, and a person's token from elsewhere", async () => {
    const person = await right.person();
    for (const service of [ahead, behind]) {
      const { edgeAheadMs } = service;
      service.edgeAheadMs = 0;
      expect((await person.at(service).read()).status).toBe(401);
      service.edgeAheadMs = edgeAheadMs;
      expect((await person.at(service).read()).status).toBe(401);
      expect((await (await at(person, service)).at(right).read()).status).toBe(401);
    }
  });

  test("a token that was believed is believed no longer than a second, though the clock jumps back", async () => {
    const token = await issueEdgeToken(keys.edgeKey.privatePem, "eu", audience, "person");
    const begun = async () =>
      (
        await fetch(`http://127.0.0.1:${jumping.port}/v1/subjects`, {
          method: "POST",
          headers: { "x-edge-authorization": `Bearer ${token}` },
        })
      ).status;
    expect(await begun()).toBe(201);
    jump(-far);
    await vi.waitFor(async () => expect(await begun()).toBe(401), { timeout: 5000, interval: 100 });
    jump(0);
  });

  test("say when something was said, and until when it holds, by one clock", async () => {
    for (const service of everywhere()) {
      const person = await right.person();
      const [from, answer, to] = [Date.now(), await sayAt(person, service, "granted"), Date.now()];
      expect(answer.status).toBe(200);
      const [event] = await historyOf(person);
      const received = Date.parse(event?.receivedAt as string);
      expect([from <= received, received <= to]).toEqual([true, true]);
      expect((Date.parse(event?.validUntil as string) - received) % 86_400_000).toBe(0);
      const documents = await Promise.all(everywhere().map((each) => documentAt(person, each)));
      expect(documents[1]).toEqual(documents[0]);
      expect(documents[2]).toEqual(documents[0]);
    }
  });

  test.each([
    ["half an hour before its end", "+30 minutes", { allow: true, state: "granted" }],
    ["half an hour after its end", "-30 minutes", { allow: false, state: "expired" }],
  ])("agree on a grant %s", async (_when, end, { allow, state }) => {
    const person = await right.person();
    await sayAt(person, right, "granted");
    await region.postgres.admin(
      `UPDATE preferences.consent_state SET valid_until = now() + interval '${end}' WHERE subject = '${person.subject}'`,
    );
    const etags = new Set<string | null>();
    for (const service of everywhere()) {
      expect(await isAllowedAt(person, service)).toBe(allow);
      const { etag, purposes } = await documentAt(person, service);
      expect(purposes.analytics).toBe(state);
      etags.add(etag);
    }
    expect(etags.size).toBe(1);
    // What one has shown is what another compares with.
    const again = await sayAt(person, behind, "granted", { "if-match": (await documentAt(person, ahead)).etag as string });
    expect(again.status).toBe(200);
    expect((await historyOf(person)).length).toBe(allow ? 1 : 2);
  });

  test("put each word after the one before it, whichever wrote it, and believe no clock on which came first", async () => {
    const person = await right.person();
    const words = ["granted", "withdrawn", "granted", "withdrawn", "granted", "withdrawn"];
    const at = [ahead, behind, behind, ahead, right, behind];
    for (const [i, state] of words.entries()) {
      expect((await sayAt(person, at[i] as Service, state)).status).toBe(200);
      expect(await isAllowedAt(person, at[(i + 1) % at.length] as Service)).toBe(state === "granted");
    }
    const events = await historyOf(person);
    expect(events.map(({ state, epoch }) => [state, epoch])).toEqual(words.map((state, i) => [state, i + 1]));
    expect(events.map(({ supersedes }) => supersedes)).toEqual([undefined, ...events.slice(0, -1).map(({ id }) => id)]);
    const indices = await vi.waitFor(async () => {
      await publishNow(region);
      const found = (await historyOf(person)).map(({ logIndex }) => logIndex);
      expect(found).not.toContain(undefined);
      return found as number[];
    }, patience);
    expect(indices).toEqual([...indices].sort((a, b) => a - b));
  });

  test("take a refusal that says it is older than the grant, and no grant that says it is newer than the refusal", async () => {
    const person = await right.person();
    const report = async (service: Service, state: string, collectedAt: number, ifMatch: string) =>
      service.request("/v1/consent-events", {
        method: "POST",
        headers: { ...(await bearer(person, service)), "content-type": "application/json", "if-match": ifMatch },
        body: JSON.stringify({
          subject: person.subject,
          purpose: "analytics",
          state,
          surface: "shop-app",
          collectedAt: new Date(collectedAt).toISOString(),
        }),
      });
    const unsaid = (await documentAt(person, right)).etag as string;
    expect((await report(ahead, "granted", Date.now() + far, unsaid)).status).toBe(201);
    expect((await report(behind, "withdrawn", Date.now() - far, unsaid)).status).toBe(201);
    expect((await report(ahead, "granted", Date.now() + 2 * far, unsaid)).status).toBe(412);
    expect(await isAllowedAt(person, ahead)).toBe(false);
  });

  test("keep a first answer for 24 hours of one clock", async () => {
    const person = await right.person();
    const key = { "idempotency-key": randomUUID() };
    const epochAt = async (service: Service) =>
      ((await (await sayAt(person, service, "denied", key)).json()) as { consentEpoch: number }).consentEpoch;
    expect(await epochAt(ahead)).toBe(1);
    // Without its answer, the same request would be new by now.
    await sayAt(person, right, "granted");
    const age = (hours: number) =>
      region.postgres.admin(
        `UPDATE preferences.idempotency SET recorded_at = now() - interval '${hours} hours' WHERE subject = '${person.subject}'`,
      );
    await age(23.5);
    for (const service of everywhere()) expect(await epochAt(service)).toBe(1);
    await age(24.5);
    expect(await epochAt(behind)).toBe(3);
  });

  test("deliver to the edge what a clock of the database that has jumped back put far ahead", async () => {
    const person = await right.person();
    await region.postgres.admin(
      `INSERT INTO preferences.consent_outbox (subject, epoch, record, due_at) VALUES ('${person.subject}', 1, '{"epoch":1,"purposes":{}}', now() + interval '1 hour')`,
    );
    await vi.waitFor(() => expect(delivered.join()).toContain(person.subject), patience);
  });

  test("hand out evidence of no period that is not over", async () => {
    const asked = { from: "2020-01-01T00:00:00Z", to: new Date(Date.now() + far / 2).toISOString() };
    const answer = await auditor.ask(ahead, asked);
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("still to come by the database's clock")]);
  });

  test("let the log only grow while a clock jumps back and ahead, and prove it all", { timeout: 120_000 }, async () => {
    const person = await right.person();
    const sizes: number[] = [];
    const said: string[] = [];
    for (const [i, ms] of [0, -far, 2 * far, -2 * far, 0].entries()) {
      jump(ms);
      const state = i % 2 ? "withdrawn" : "denied";
      expect((await sayAt(person, jumping, state)).status).toBe(200);
      said.push(state);
      await vi.waitFor(async () => {
        await publishNow(region);
        expect((await historyOf(person)).at(-1)).toMatchObject({ state, logIndex: expect.any(Number) });
      }, patience);
      const [, size] = (await (await right.request("/v1/log/checkpoint")).text()).split("\n");
      sizes.push(Number(size));
    }
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
    const proven = await auditor.everything(region, right);
    const events = await historyOf(person);
    expect(events.map(({ state }) => state)).toEqual(said);
    expect(proven.map(({ event }) => event.id)).toEqual(expect.arrayContaining(events.map(({ id }) => id)));
    // The vault takes nothing from a clock that is so far off; another instance brings it there.
    await vi.waitFor(async () => {
      await publishNow(region);
      const [, size] = String(await outside.inVault("consent-log/checkpoint")).split("\n");
      expect(Number(size)).toBeGreaterThanOrEqual(sizes.at(-1) as number);
    }, patience);
  });
});

test("a clock is ahead or behind by what the way there and back cannot explain", () => {
  const asking = { asked: 1000, answered: 1300 };
  expect([999, 1000, 1300, 1301, 5000].map((other) => aheadByMs(other, asking))).toEqual([1, 0, 0, -1, -3700]);
});
