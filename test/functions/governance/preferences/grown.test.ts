// A service plans its statements while its tables are empty. They grow within minutes, and PostgreSQL looks at them again only later.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueServiceToken, serviceScopes } from "../../../../functions/shared/service-token.ts";
import { newKeyPair } from "../../keys.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";

describe("a database that grew since the service came up", () => {
  const rows = 3000;
  const shop = newKeyPair();
  const resources = new AsyncDisposableStack();
  let region: Region;
  let service: Service;

  /** Everything that a request may do, by so many people at once that each of the service's connections has its part. */
  const everything = async (mark: string) => {
    const people = await Promise.all(Array.from({ length: 12 }, () => service.person()));
    for (const state of ["granted", "withdrawn"])
      await ok(people.map((each) => each.say({ analytics: state }, { "if-match": "*", "idempotency-key": state })));
    await ok(people.map((each) => each.read()));
    await ok(people.map(({ subject }) => service.request(`/v1/check?subject=${subject}&purpose=analytics`, { scope: "edge" })));
    await ok(people.map((each) => asked(each, "GET", `/v1/subjects/${each.subject}/consent-events`)));
    await ok(people.map((each) => asked(each, "GET", `/v1/subjects/${each.subject}/export`)));
    const authorization = `Bearer ${await issueServiceToken(shop.privatePem, { name: "shop", scopes: serviceScopes }, "eu")}`;
    const headers = { authorization, "content-type": "application/json" };
    // Two by two they are one person, so that each second one is merged into the one before.
    for (const half of [0, 1])
      await ok(
        people.flatMap(({ subject }, i) =>
          i % 2 === half
            ? service.request(`/v1/subjects/${subject}/identities/email`, {
                method: "PUT",
                headers,
                body: JSON.stringify({ value: `${mark}-${Math.floor(i / 2)}@brand.example` }),
              })
            : [],
        ),
      );
    const known = people.filter((_, i) => i % 2 === 0);
    const events = await region.postgres.admin<{ id: string }>("SELECT id FROM preferences.consent_ledger LIMIT 12");
    for (const answer of await Promise.all(events.map(({ id }) => service.request(`/v1/consent-events/${id}/receipt`, { headers }))))
      expect([404, 200]).toContain(answer.status);
    // Evidence is asked for one by one. Nothing is published here; what there is of it was looked up.
    for (const { subject } of known) {
      const answer = await service.request("/v1/exports", { method: "POST", headers, body: JSON.stringify({ subject }) });
      expect(await answer.json()).toMatchObject({ type: "urn:bailiwick:problem:not-yet-in-the-log" });
    }
    await ok(people.map((each) => asked(each, "DELETE", `/v1/subjects/${each.subject}`)));
  };
  const asked = ({ token }: Person, method: string, path: string) =>
    service.request(path, { method, headers: { authorization: `Bearer ${token}` } });
  const ok = async (answers: readonly Promise<Response>[]) => {
    for (const answer of await Promise.all(answers)) expect(answer.status, await answer.text()).toBe(200);
  };

  beforeAll(async () => {
    region = resources.use(await startRegion());
    // What has not been looked at yet is what this is about.
    await region.postgres.admin("ALTER SYSTEM SET autovacuum = off");
    await region.postgres.admin("SELECT pg_reload_conf()");
    service = await region.serve({ SERVICE_CLIENTS: JSON.stringify([{ name: "shop", key: shop.publicPem, scopes: serviceScopes }]) });
  });
  afterAll(() => resources.disposeAsync());

  test("is looked up by its indices, and no table is read whole", async () => {
    await everything("first");
    const fill = [
      `subject (id, reference, key) SELECT 'eu_' || n, gen_random_uuid(), '\\x00'`,
      `consent_ledger (id, reference, epoch, sealed, commitment)
         SELECT gen_random_uuid(), gen_random_uuid(), 1, '\\x00', sha256(convert_to(n::text, 'UTF8'))`,
      `consent_state (subject, purpose, epoch, state, event) SELECT 'eu_' || n, 'analytics', 1, 'granted', gen_random_uuid()`,
      `idempotency (subject, key, digest, answer) SELECT 'eu_' || n, 'once', '', '{}'`,
      `consent_outbox (subject, epoch, record, due_at, delivered_at) SELECT 'eu_' || n, 1, '{}', now(), now()`,
      `identity (hash, kind, subject) SELECT sha256(convert_to(n::text, 'UTF8')), 'email', 'eu_' || n`,
      `merged_subject (reference, id, key, subject) SELECT gen_random_uuid(), n, '\\x00', 'eu_' || n`,
    ];
    for (const each of fill) await region.postgres.admin(`INSERT INTO preferences.${each} FROM generate_series(1, ${rows}) AS n`);
    await everything("second");
    // A server's sessions say at their end what they have read.
    await service.stop();
    const read = await region.postgres.admin<{ relname: string; seq_tup_read: string }>(
      "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname = 'preferences' ORDER BY relname",
    );
    expect(read.length).toBeGreaterThan(10);
    expect(read.filter(({ seq_tup_read }) => Number(seq_tup_read) >= rows)).toEqual([]);
  });
});
