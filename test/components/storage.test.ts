import { describe, expect, it } from "vitest";
import { RegionKeys } from "../../components/storage/region-keys.ts";
import { ResidentBucket, type ResidentBucketArgs } from "../../components/storage/resident-bucket.ts";
import { loginOf, ResidentDatabase } from "../../components/storage/resident-database.ts";
import { clouds, dataClasses, jurisdictions, placesFor, residencyOf } from "../../stacks/residency.ts";
import { known, part, run } from "./program.ts";

const bucket = (args: Partial<ResidentBucketArgs> = {}): ResidentBucketArgs => ({
  cloud: "gcp",
  jurisdiction: "eu",
  dataClass: "personal",
  lifecycle: "durable",
  bucket: "brand-exports",
  project: "brand-eu",
  accountId: "0123456789abcdef0123456789abcdef",
  key: "the-key",
  ...args,
});

describe("ResidentBucket", () => {
  it("lists all that is wrong with its arguments in one message", async () => {
    await run(() => {
      expect(() => new ResidentBucket("b", bucket({ project: undefined, key: undefined }))).toThrow(
        'ResidentBucket "b" cannot be made:\n  - a Cloud Storage bucket needs `project`\n  - a bucket in gcp needs the region\'s `key`',
      );
    });
  });

  it("is made exactly where the residency map has a place for its class, and says where else it could be", async () => {
    for (const jurisdiction of jurisdictions)
      for (const dataClass of dataClasses)
        for (const cloud of clouds) {
          const allowed = placesFor(jurisdiction, dataClass).some((place) => place.cloud === cloud);
          const { made } = await run(() => {
            const make = () => new ResidentBucket("b", bucket({ jurisdiction, dataClass, cloud }));
            if (allowed) make();
            else
              expect(make).toThrow(
                `${cloud} has no place for ${dataClass} data of "${jurisdiction}" (${residencyOf(jurisdiction).law}); allowed are gcp, aws`,
              );
          });
          expect(
            made.some(({ name }) => name === "b-bucket"),
            `${cloud} ${jurisdiction} ${dataClass}`,
          ).toBe(allowed);
        }
  });

  it("pins R2 to the jurisdiction where Cloudflare can", async () => {
    const pinned = await run(() => new ResidentBucket("b", bucket({ cloud: "cloudflare" })));
    expect(part(pinned.made, "b-bucket").inputs.jurisdiction).toBe("eu");
    const open = await run(() => new ResidentBucket("b", bucket({ cloud: "cloudflare", jurisdiction: "sg", dataClass: "public" })));
    expect(part(open.made, "b-bucket").inputs).not.toHaveProperty("jurisdiction");
  });

  it("keeps nothing of persons that was erased, and gives the rest a week of grace", async () => {
    const retention = async (dataClass: ResidentBucketArgs["dataClass"]) => {
      const { made } = await run(() => new ResidentBucket("b", bucket({ dataClass })));
      return (part(made, "b-bucket").inputs.softDeletePolicy as { retentionDurationSeconds: number }).retentionDurationSeconds;
    };
    for (const dataClass of ["pseudonymous", "personal", "sensitive"] as const) expect(await retention(dataClass)).toBe(0);
    expect(await retention("operational")).toBe(604_800);
  });

  it("keeps what it got for as long as its contract says, and its superseded versions for a month beyond that", async () => {
    const gcp = await run(() => new ResidentBucket("b", bucket({ keptDays: 400 })));
    expect(part(gcp.made, "b-bucket").inputs.lifecycleRules).toEqual([
      { action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 30, withState: "ARCHIVED" } },
      { action: { type: "Delete" }, condition: { age: 400, withState: "LIVE" } },
    ]);
    const aws = await run(() => new ResidentBucket("b", bucket({ cloud: "aws", keptDays: 400 })));
    expect(part(aws.made, "b-lifecycle").inputs.rules).toMatchObject([
      { id: "noncurrent", noncurrentVersionExpiration: { noncurrentDays: 30 } },
      { id: "kept", status: "Enabled", filter: {}, expiration: { days: 400 } },
    ]);
    const forever = await run(() => new ResidentBucket("b", bucket({ cloud: "aws" })));
    expect(part(forever.made, "b-lifecycle").inputs.rules).toHaveLength(1);
  });

  it("refuses to keep for no time, and to promise an end that it does not bring about", async () => {
    await run(() => {
      expect(() => new ResidentBucket("b", bucket({ keptDays: 0 }))).toThrow("keptDays 0: 1 or more is allowed");
      expect(() => new ResidentBucket("b", bucket({ cloud: "cloudflare", keptDays: 9 }))).toThrow("`keptDays` is for `gcp` and `aws`");
    });
  });

  it("in Cloud Storage is locked where it holds audit data, for as long as the map says, unless it is ephemeral", async () => {
    const retention = async (args: Partial<ResidentBucketArgs>) =>
      part((await run(() => new ResidentBucket("b", bucket(args)))).made, "b-bucket").inputs.retentionPolicy;
    expect(await retention({ dataClass: "audit" })).toEqual({
      isLocked: true,
      retentionPeriod: String(residencyOf("eu").auditRetention.days * 86_400),
    });
    expect(await retention({ dataClass: "audit", lifecycle: "ephemeral" })).toBeUndefined();
    expect(await retention({})).toBeUndefined();
  });

  it("may be emptied by a destroy only when it is ephemeral", async () => {
    for (const lifecycle of ["durable", "ephemeral"] as const)
      for (const cloud of ["gcp", "aws"] as const) {
        const { made } = await run(() => new ResidentBucket("b", bucket({ lifecycle, cloud })));
        expect(part(made, "b-bucket").inputs.forceDestroy, `${cloud} ${lifecycle}`).toBe(lifecycle === "ephemeral");
      }
  });

  it("in S3 answers over TLS only and to nobody in public", async () => {
    const { made } = await run(() => new ResidentBucket("b", bucket({ cloud: "aws" })));
    expect(part(made, "b-public-access").inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const { Statement } = JSON.parse(part(made, "b-policy").inputs.policy as string) as { Statement: unknown[] };
    expect(Statement).toMatchObject([{ Effect: "Deny", Principal: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } }]);
  });

  it("lets the bucket of each cloud be transformed", async () => {
    const { made } = await run(
      () =>
        new ResidentBucket(
          "b",
          bucket({ transform: { gcs: { bucket: (args, options) => ({ args: { ...args, requesterPays: true }, options }) } } }),
        ),
    );
    expect(part(made, "b-bucket").inputs).toMatchObject({ name: "brand-exports", requesterPays: true });
  });
});

