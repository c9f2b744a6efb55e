import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
let network: Deployed;
beforeEach(async () => {
  world = await World.start("compute", "servicenetworking", "sqladmin");
  network = await world.create("compute/network:Network", "main", { name: "main", autoCreateSubnetworks: false });
});
afterEach(() => world.end());

const subnetwork = (name: string, ipCidrRange: string) =>
  world.create("compute/subnetwork:Subnetwork", name, { name, region, network: network.id, ipCidrRange });
const range = (purpose = "VPC_PEERING") =>
  world.create("compute/globalAddress:GlobalAddress", "range", {
    name: "range",
    purpose,
    addressType: "INTERNAL",
    prefixLength: 16,
    network: network.id,
  });
const connection = (deletionPolicy = "DELETE") =>
  world.create("servicenetworking/connection:Connection", "c", {
    network: network.id,
    service: "servicenetworking.googleapis.com",
    reservedPeeringRanges: ["range"],
    deletionPolicy,
  });

test("a network is named as the real one is", () => {
  const id = `projects/${project}/global/networks/main`;
  expect(network).toMatchObject({ id, state: { selfLink: `https://www.googleapis.com/compute/v1/${id}` } });
});

test("a network cannot go while something is in it", async () => {
  const inside = await subnetwork("inside", "10.0.0.0/24");
  await expect(network.remove()).rejects.toThrow(`'${network.id}' is already being used by '${inside.id}'`);
  await inside.remove();
  await network.remove();
});

test("two of the same name are a conflict", async () => {
  await expect(world.create("compute/network:Network", "other", { name: "main" })).rejects.toThrow("409");
});

test("ranges of one network may not overlap", async () => {
  const first = await subnetwork("first", "10.0.0.0/24");
  expect(first.state.gatewayAddress).toBe("10.0.0.1");
  await expect(subnetwork("second", "10.0.0.128/25")).rejects.toThrow("10.0.0.128/25 conflicts with existing subnetwork 'first'");
  await subnetwork("third", "10.0.1.0/24");
});

test("a subnetwork needs its network", async () => {
  const inputs = { name: "lost", region, network: "nowhere", ipCidrRange: "10.0.0.0/24" };
  await expect(world.create("compute/subnetwork:Subnetwork", "lost", inputs)).rejects.toThrow(
    `projects/${project}/global/networks/nowhere' was not found`,
  );
});

describe("private services access", () => {
  const database = () =>
    world.create("sql/databaseInstance:DatabaseInstance", "db", {
      name: "db",
      region,
      databaseVersion: "POSTGRES_18",
      deletionProtection: false,
      settings: { tier: "db-custom-1-3840", edition: "ENTERPRISE", ipConfiguration: { ipv4Enabled: false, privateNetwork: network.id } },
    });

  test("needs a range that was reserved for it", async () => {
    await expect(connection()).rejects.toThrow("'range' is not an allocated range");
    await range();
    expect((await connection()).id).toBe(`${encodeURIComponent(network.id)}:servicenetworking.googleapis.com`);
  });

  test("comes before the database and cannot go before it, unless it is abandoned", async () => {
    await expect(database()).rejects.toThrow("at least 1 private services connection");
    await range();
    const kept = await connection();
    const instance = await database();
    expect(instance.state).toMatchObject({ privateIpAddress: expect.stringMatching(/^10\./), publicIpAddress: "" });
    await expect(kept.remove()).rejects.toThrow("Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection");
    const abandoned = await kept.update({ ...kept.inputs, deletionPolicy: "ABANDON" });
    await abandoned.remove();
  });
});
