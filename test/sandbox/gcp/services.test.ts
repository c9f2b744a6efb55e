import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.end());

const enable = (api: string) => world.create("projects/service:Service", api, { service: `${api}.googleapis.com` });

describe("an API that is not enabled", () => {
  test.each([
    ["kms/keyRing:KeyRing", { name: "ring", location: region }, "Cloud Key Management Service (KMS) API"],
    ["secretmanager/secret:Secret", { secretId: "s", replication: { auto: {} } }, "Secret Manager API"],
    ["compute/network:Network", { name: "n" }, "Compute Engine API"],
    [
      "sql/databaseInstance:DatabaseInstance",
      { name: "i", region, databaseVersion: "POSTGRES_18", settings: { tier: "db-f1-micro", edition: "ENTERPRISE" } },
      "Cloud SQL Admin API",
    ],
    ["cloudrunv2/service:Service", { name: "s", location: region, template: { containers: [{ image: "i" }] } }, "Cloud Run Admin API"],
    [
      "cloudrunv2/job:Job",
      { name: "j", location: region, template: { template: { containers: [{ image: "i" }] } } },
      "Cloud Run Admin API",
    ],
  ])("refuses %s", async (type, inputs, title) => {
    const { number } = await world.invoke("organizations/getProject:getProject", {});
    await expect(world.create(type, "x", inputs)).rejects.toThrow(
      `403: ${title} has not been used in project ${number} before or it is disabled. Enable it by visiting https://`,
    );
  });

  test("refuses again once its resource is gone", async () => {
    const kms = await enable("cloudkms");
    await world.create("kms/keyRing:KeyRing", "one", { name: "one", location: region });
    await kms.remove();
    await expect(world.create("kms/keyRing:KeyRing", "two", { name: "two", location: region })).rejects.toThrow("has not been used");
  });

  test("is named by its host", async () => {
    await expect(world.create("projects/service:Service", "run", { service: "run" })).rejects.toThrow('did you mean "run.googleapis.com"');
  });
});

describe("a service agent", () => {
  const agent = (api: string) => world.create("projects/serviceIdentity:ServiceIdentity", api, { service: `${api}.googleapis.com` });

  test("can be granted a role once it exists", async () => {
    await enable("sqladmin");
    const { number } = await world.invoke("organizations/getProject:getProject", {});
    const member = `serviceAccount:service-${number}@gcp-sa-cloud-sql.iam.gserviceaccount.com`;
    await expect(world.grant(member, "roles/cloudsql.client")).rejects.toThrow(`${member.slice("serviceAccount:".length)} does not exist`);
    expect((await agent("sqladmin")).state).toMatchObject({ member });
    expect((await world.grant(member, "roles/cloudsql.client")).id).toBe(`${project}/roles/cloudsql.client/${member}`);
  });

  test("of storage is made, but its address is not told", async () => {
    await enable("storage");
    expect((await agent("storage")).state).toMatchObject({ email: "", member: "" });
  });
});

test("a project has one number, for ever", async () => {
  const before = await world.invoke("organizations/getProject:getProject", { projectId: "another" });
  expect(before).toMatchObject({ projectId: "another", number: expect.stringMatching(/^\d{12}$/) });
  await world.stop();
  await world.start();
  expect(await world.invoke("organizations/getProject:getProject", { projectId: "another" })).toEqual(before);
});
