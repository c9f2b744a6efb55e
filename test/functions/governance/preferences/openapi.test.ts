// The OpenAPI document that the service serves: valid, complete, and true. Every example is sent to the service as it ships.
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { issueServiceToken } from "../../../../functions/shared/service-token.ts";
import { issueUnsubscribeToken } from "../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../keys.ts";
import { Outside } from "../audit/outside.ts";
import { type Region, startRegion } from "../region.ts";
import type { Person, Service } from "../service.ts";
import { exampleOf, type Operation, ServedApi } from "./served-api.ts";

/** What only a service that runs can make, as the document has it: an id of a subject and of an event, the token of a link. */
const made = {
  subject: "eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE",
  event: "0b54b3a5-6c0e-4c37-9f5e-6d1c1e0a9b52",
  letter: "eyJhbGciOiJFZERTQSJ9.e30.c2ln",
};

describe("the OpenAPI document", () => {
  let outside: Outside;
  let region: Region;
  let service: Service;
  let person: Person;
  let api: ServedApi;
  let standsFor: (example: string) => string;
  const clientKey = newKeyPair();
  const scopes = ["identities:write"] as const;
  beforeAll(async () => {
    outside = await Outside.start();
    region = await startRegion({ accessToken: outside.accessToken, identityToken: async (audience) => outside.identityToken(audience) });
    service = await region.serve({
      ...outside.environment,
      SERVICE_CLIENTS: JSON.stringify([{ name: "signing-in", key: clientKey.publicPem, scopes }]),
    });
    await service.request("/health", { scope: "none" });
    api = await ServedApi.of(service);
    person = await service.person();
    const event = await published();
    // As if another region's log had been seen.
    await region.postgres.admin(
      "INSERT INTO preferences.log_watch (origin, key, checkpoint, cosigned, grew_at) VALUES ('us', 'its key', 'its note', 'its note, cosigned', now())",
    );
    const letter = await issueUnsubscribeToken(
      service.tokenKey.privatePem,
      { subject: person.subject as never, purpose: "email-marketing" },
      "eu",
    );
    standsFor = (example) => example.replaceAll(made.subject, person.subject).replaceAll(made.event, event).replaceAll(made.letter, letter);
  });
  afterAll(async () => {
    await region?.[Symbol.asyncDispose]();
    await outside?.[Symbol.asyncDispose]();
  });

  /** The log may have to wait for its next publication: here as in a region, but not for a minute. */
  const publishNow = () => region.postgres.admin("UPDATE preferences.log_publication SET published_at = now() - interval '61 seconds'");
  const patience = { timeout: 30_000, interval: 200 };

  /** Asked as long as the answer is to ask again. */
  const answered = (ask: () => Promise<Response>): Promise<Response> =>
    vi.waitFor(async () => {
      await publishNow();
      const response = await ask();
      expect(response.headers.get("retry-after"), await response.clone().text()).toBeNull();
      return response;
    }, patience);

  /** An event of the person, once it is in a log of some entries that was published. */
  async function published(): Promise<string> {
    await person.say({ analytics: "denied", advertising: "denied" });
    await person.say({ "email-marketing": "denied" });
    const authorization = `Bearer ${person.token}`;
    const answer = await service.request(`/v1/subjects/${person.subject}/consent-events`, { headers: { authorization } });
    const last = ((await answer.json()) as { events: { id: string }[] }).events.at(-1)?.id as string;
    await answered(() => service.request(`/v1/consent-events/${last}/proof`, { headers: { authorization } }));
    return last;
  }

  const bodyAs = (mediaType: string, example: unknown): { body: string | FormData; headers: Record<string, string> } => {
    const fields = Object.entries(example as Record<string, string>);
    // The boundary is for whoever sends it to choose.
    if (mediaType === "multipart/form-data") {
      const form = new FormData();
      for (const [name, value] of fields) form.set(name, value);
      return { body: form, headers: {} };
    }
    const body = mediaType.endsWith("json") ? JSON.stringify(example) : new URLSearchParams(fields).toString();
    return { body: standsFor(body), headers: { "content-type": mediaType } };
  };

  async function credentialFor({ credentials }: Operation): Promise<Record<string, string>> {
    if (credentials.length === 0) return {};
    if (credentials.includes("subject")) return { authorization: `Bearer ${person.token}` };
    return { authorization: `Bearer ${await issueServiceToken(clientKey.privatePem, { name: "signing-in", scopes }, "eu")}` };
  }

  async function objectionsTo(operation: Operation): Promise<string[]> {
    const { path, headers } = exampleOf(operation, standsFor);
    const { method } = operation;
    const given = { ...(await credentialFor(operation)), ...headers };
    const bodies = operation.bodies.length === 0 ? [undefined] : operation.bodies;
    const objections: string[] = [];
    for (const each of bodies) {
      const body = each && bodyAs(each.mediaType, each.example);
      const response = await answered(() =>
        service.request(path, { method, headers: { ...given, ...body?.headers }, ...(body ? { body: body.body } : {}) }),
      );
      if (!response.ok) objections.push(`${response.status} ${await response.clone().text()}`);
      objections.push(...(await api.objections(operation, response)));
    }
    return objections;
  }

  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(api.document));
    expect(errors ?? []).toEqual([]);
    expect([valid, validator.version]).toEqual([true, "3.1"]);
  });

  test("says of every operation what it is for, how it refuses, and gives an example of all that it takes", () => {
    const lacking = api.operations.flatMap((operation) => [
      ...(operation.summary ? [] : [`${operation.name}: summary`]),
      ...["401", "422", "503"].filter((status) => !operation.responses[status]).map((status) => `${operation.name}: ${status}`),
      ...(operation.parameters ?? []).filter(({ schema }) => schema.example === undefined).map(({ name }) => `${operation.name}: ${name}`),
      ...operation.bodies.filter(({ example }) => example === undefined).map(({ mediaType }) => `${operation.name}: ${mediaType}`),
    ]);
    expect(lacking).toEqual([]);
    expect(api.operations.length).toBeGreaterThan(10);
  });

  test("says truly what must be shown: without it, nothing is done", async () => {
    const answered = api.operations
      .filter(({ credentials }) => credentials.length > 0)
      .map(async (operation) => {
        const { path, headers } = exampleOf(operation, standsFor);
        const [body] = operation.bodies.map(({ mediaType, example }) => bodyAs(mediaType, example));
        const { status } = await service.request(path, {
          method: operation.method,
          headers: { ...headers, ...body?.headers },
          ...(body ? { body: body.body } : {}),
        });
        return [operation.name, status];
      });
    const refused = Object.fromEntries(await Promise.all(answered)) as Record<string, number>;
    expect(Object.entries(refused).filter(([, status]) => status !== 401 && status !== 403)).toEqual([]);
  });

  test("describes how a body that cannot be read, or is of another type, is refused", async () => {
    const objections: Record<string, string[]> = {};
    const asked: string[] = [];
    for (const operation of api.operations) {
      const { path, headers } = exampleOf(operation, standsFor);
      const given = { ...(await credentialFor(operation)), ...headers };
      const send = (body: string, type: string) =>
        service.request(path, { method: operation.method, headers: { ...given, "content-type": type }, body });
      for (const { mediaType } of operation.bodies) {
        // Any text is a form of this type, if not one that says what it must.
        const unreadable = mediaType === "application/x-www-form-urlencoded" ? [] : [[400, await send("{", mediaType)] as const];
        for (const [status, response] of [...unreadable, [415, await send("<x/>", "application/xml")] as const]) {
          const told = response.status === status ? [] : [`${response.status} instead of ${status}`];
          const found = [...told, ...(await api.objections(operation, response))];
          asked.push(`${status}`);
          if (found.length > 0) objections[`${operation.name} ${mediaType}`] = found;
        }
      }
    }
    expect(objections).toEqual({});
    expect(new Set(asked)).toEqual(new Set(["400", "415"]));
  });

  test("has examples that run, and answers that are as it says", async () => {
    const objections: Record<string, string[]> = {};
    // Whoever is erased can ask for nothing afterwards.
    const last = ({ method }: Operation) => Number(method === "DELETE");
    for (const operation of api.operations.toSorted((a, b) => last(a) - last(b))) {
      const found = await objectionsTo(operation);
      if (found.length > 0) objections[operation.name] = found;
    }
    expect(objections).toEqual({});
  });
});
