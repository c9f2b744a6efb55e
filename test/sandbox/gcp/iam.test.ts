import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Iam } from "../../../sandbox/clouds/gcp/iam.ts";
import { project, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
let iam: Iam;
beforeAll(async () => {
  world = await World.start("secretmanager");
  iam = new Iam(world.store);
});
afterAll(() => world.end());

const secret = `projects/${project}/secrets/s`;

describe("a binding", () => {
  test("counts for what lies below its resource, by permission and by role, until it is removed", async () => {
    const { member } = await world.account("holder");
    const binding = await world.grant(member, "roles/secretmanager.secretAccessor");
    expect(iam.allows(member, "secretmanager.versions.access", secret)).toBe(true);
    expect(iam.allows(member, "roles/secretmanager.secretAccessor", `projects/${project}`)).toBe(true);
    expect(iam.allows(member, "secretmanager.secrets.delete", secret)).toBe(false);
    expect(iam.allows(member, "secretmanager.versions.access", `projects/${project}-other/secrets/s`)).toBe(false);
    await binding.remove();
    expect(iam.allows(member, "secretmanager.versions.access", secret)).toBe(false);
  });

  test("of allAuthenticatedUsers is for whoever is somebody, of allUsers for everybody", async () => {
    const somebody = await world.grant("allAuthenticatedUsers", "roles/run.invoker");
    expect(iam.allows("user:a@example.com", "run.routes.invoke", `projects/${project}`)).toBe(true);
    expect(iam.allows("allUsers", "run.routes.invoke", `projects/${project}`)).toBe(false);
    await somebody.remove();
    const everybody = await world.grant("allUsers", "roles/run.invoker");
    expect(iam.allows("allUsers", "run.routes.invoke", `projects/${project}`)).toBe(true);
    await everybody.remove();
  });

  test.each([
    ["a member of no kind", "alice@example.com", "IAM members must have one of the values"],
    [
      "an account that was never made",
      `serviceAccount:ghost@${project}.iam.gserviceaccount.com`,
      `ghost@${project}.iam.gserviceaccount.com does not exist`,
    ],
  ])("is refused for %s", async (_what, member, message) => {
    await expect(world.grant(member, "roles/run.invoker")).rejects.toThrow(message);
  });

  test("with a condition is refused: ignoring it would allow too much", async () => {
    const inputs = { project, role: "roles/run.invoker", member: "allUsers", condition: { title: "t", expression: "false" } };
    await expect(world.create("projects/iAMMember:IAMMember", "conditional", inputs)).rejects.toThrow("conditions are not evaluated");
  });
});

describe("an access token", () => {
  test("speaks for its account as long as that exists and is not disabled", async () => {
    const { member, deployed } = await world.account("speaker");
    const token = world.cloud.issueToken(member);
    expect(iam.identify(token)).toBe(member);
    const disabled = await deployed.update({ ...deployed.inputs, disabled: true });
    expect(iam.identify(token)).toBeUndefined();
    await disabled.update({ ...deployed.inputs, disabled: false });
    expect(iam.identify(token)).toBe(member);
    await world.existing(deployed.token.replace("gcp:", ""), deployed.id).remove();
    expect(iam.identify(token)).toBeUndefined();
  });

  test("cannot be made up or turned into another's", () => {
    const [prefix, , mac] = world.cloud.issueToken("user:a@example.com").split(".");
    const body = Buffer.from(JSON.stringify({ member: world.cloud.owner, exp: 9e9 })).toString("base64url");
    expect(iam.identify(`${prefix}.${body}.${mac}`)).toBeUndefined();
    expect(iam.identify("")).toBeUndefined();
  });
});

describe("an ID token", () => {
  test("is signed with the key that Google's address publishes, and is for one audience", async () => {
    const token = iam.tokens.idToken({ email: "a@b.iam.gserviceaccount.com", uniqueId: "1234" }, "https://a.example");
    const certificates = await world.fetch("https://www.googleapis.com/oauth2/v3/certs");
    const { keys } = (await certificates.json()) as { keys: JsonWebKey[] };
    const [header, body, signature] = token.split(".") as [string, string, string];
    const key = createPublicKey({ key: keys[0] as JsonWebKey, format: "jwk" });
    expect(verify("sha256", Buffer.from(`${header}.${body}`), key, Buffer.from(signature, "base64url"))).toBe(true);
    expect(iam.tokens.verifyIdToken(token, ["https://a.example"])).toMatchObject({ azp: "1234", sub: "1234", aud: "https://a.example" });
    expect(iam.tokens.verifyIdToken(token, ["https://b.example"])).toBeUndefined();
    expect(iam.tokens.verifyIdToken(`${header}.${body.slice(0, -2)}AA.${signature}`, ["https://a.example"])).toBeUndefined();
  });
});

test("an account that is made again is another: its number differs", async () => {
  const { deployed } = await world.account("phoenix");
  await expect(world.create("serviceaccount/account:Account", "other", { accountId: "phoenix" })).rejects.toThrow(
    "already exists within project",
  );
  await deployed.remove();
  const again = await world.account("phoenix");
  expect(again.email).toBe(deployed.state.email);
  expect(again.deployed.state.uniqueId).not.toBe(deployed.state.uniqueId);
});
