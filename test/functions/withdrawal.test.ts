// The whole way of a person's word: region's address -> preferences service -> ledger and outbox -> Durable Object -> next request.
// Real workerd, real PostgreSQL, the service as a process of its own; only Google and the cable between service and edge are the test's.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Google, newGoogle } from "./edge/google.ts";
import { caller, type Edge, startEdge } from "./edge/workers.ts";
import { ledgerOf } from "./governance/ledger.ts";
import { type Region, startRegion } from "./governance/region.ts";
import type { Service } from "./governance/service.ts";

const patience = { timeout: 20_000, interval: 50 };

/** The network between the service and the subjects' Worker: it can be cut, and it counts. */
class Cable {
  whole = true;
  delivered = 0;
  readonly #server: Server;
  constructor(to: () => Edge) {
    this.#server = createServer(async (request, response) => {
      if (!this.whole) return request.socket.destroy();
      const body = (await request.toArray()) as Buffer[];
      const answer = await to().subjects(request.url ?? "/", {
        method: request.method ?? "GET",
        headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
        body: Buffer.concat(body).toString(),
      });
      this.delivered++;
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    });
  }
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("a person's word", () => {
  let google: Google;
  let region: Region;
  let cable: Cable;
  let subjectsUrl: string;
  let edge: Edge;
  let service: Service;
  /** Which instance the next request goes to. */
  let balance = (): Service => service;
  beforeAll(async () => {
    google = await newGoogle();
    cable = new Cable(() => edge);
    subjectsUrl = await cable.listen();
    edge = await startEdge({ audience: subjectsUrl });
    edge.outside["www.googleapis.com"] = google.certs;
    edge.outside["preferences.brand.example"] = async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.text();
      return balance().request(pathname + search, {
        scope: "none",
        method: request.method,
        headers: Object.fromEntries(request.headers),
        ...(body ? { body } : {}),
      });
    };
    region = await startRegion({ identityToken: (aud) => google.idToken({ aud, email: caller }) });
    service = await serve();
    // The first delivery starts the Worker and fetches Google's keys: half a second may not be enough for it here.
    await (await visitor()).say("denied");
    await vi.waitFor(async () => expect(await undelivered()).toEqual([]), patience);
  });
  afterAll(async () => {
    await region?.[Symbol.asyncDispose]();
    await edge?.[Symbol.asyncDispose]();
    await cable?.[Symbol.asyncDispose]();
  });
  const undelivered = () => region.postgres.admin("SELECT FROM preferences.consent_outbox WHERE delivered_at IS NULL");
  const serve = () => region.serve({ SUBJECTS_URL: subjectsUrl }, edge);

  /** A person with nothing but the region's address. */
  async function visitor() {
    const { subject, token } = (await (await edge.site("/v1/subjects", { method: "POST" })).json()) as { subject: string; token: string };
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json", "if-match": "*" };
    return {
      subject,
      say: async (state: string, purpose = "personalisation") => {
        const response = await edge.site(`/v1/subjects/${subject}/preferences`, {
          method: "PATCH",
          headers,
          body: JSON.stringify({ purposes: { [purpose]: state } }),
        });
        expect(response.status).toBe(200);
        return (await response.json()) as { enforcement: string; consentEpoch: number };
      },
      erase: async () => (await edge.site(`/v1/subjects/${subject}`, { method: "DELETE", headers })).json(),
      sees: async (more: Record<string, string> = {}) =>
        (await (await edge.site("/v1/experience/hero", { headers: { ...headers, ...more } })).json()) as {
          variation: string;
          reason: string;
          consentEpoch: number;
          policyRevision: string;
        },
    };
  }

  test("counts from the very next request on, both ways", async () => {
    const person = await visitor();
    expect(await person.sees()).toMatchObject({ variation: "default", reason: "not-granted" });
    for (let turn = 1; turn <= 3; turn++) {
      expect(await person.say("granted")).toMatchObject({ enforcement: "applied" });
      expect(await person.sees()).toMatchObject({ reason: "granted", consentEpoch: 2 * turn - 1 });
      expect(await person.say("withdrawn")).toMatchObject({ enforcement: "applied" });
      expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn", consentEpoch: 2 * turn });
    }
  });

  test("counts no more once the person was erased, though its token still lives", async () => {
    const person = await visitor();
    await person.say("granted");
    expect(await person.sees()).toMatchObject({ reason: "granted" });
    expect(await person.erase()).toMatchObject({ erased: true, enforcement: "applied" });
    expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn" });
  });

  test("said by its browser's signal on any page is its word everywhere, and is written once", async () => {
    const person = await visitor();
    await person.say("granted", "advertising");
    for (let request = 0; request < 3; request++) await person.sees({ "sec-gpc": "1" });
    const words = async () =>
      (await ledgerOf(region, person.subject)).map(({ method, purpose, state }) => `${method}: ${purpose} ${state}`);
    await vi.waitFor(async () => expect((await words()).at(-1)).toBe("gpc: advertising withdrawn"), patience);
    await vi.waitFor(async () => expect(await person.sees()).toMatchObject({ consentEpoch: 2 }), patience);
    const asked = cable.delivered;
    await person.sees({ "sec-gpc": "1" });
    expect([await words(), cable.delivered]).toEqual([["api: advertising granted", "gpc: advertising withdrawn"], asked]);
  });

  test("is decided on one policy by edge and service", async () => {
    const person = await visitor();
    const { policyRevision } = (await person.say("granted")) as unknown as { policyRevision: string };
    expect((await person.sees()).policyRevision).toBe(policyRevision);
  });

  test("is written, and answered as pending in half a second, while the edge cannot be reached; and arrives once it can", async () => {
    const person = await visitor();
    await person.say("granted");
    cable.whole = false;
    const begun = performance.now();
    expect(await person.say("withdrawn")).toMatchObject({ enforcement: "pending", consentEpoch: 2 });
    expect(performance.now() - begun).toBeLessThan(2000);
    cable.whole = true;
    await vi.waitFor(async () => expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn" }), patience);
  });

  test("is delivered by another instance when the first is killed before it could", async () => {
    const person = await visitor();
    await person.say("granted");
    cable.whole = false;
    expect(await person.say("withdrawn")).toMatchObject({ enforcement: "pending" });
    await service.stop("SIGKILL");
    cable.whole = true;
    service = await serve();
    await vi.waitFor(async () => expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn" }), patience);
  });

  test("is delivered with what was said last, when much was said meanwhile", async () => {
    const person = await visitor();
    cable.whole = false;
    for (const state of ["granted", "withdrawn", "granted", "denied"]) await person.say(state);
    cable.whole = true;
    await vi.waitFor(async () => expect(await person.sees()).toMatchObject({ reason: "denied", consentEpoch: 4 }), patience);
    await vi.waitFor(async () => expect(await undelivered()).toEqual([]), patience);
  });

  test("of two instances at once ends in the one that the ledger holds", async () => {
    const person = await visitor();
    const second = await serve();
    let turn = 0;
    balance = () => (turn++ % 2 ? service : second);
    await Promise.all(["granted", "withdrawn", "granted", "denied", "granted", "withdrawn"].map((state) => person.say(state)));
    const last = (await ledgerOf(region, person.subject)).at(-1);
    await vi.waitFor(async () => expect(await person.sees()).toMatchObject({ reason: last?.state, consentEpoch: last?.epoch }), patience);
    balance = () => service;
    expect(await second.stop()).toBe(0);
  });

  describe("holds after the database was restored to an earlier moment than the edge knows", () => {
    /** Point-in-time recovery: later epochs of a subject are forgotten by the database, not by the edge. */
    async function restore(subject: string, epoch: number): Promise<void> {
      await region.postgres.admin(`ALTER TABLE preferences.consent_ledger DISABLE TRIGGER append_only`);
      await region.postgres.admin(
        `DELETE FROM preferences.consent_ledger WHERE epoch > ${epoch} AND reference = (SELECT reference FROM preferences.subject WHERE id = '${subject}')`,
      );
      await region.postgres.admin(`ALTER TABLE preferences.consent_ledger ENABLE ALWAYS TRIGGER append_only`);
      // What holds is made again from what the ledger still knows.
      await region.postgres.admin(`DELETE FROM preferences.consent_state WHERE subject = '${subject}'`);
      await region.postgres.admin(`DELETE FROM preferences.consent_outbox WHERE subject = '${subject}' AND epoch > ${epoch}`);
      await region.postgres.admin(`UPDATE preferences.subject SET epoch = ${epoch} WHERE id = '${subject}'`);
    }

    test("when it is a withdrawal that follows", async () => {
      const person = await visitor();
      await person.say("granted");
      await person.say("withdrawn");
      await person.say("granted");
      await restore(person.subject, 1);
      expect(await person.sees()).toMatchObject({ reason: "granted", consentEpoch: 3 });
      await person.say("withdrawn");
      await vi.waitFor(async () => expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn" }), patience);
      expect((await person.sees()).consentEpoch).toBeGreaterThan(3);
    });

    test("when it was an erasure: it is erased again with the next word, and the edge refuses everything", async () => {
      const person = await visitor();
      await person.say("granted");
      const held = async (text: string) => region.postgres.admin<Record<string, unknown>>(text, "brand", [person.subject]);
      const [row] = await held("SELECT id, reference, key, epoch FROM preferences.subject WHERE id = $1");
      expect(await person.erase()).toMatchObject({ erased: true, enforcement: "applied" });
      await region.postgres.admin(
        "INSERT INTO preferences.subject (id, reference, key, epoch) VALUES ($1, $2, $3, $4)",
        "brand",
        Object.values(row as object),
      );
      await held("DELETE FROM preferences.consent_outbox WHERE subject = $1");
      await person.say("granted", "analytics");
      await vi.waitFor(async () => expect(await undelivered()).toEqual([]), patience);
      expect(await held("SELECT FROM preferences.subject WHERE id = $1")).toEqual([]);
      expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn" });
    });

    // With one change the restored ledger meets the edge's epoch, with two it has passed it before the edge hears of it.
    test.each([1, 2])("when it was a withdrawal, and %i words on another purpose follow", async (words) => {
      const person = await visitor();
      await person.say("granted");
      await person.say("withdrawn");
      await restore(person.subject, 1);
      cable.whole = false;
      for (const state of ["granted", "denied"].slice(0, words)) await person.say(state, "analytics");
      cable.whole = true;
      await vi.waitFor(async () => expect(await undelivered()).toEqual([]), patience);
      expect(await person.sees()).toMatchObject({ variation: "default", reason: "withdrawn" });
      const last = (await ledgerOf(region, person.subject)).at(-1);
      expect(last).toMatchObject({ purpose: "personalisation", state: "withdrawn", reason: expect.stringContaining("held by the edge") });
      expect((await person.sees()).consentEpoch).toBe(last?.epoch);
      // And it is the person's again.
      expect(await person.say("granted")).toMatchObject({ enforcement: "applied" });
      expect(await person.sees()).toMatchObject({ reason: "granted" });
    });
  });
});
