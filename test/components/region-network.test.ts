import { describe, expect, it } from "vitest";
import { RegionNetwork } from "../../components/governance/region-network.ts";
import { part, run } from "./program.ts";

const network = (instances: number) => run(() => new RegionNetwork("it", { project: "brand-eu", jurisdiction: "eu", instances }));

describe("RegionNetwork", () => {
  it("has addresses for as many instances as the configuration allows, four each", async () => {
    const { made } = await network(1001);
    const { ipCidrRange } = part(made, "it-services").inputs as { ipCidrRange: string };
    expect(2 ** (32 - Number(ipCidrRange.split("/")[1])) - 4).toBeGreaterThanOrEqual(4 * 1001);
  });

  it("refuses more instances than it has addresses for, and says how many it has", async () => {
    await network(1023);
    await run(() => {
      expect(() => new RegionNetwork("it", { project: "brand-eu", jurisdiction: "eu", instances: 1024 })).toThrow(
        'RegionNetwork "it" cannot be made:\n  - 1024 instances need 4096 addresses, 4 each, and the subnet 10.20.16.0/20 has 4092: allowed are at most 1023',
      );
    });
  });

  it("gives no address twice", async () => {
    const { made } = await network(20);
    const ranges = made.flatMap(({ inputs: { ipCidrRange, address, prefixLength } }) =>
      typeof ipCidrRange === "string" ? [ipCidrRange] : prefixLength === undefined ? [] : [`${address}/${prefixLength}`],
    );
    const spans = ranges.map((range) => {
      const [address = "", prefix] = range.split("/");
      const start = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
      return [start, start + 2 ** (32 - Number(prefix))] as const;
    });
    spans.sort(([a], [b]) => a - b);
    for (const [index, [start]] of spans.entries()) if (index > 0) expect(start).toBeGreaterThanOrEqual(spans[index - 1]?.[1] as number);
    // Services, load balancers, the database.
    expect(spans).toHaveLength(3);
  });
});