it("a service account logs in without the domain that PostgreSQL has no room for", async () => {
  expect(await known(loginOf("preferences@brand-eu.iam.gserviceaccount.com"))).toBe("preferences@brand-eu.iam");
});

describe("what is ephemeral", () => {
  const [project, jurisdiction] = ["brand-eu", "eu"] as const;
  const key = (lifecycle: "durable" | "ephemeral") =>
    run(() => new RegionKeys("keys", { project, jurisdiction, lifecycle, awsAccountId: "123456789012", dependsOn: [] }));
  const database = (lifecycle: "durable" | "ephemeral") =>
    run(
      () =>
        new ResidentDatabase("db", {
          project,
          jurisdiction,
          lifecycle,
          tier: "db-custom-2-7680",
          availability: "ZONAL",
          network: "n",
          key: "k",
          dependsOn: [],
          users: {},
        }),
    );

  it("takes no name that stays taken when it is gone: it will come again", async () => {
    expect(part((await key("durable")).made, "keys-ring").inputs.name).toBe("bailiwick-eu-1");
    expect(part((await key("ephemeral")).made, "keys-ring").inputs).not.toHaveProperty("name");
    expect(part((await database("durable")).made, "db-instance").inputs.name).toBe("bailiwick-eu");
    expect(part((await database("ephemeral")).made, "db-instance").inputs).not.toHaveProperty("name");
  });
});
