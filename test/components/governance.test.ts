import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { describe, expect, it } from "vitest";
import { GovernancePlane, type GovernancePlaneArgs } from "../../components/governance/governance-plane.ts";
import { GovernanceService, type GovernanceServiceArgs } from "../../components/governance/governance-service.ts";
import { part, run } from "./program.ts";

const image = (digit: string) => `europe-west3-docker.pkg.dev/p/r/preferences@sha256:${digit.repeat(64)}`;
const account = (name: string) => new Account(name, { accountId: name });
const service = (args: Partial<GovernanceServiceArgs> = {}): GovernanceServiceArgs => ({
  project: "brand-eu",
  jurisdiction: "eu",
  lifecycle: "durable",
  dataClass: "personal",
  service: "preferences",
  origin: "https://services-eu.brand.example",
  account: account("preferences"),
  releases: [{ image: image("a"), tag: "a", percentage: 100 }],
  environment: { REGION: "eu" },
  secrets: { TOKEN_KEY: "top secret" },
  key: "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k",
  database: { connectionName: "brand-eu:europe-west3:bailiwick-eu" },
  migration: { account: account("migration"), environment: {} },
  subnetwork: { network: "n", subnetwork: "s" },
  instances: { min: 1, max: 20 },
  dependsOn: [],
  ...args,
});

interface Template {
  readonly revision?: string;
  readonly containers: readonly { readonly image: string; readonly envs: readonly { readonly name: string; readonly value?: string }[] }[];
}

/** The revisions that a service is given, and those that get traffic. */
async function revisions(args: Partial<GovernanceServiceArgs>) {
  const { made } = await run(() => new GovernanceService("it", service(args)));
  const { template, traffics } = part(made, "it-service").inputs as {
    template: Template;
    traffics: { revision: string; percent: number }[];
  };
  return { template, traffics };
}

describe("GovernanceService", () => {
  it("lists all that is wrong with its arguments in one message", async () => {
    await run(() => {
      const wrong = { service: "Prefs!", instances: { min: 5, max: 2 }, releases: [{ image: image("a"), tag: "a", percentage: 12.5 }] };
      expect(() => new GovernanceService("it", service(wrong))).toThrow(
        [
          'GovernanceService "it" cannot be made:',
          '  - service "Prefs!": 2 to 40 lower-case letters, digits and hyphens are allowed',
          "  - its releases get 12.5 % of the traffic; together they must get 100 %",
          "  - Cloud Run splits traffic in whole percents only",
          "  - instances.min 5 is more than instances.max 2",
        ].join("\n"),
      );
    });
  });

  it("keeps its secrets in the region, under the region's key, and names them by the service", async () => {
    const { made } = await run(() => new GovernanceService("it", service()));
    expect(part(made, "it-token-key").inputs).toMatchObject({
      secretId: "preferences-token-key",
      replication: {
        userManaged: { replicas: [{ location: "europe-west3", customerManagedEncryption: { kmsKeyName: service().key } }] },
      },
    });
    // The value is in Secret Manager only, and not among the service's plain variables.
    expect(JSON.stringify(part(made, "it-service").inputs)).not.toContain("top secret");
  });

  it("names a revision by its whole template: the same again for the same, another for any change", async () => {
    const first = await revisions({});
    const again = await revisions({});
    const other = await revisions({ environment: { REGION: "eu", MORE: "1" } });
    expect(first.template.revision).toMatch(/^preferences-[0-9a-f]{10}$/);
    expect(again.template.revision).toBe(first.template.revision);
    expect(other.template.revision).not.toBe(first.template.revision);
  });

  it("splits traffic by revision, and going back finds the older revision's name", async () => {
    const [older, newer] = [
      { image: image("a"), tag: "a", percentage: 50 },
      { image: image("b"), tag: "b", percentage: 50 },
    ] as const;
    const split = await revisions({ releases: [older, newer] });
    expect(split.traffics.map(({ percent }) => percent)).toEqual([50, 50]);
    expect(split.template.containers[0]?.image).toBe(image("b"));
    expect(split.template.revision).toBe(split.traffics[1]?.revision);
    const back = await revisions({ releases: [{ ...older, percentage: 100 }] });
    expect(back.template.revision).toBe(split.traffics[0]?.revision);
  });

  it("is reached through load balancers only, and asks its callers for tokens that name its origin", async () => {
    const { made } = await run(() => new GovernanceService("it", service()));
    const { ingress, invokerIamDisabled, template } = part(made, "it-service").inputs as {
      ingress: string;
      invokerIamDisabled: boolean;
      template: Template;
    };
    expect({ ingress, invokerIamDisabled }).toEqual({ ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", invokerIamDisabled: true });
    expect(template.containers[0]?.envs).toContainEqual({ name: "AUDIENCE", value: "https://services-eu.brand.example" });
  });

  it("lets the service and its job be transformed", async () => {
    const { made } = await run(
      () =>
        new GovernanceService(
          "it",
          service({
            transform: {
              service: (args, options) => ({ args: { ...args, description: "by hand" }, options }),
              job: (args) => {
                args.launchStage = "GA";
                return undefined;
              },
            },
          }),
        ),
    );
    expect(part(made, "it-service").inputs).toMatchObject({ name: "preferences", description: "by hand" });
    expect(part(made, "it-migration").inputs).toMatchObject({ name: "preferences-migration", launchStage: "GA" });
  });
});

describe("GovernancePlane", () => {
  it("has a spool exactly where the edge can pin no queue", async () => {
    const plane = (args: Partial<GovernancePlaneArgs>) => new GovernancePlane("it", args as GovernancePlaneArgs);
    await run(() => {
      expect(() => plane({ jurisdiction: "sg" })).toThrow('jurisdiction "sg" can pin no queue at the edge: give `spool`');
      expect(() => plane({ jurisdiction: "eu", spool: service().releases })).toThrow('jurisdiction "eu" pins queues at the edge');
    });
  });
});
