import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MetadataServer, startMetadataServer } from "../../../sandbox/runtimes/metadata-server.ts";

let server: MetadataServer;
let gone = false;
beforeAll(async () => {
  server = await startMetadataServer({
    email: "app@brand.iam.gserviceaccount.com",
    projectId: "brand",
    projectNumber: "123456789012",
    region: "europe-west3",
    scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    accessToken: () => (gone ? undefined : { token: "ya29.token", expiresInSeconds: 3599 }),
    idToken: (audience) => (gone ? undefined : `token for ${audience}`),
  });
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = { "Metadata-Flavor": "Google" }) =>
  fetch(`http://${server.host}/computeMetadata/v1/${path}`, { headers });
const text = async (path: string) => (await get(path)).text();

test("answers what the real one answers about project and place", async () => {
  expect(await text("project/project-id")).toBe("brand");
  expect(await text("project/numeric-project-id")).toBe("123456789012");
  expect(await text("instance/region")).toBe("projects/123456789012/regions/europe-west3");
  expect((await get("instance/nothing")).status).toBe(404);
});

describe.each(["default", "app@brand.iam.gserviceaccount.com"])("service-accounts/%s", (account) => {
  const at = (path: string) => `instance/service-accounts/${account}/${path}`;

  test("gives its e-mail address and tokens", async () => {
    expect(await text(at("email"))).toBe("app@brand.iam.gserviceaccount.com");
    expect(await (await get(at("token?scopes=https://www.googleapis.com/auth/sqlservice.login"))).json()).toEqual({
      access_token: "ya29.token",
      expires_in: 3599,
      token_type: "Bearer",
    });
    expect(await text(at("identity?audience=https://a.example&format=full"))).toBe("token for https://a.example");
    expect((await get(at("identity"))).status).toBe(400);
    expect(await (await get(at("?recursive=true"))).json()).toMatchObject({
      aliases: ["default"],
      email: "app@brand.iam.gserviceaccount.com",
    });
  });
});

test("knows no other account", async () => {
  expect((await get("instance/service-accounts/other@brand.iam.gserviceaccount.com/token")).status).toBe(404);
});

test.each<[string, Record<string, string>]>([
  ["without its header", {}],
  ["that was passed on by a proxy", { "Metadata-Flavor": "Google", "X-Forwarded-For": "203.0.113.9" }],
])("refuses a request %s", async (_what, headers) => {
  expect((await get("project/project-id", headers)).status).toBe(403);
});

test("says in every answer that it is the metadata server", async () => {
  expect((await fetch(`http://${server.host}/`)).headers.get("metadata-flavor")).toBe("Google");
});

test("gives no token of an account that is gone", async () => {
  gone = true;
  expect((await get("instance/service-accounts/default/token")).status).toBe(404);
  expect((await get("instance/service-accounts/default/identity?audience=a")).status).toBe(404);
});
