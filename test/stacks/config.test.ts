import { describe, expect, it } from "vitest";
import { serviceScopes } from "../../functions/shared/service-token.ts";
import { ConfigError, parseGlobalConfig, parseRegionConfig, serviceScopes as stackScopes } from "../../stacks/config.ts";
import { jurisdictions } from "../../stacks/residency.ts";

/** As Pulumi hands it over: text, with objects as JSON. */
const good: Readonly<Record<string, string>> = {
  "bailiwick:jurisdiction": "eu",
  "bailiwick:domain": "brand.example",
  "bailiwick:cloudflare": JSON.stringify({ accountId: "0123456789abcdef0123456789abcdef", zoneId: "fedcba9876543210fedcba9876543210" }),
  "bailiwick:gcp": JSON.stringify({ project: "brand-eu-prod" }),
  "bailiwick:aws": JSON.stringify({ accountId: "123456789012" }),
};
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const without = (key: string) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== key));
const releases = (...shares: unknown[]) => ({ ...good, "bailiwick:releases": JSON.stringify({ site: shares }) });

/** What a person reads. */
function refusal(stack: string, raw: Readonly<Record<string, string>>): string {
  try {
    parseRegionConfig(stack, raw);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error("the configuration was taken");
}

describe("the services of the brand", () => {
  const services = (list: unknown) => ({ ...good, "bailiwick:services": JSON.stringify(list) });
  const shop = { name: "shop", key: "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", scopes: ["check"] };

  it("are none unless they are named", () => {
    expect(parseRegionConfig("eu", good).services).toEqual([]);
    expect(parseRegionConfig("eu", services([shop])).services).toEqual([shop]);
  });

  it("can have every scope that the preference service knows, and no other", () => {
    expect(stackScopes).toEqual(serviceScopes);
    expect(refusal("eu", services([{ ...shop, scopes: ["everything"] }]))).toContain("bailiwick:services.0.scopes.0");
    expect(refusal("eu", services([{ ...shop, key: "secret" }]))).toContain("expected a public key in PEM");
  });
});

describe("a whole configuration", () => {
  it("is taken, with the defaults of what it does not say", () => {
    expect(parseRegionConfig("eu", good)).toMatchObject({
      jurisdiction: "eu",
      lifecycle: "durable",
      releases: {},
      database: { tier: "db-custom-2-7680", availability: "REGIONAL" },
      instances: { min: 1, max: 20 },
      aws: { accountId: "123456789012" },
    });
  });

  it("gives the defaults of an object's keys that it leaves out", () => {
    const config = parseRegionConfig("eu", { ...good, "bailiwick:instances": '{"max": 3}' });
    expect(config.instances).toEqual({ min: 1, max: 3 });
  });

  it("of global has no jurisdiction", () => {
    expect(parseGlobalConfig("global", without("bailiwick:jurisdiction")).domain).toBe("brand.example");
    expect(() => parseGlobalConfig("global", good)).toThrow(
      /bailiwick:jurisdiction: there is no such key; allowed: aws, cloudflare, domain/,
    );
  });

  it("may hold keys of other namespaces, which are not ours to judge", () => {
    expect(parseRegionConfig("eu", { ...good, "pulumi:disable-default-providers": '["*"]', "gcp:project": "x" }).jurisdiction).toBe("eu");
  });
});

describe("mistakes", () => {
  it("are told all at once: two wrong keys and a missing one", () => {
    const message = refusal("eu", {
      ...without("bailiwick:domain"),
      "bailiwick:domian": "brand.example",
      "bailiwick:jurisdiction": "mars",
    });
    expect(message).toBe(
      [
        'the configuration of stack "eu" has 3 errors:',
        "  bailiwick:domain: is missing; expected a value of type string",
        `  bailiwick:jurisdiction: "mars" is not allowed; expected one of ${jurisdictions.join(", ")}`,
        "  bailiwick:domian: there is no such key; allowed: alerts, aws, cloudflare, database, domain, gcp, instances, jurisdiction, lifecycle, origin, phase, releases, services, watches",
        "Mend them in stacks/Pulumi.eu.yaml.",
      ].join("\n"),
    );
  });

  it("inside an object are named by their path, with the bad value", () => {
    const message = refusal("eu", {
      ...good,
      "bailiwick:gcp": '{"project": "B"}',
      "bailiwick:cloudflare": '{"accountId": "short", "zoneId": "fedcba9876543210fedcba9876543210", "zone": 1}',
    });
    expect(message).toContain("has 3 errors");
    expect(message).toContain('bailiwick:gcp.project: "B" is not allowed; expected a Google Cloud project id');
    expect(message).toContain('bailiwick:cloudflare.accountId: "short" is not allowed; expected 32 hexadecimal digits');
    expect(message).toContain("bailiwick:cloudflare.zone: there is no such key; allowed: accountId, zoneId");
  });

  it.each([
    ["bailiwick:releases", { sites: [] }, "bailiwick:releases.sites: there is no such key; allowed: preferences, site"],
    [
      "bailiwick:releases",
      { site: [{ digest: digest("a"), percentage: 100, percent: 1 }] },
      "bailiwick:releases.site.0.percent: there is no such key; allowed: digest, percentage",
    ],
    ["bailiwick:database", { size: 1 }, "bailiwick:database.size: there is no such key; allowed: availability, tier"],
  ])("of a key that no object has there name those it may have: %s %j", (key, value, says) => {
    expect(refusal("eu", { ...good, [key]: JSON.stringify(value) })).toContain(says);
  });

  it("in an object that is no JSON are told like any other", () => {
    expect(refusal("eu", { ...good, "bailiwick:aws": "{accountId" })).toContain('bailiwick:aws: "{accountId" is not allowed');
  });

  it("of a stack that stands for another region name both and what to do", () => {
    const message = refusal("us", good);
    expect(message).toContain('stack "us" has bailiwick:jurisdiction: eu');
    expect(message).toContain('the region "eu"');
    expect(message).toContain("stacks/residency.ts");
  });
});

describe("releases", () => {
  it("are one or two digests whose percentages add up to 100", () => {
    const shares = [
      { digest: digest("a"), percentage: 90.01 },
      { digest: digest("b"), percentage: 9.99 },
    ];
    expect(parseRegionConfig("eu", releases(...shares)).releases.site).toEqual(shares);
    expect(parseRegionConfig("eu", releases({ digest: digest("a"), percentage: 100 })).releases.site).toHaveLength(1);
  });

  it.each([
    ["add up to 99", [50, 49]],
    ["add up to more", [60, 50]],
    ["leave a lone one with less than all", [10]],
    ["give nothing to one", [100, 0]],
    ["are three", [40, 30, 30]],
    ["are none", []],
  ])("are refused when they %s", (_what, percentages) => {
    expect(refusal("eu", releases(...percentages.map((percentage, i) => ({ digest: digest(String(i)), percentage }))))).toContain(
      "bailiwick:releases.site",
    );
  });

  it("are named by digest, never by tag or version", () => {
    expect(refusal("eu", releases({ digest: "v2", percentage: 100 }))).toMatch(
      /releases\.site\.0\.digest: "v2" is not allowed; expected a digest/,
    );
  });
});
