import { describe, expect, it } from "vitest";
import { deletionProtection } from "../../../policies/rules/recoverability/deletion-protection.ts";
import { context, judged, problems, UNKNOWN } from "../judging.ts";

const sql = "gcp:sql/databaseInstance:DatabaseInstance";
const unprotected = "the resource option protect is not set";

describe("compliant", () => {
  it.each([
    ["a database with both protections", { type: sql, protect: true, props: { settings: { deletionProtectionEnabled: true } } }],
    ["a service, by its provider's default", { type: "gcp:cloudrunv2/service:Service", props: {} }],
    ["a bucket that is not emptied", { type: "aws:s3/bucket:Bucket", protect: true, props: { forceDestroy: false } }],
    ["a table", { type: "aws:dynamodb/table:Table", protect: true, props: { deletionProtectionEnabled: true } }],
    ["a key", { type: "gcp:kms/cryptoKey:CryptoKey", protect: true }],
    ["a store of public data, which can be published again", { type: "aws:sqs/queue:Queue", props: { tags: { "data-class": "public" } } }],
    [
      "a script that binds another script's objects",
      {
        type: "cloudflare:index/workersScript:WorkersScript",
        props: { scriptName: "a", bindings: [{ type: "durable_object_namespace", scriptName: "b" }] },
      },
    ],
  ])("%s", (_name, it_) => {
    expect(["compliant", "notApplicable"]).toContain(judged(deletionProtection, it_));
  });
});

describe("refused", () => {
  it.each([
    [
      "a database without Google's protection",
      { type: sql, protect: true, props: { deletionProtection: true } },
      ["settings.deletionProtectionEnabled is not set, which means false"],
    ],
    ["a database without Pulumi's", { type: sql, props: { settings: { deletionProtectionEnabled: true } } }, [unprotected]],
    [
      "a database whose protection is off",
      { type: sql, protect: true, props: { deletionProtection: false, settings: { deletionProtectionEnabled: true } } },
      ["deletionProtection is false"],
    ],
    [
      "a service whose protection is off",
      { type: "gcp:cloudrunv2/service:Service", props: { deletionProtection: false } },
      ["deletionProtection is false"],
    ],
    [
      "a bucket that is emptied",
      { type: "gcp:storage/bucket:Bucket", protect: true, props: { forceDestroy: true } },
      ["forceDestroy is true"],
    ],
    [
      "a secret, which Google does not protect by itself",
      { type: "gcp:secretmanager/secret:Secret", protect: true },
      ["deletionProtection is not set, which means false"],
    ],
    [
      "a secret that is gone at once",
      { type: "aws:secretsmanager/secret:Secret", protect: true, props: { recoveryWindowInDays: 0 } },
      ["recoveryWindowInDays is 0"],
    ],
    [
      "a database of AWS without a last snapshot",
      { type: "aws:rds/instance:Instance", protect: true, props: { deletionProtection: true, skipFinalSnapshot: true } },
      ["skipFinalSnapshot is true"],
    ],
    [
      "a Firestore database",
      { type: "gcp:firestore/database:Database", protect: true },
      ["deleteProtectionState is not set, which means DELETE_PROTECTION_STATE_UNSPECIFIED"],
    ],
    ["an encryption key", { type: "aws:kms/key:Key" }, [unprotected]],
    ["a bucket of Cloudflare's", { type: "cloudflare:index/r2Bucket:R2Bucket" }, [unprotected]],
    [
      "a script that owns objects",
      { type: "cloudflare:index/workersScript:WorkersScript", props: { migrations: { newSqliteClasses: ["Subject"] } } },
      [unprotected],
    ],
    [
      "a script that binds its own objects",
      {
        type: "cloudflare:index/workersScript:WorkersScript",
        props: { bindings: [{ type: "durable_object_namespace", className: "Subject" }] },
      },
      [unprotected],
    ],
  ])("%s", (_name, it_, expected) => {
    expect(problems(judged(deletionProtection, it_))).toEqual(expected);
  });
});

it("knows a script's own objects also where the binding names the script itself", () => {
  const bindings = [{ type: "durable_object_namespace", className: "Subject", scriptName: "subjects" }];
  const script = { type: "cloudflare:index/workersScript:WorkersScript", props: { scriptName: "subjects", bindings } };
  expect(problems(judged(deletionProtection, script))).toEqual([unprotected]);
});

it("does not apply to what can be made again, nor to an ephemeral stack", () => {
  expect(judged(deletionProtection, { type: "gcp:compute/network:Network" })).toBe("notApplicable");
  const ephemeral = context("eu", { "bailiwick:lifecycle": "ephemeral" });
  expect(judged(deletionProtection, { type: sql, props: { deletionProtection: false } }, ephemeral)).toBe("notApplicable");
  expect(
    problems(
      judged(
        deletionProtection,
        { type: sql, props: { deletionProtection: false } },
        context("eu", { "bailiwick:lifecycle": "Ephemeral!" }),
      ),
    ),
  ).not.toEqual(["notApplicable"]);
});

it("is undecided where a protection is unknown", () => {
  expect(problems(judged(deletionProtection, { type: "gcp:cloudrunv2/service:Service", props: { deletionProtection: UNKNOWN } }))).toEqual([
    "undecided: deletionProtection",
  ]);
});
