// Changes of many subjects that come at once share a transaction: what is wrong with one is said to that one, and the others are written.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { issueServiceToken, serviceScopes } from "../../../../functions/shared/service-token.ts";
import { newKeyPair } from "../../keys.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

describe("changes that come at once", () => {
  const shop = newKeyPair();
  const resources = new AsyncDisposableStack();
  let region: Region;
  let service: Service;
  let other: Service;
  let people: Person[];
  const admin = (sql: string) => region.postgres.admin<Record<string, unknown>>(sql);
  /** Everybody says it, at one of the two instances; the answers in their order. */
  const all = (purposes: Record<string, string>, headers: (person: Person) => Record<string, string> = () => ({})) =>
    Promise.all(people.map((each, i) => (i % 2 ? each : each.at(other)).say(purposes, { "if-match": "*", ...headers(each) })));
  const statusesOf = (answers: readonly Response[]) => answers.map(({ status }) => status);
  const saidBy = async ({ subject }: Person) =>
    Number(
      (
        await admin(
          `SELECT count(*) FROM preferences.consent_ledger JOIN preferences.subject s USING (reference) WHERE s.id = '${subject}'`,
        )
      )[0]?.count,
    );

  beforeAll(async () => {
    region = resources.use(await startRegion());
    const environment = { SERVICE_CLIENTS: JSON.stringify([{ name: "shop", key: shop.publicPem, scopes: serviceScopes }]) };
    service = await region.serve(environment);
    const { edgeKey, tokenKey, telemetryKey } = service;
    other = await region.serve(environment, { edgeKey, tokenKey, telemetryKey });
  });
  beforeEach(async () => {
    people = await Promise.all(Array.from({ length: 24 }, () => service.person()));
  });
  afterAll(() => resources.disposeAsync());

  test("fail for a subject whose key cannot be read, and for no other", async () => {
    const [broken] = people as [Person];
    await admin(`UPDATE preferences.subject SET key = '\\x00' WHERE id = '${broken.subject}'`);
    expect(statusesOf(await all({ analytics: "granted" }))).toEqual(people.map((each) => (each === broken ? 500 : 200)));
    expect(await Promise.all(people.map(saidBy))).toEqual(people.map((each) => (each === broken ? 0 : 1)));
  });

  test("answer each with its own, where some are refused and some are unknown", async () => {
    const [stale, gone, same] = people as [Person, Person, Person];
    await same.say({ analytics: "granted" }, { "if-match": "*" });
    await admin(`DELETE FROM preferences.subject WHERE id = '${gone.subject}'`);
    const answers = await all({ analytics: "granted" }, (each) => ({ "if-match": each === stale ? '"old"' : "*" }));
    expect(statusesOf(answers)).toEqual(people.map((each) => (each === stale ? 412 : each === gone ? 404 : 200)));
    for (const [i, answer] of answers.entries())
      if (answer.status === 200) expect(await answer.json()).toMatchObject({ subject: people[i]?.subject });
    expect(await Promise.all(people.map(saidBy))).toEqual(people.map((each) => (each === stale || each === gone ? 0 : 1)));
  });

  test("are founded on what was said, where the projection was deleted", async () => {
    await all({ analytics: "granted" });
    await admin("DELETE FROM preferences.consent_state");
    const answers = await all({ personalisation: "granted" });
    for (const answer of answers)
      expect(await answer.json()).toMatchObject({ purposes: { analytics: "granted", personalisation: "granted" } });
  });

  test("wait for nobody else's row, and the one whose row is held is made once it is free", async () => {
    const held = new Set(people.slice(0, 3));
    await using holder = await region.postgres.connect();
    await holder.client.query("BEGIN");
    await holder.client.query("SELECT FROM preferences.subject WHERE id = ANY ($1) FOR UPDATE", [[...held].map(({ subject }) => subject)]);
    const freed = Promise.withResolvers<void>();
    const made: Person[] = [];
    const answers = people.map(async (each) => {
      const { status } = await each.say({ analytics: "granted" }, { "if-match": "*" });
      made.push(each);
      if (made.length === people.length - held.size) freed.resolve();
      return status;
    });
    await freed.promise;
    expect(made.filter((each) => held.has(each))).toEqual([]);
    await holder.client.query("COMMIT");
    expect(await Promise.all(answers)).toEqual(people.map(() => 200));
    expect(await Promise.all(people.map(saidBy))).toEqual(people.map(() => 1));
  });

  test("are refused at once for a subject that is not there, whoever else waits for a row", async () => {
    const [waiting, gone] = people as [Person, Person];
    await admin(`DELETE FROM preferences.subject WHERE id = '${gone.subject}'`);
    await using holder = await region.postgres.connect();
    await holder.client.query("BEGIN");
    await holder.client.query("SELECT FROM preferences.subject WHERE id = $1 FOR UPDATE", [waiting.subject]);
    const held = waiting.say({ analytics: "granted" }, { "if-match": "*" });
    await vi.waitFor(async () => expect(await admin("SELECT FROM pg_locks WHERE NOT granted")).toHaveLength(1));
    expect((await gone.say({ analytics: "granted" }, { "if-match": "*" })).status).toBe(404);
    expect(await admin("SELECT FROM pg_locks WHERE NOT granted")).toHaveLength(1);
    await holder.client.query("COMMIT");
    expect((await held).status).toBe(200);
  });

  test("act once for each key, however often and wherever it comes, also where nothing changes", async () => {
    const once = () => all({ analytics: "granted" }, () => ({ "idempotency-key": "once" }));
    const rounds = await Promise.all([once(), once(), once()]);
    expect(new Set(rounds.flatMap(statusesOf))).toEqual(new Set([200]));
    expect(await Promise.all(people.map(saidBy))).toEqual(people.map(() => 1));
    const nothing = () => all({ analytics: "granted" }, () => ({ "idempotency-key": "nothing" }));
    const [first] = await Promise.all([nothing(), nothing()]);
    await all({ analytics: "withdrawn" });
    expect((await nothing()).map(({ headers }) => headers.get("etag"))).toEqual(first.map(({ headers }) => headers.get("etag")));
    expect(await Promise.all(people.map(saidBy))).toEqual(people.map(() => 2));
  });

  test("act again with keys of which all are over", async () => {
    const headers = () => ({ "idempotency-key": "once" });
    await all({ analytics: "granted" }, headers);
    await admin("UPDATE preferences.idempotency SET recorded_at = now() - interval '25 hours'");
    expect(new Set(statusesOf(await all({ analytics: "withdrawn" }, headers)))).toEqual(new Set([200]));
    expect(await Promise.all(people.map(saidBy))).toEqual(people.map(() => 2));
  });

  test("wait in no circle with subjects that are erased or turn out to be one person", async () => {
    const token = await issueServiceToken(shop.privatePem, { name: "shop", scopes: serviceScopes }, "eu");
    const asked = (person: Person, method: string, path: string, bearer: string, body?: string) =>
      service.request(`/v1/subjects/${person.subject}${path}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
        ...(body && { body }),
      });
    const known = JSON.stringify({ value: "ada@brand.example" });
    const answers = await Promise.all([
      ...["granted", "withdrawn", "granted"].map((state) => all({ analytics: state })),
      Promise.all(people.slice(0, 4).map((each) => asked(each, "DELETE", "", each.token))),
      Promise.all(people.slice(4, 16).map((each) => asked(each, "PUT", "/identities/email", token, known))),
    ]);
    const statuses = answers.map(statusesOf);
    expect(statuses.slice(3)).toEqual([people.slice(0, 4).map(() => 200), people.slice(4, 16).map(() => 200)]);
    expect(statuses.flat().filter((status) => status !== 200 && status !== 404)).toEqual([]);
  });
});
