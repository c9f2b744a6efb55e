import { describe, expect, it } from "vitest";
import { AuditVault, type AuditVaultArgs } from "../../components/storage/audit-vault.ts";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { part, run } from "./program.ts";

const vault = (args: Partial<AuditVaultArgs> = {}): AuditVaultArgs => ({
  jurisdiction: "eu",
  lifecycle: "durable",
  bucket: "brand-audit",
  awsAccountId: "123456789012",
  writer: "100000000000000000001",
  ...args,
});

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: unknown;
  readonly Principal: unknown;
  readonly Condition?: unknown;
}
const statements = (policy: unknown) => (JSON.parse(policy as string) as { Statement: Statement[] }).Statement;
const statement = (policy: unknown, sid: string) => statements(policy).find(({ Sid }) => Sid === sid);

describe("AuditVault", () => {
  it("locks in compliance mode for as long as the jurisdiction's law asks", async () => {
    for (const jurisdiction of jurisdictions) {
      const { made } = await run(() => new AuditVault("v", vault({ jurisdiction })));
      expect(part(made, "v-bucket").inputs).toMatchObject({ objectLockEnabled: true, forceDestroy: false });
      expect(part(made, "v-lock").inputs.rule).toEqual({
        defaultRetention: { mode: "COMPLIANCE", days: residencyOf(jurisdiction).auditRetention.days },
      });
    }
  });

  it("lets go of its entries when they are free", async () => {
    const { made } = await run(() => new AuditVault("v", vault()));
    const days = residencyOf("eu").auditRetention.days;
    expect(part(made, "v-lifecycle").inputs.rules).toMatchObject([
      { abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } },
      { expiration: { days: days + 1 }, noncurrentVersionExpiration: { noncurrentDays: 1 } },
    ]);
  });

  it("can be emptied by a destroy only where it is ephemeral", async () => {
    const { made } = await run(() => new AuditVault("v", vault({ lifecycle: "ephemeral" })));
    expect(part(made, "v-bucket").inputs.forceDestroy).toBe(true);
    expect(part(made, "v-lock").inputs.rule).toEqual({ defaultRetention: { mode: "GOVERNANCE", days: 1 } });
  });

  it("gives its key to the account's administrators and its writer, and to nobody else", async () => {
    const { made } = await run(() => new AuditVault("v", vault()));
    expect(part(made, "v-key").inputs).toMatchObject({ enableKeyRotation: true, multiRegion: false });
    expect(statements(part(made, "v-key").inputs.policy).map(({ Principal, Action }) => [Principal, Action])).toEqual([
      [{ AWS: "arn:aws:iam::123456789012:root" }, "kms:*"],
      [{ AWS: "arn:aws:iam::123456789012:role/bailiwick-audit-writer-eu" }, ["kms:GenerateDataKey", "kms:Decrypt"]],
    ]);
  });

  it("trusts one Google service account by its number, and lets it append only", async () => {
    const { made } = await run(() => new AuditVault("v", vault()));
    const id = "100000000000000000001";
    expect(statements(part(made, "v-writer").inputs.assumeRolePolicy)).toMatchObject([
      {
        Principal: { Federated: "accounts.google.com" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "accounts.google.com:aud": id,
            "accounts.google.com:sub": id,
            "accounts.google.com:oaud": "sts.amazonaws.com/123456789012",
          },
        },
      },
    ]);
    const actions = statements(part(made, "v-writer-policy").inputs.policy).flatMap(({ Action }) => Action);
    expect(actions).toEqual(["s3:PutObject", "s3:AbortMultipartUpload", "kms:GenerateDataKey", "kms:Decrypt"]);
  });

  it("refuses what is not over TLS, under another key, or locked for less", async () => {
    const { made } = await run(() => new AuditVault("v", vault()));
    const { policy } = part(made, "v-policy").inputs;
    expect(new Set(statements(policy).map(({ Effect }) => Effect))).toEqual(new Set(["Deny"]));
    expect(statement(policy, "OnlyOverTls")?.Condition).toEqual({ Bool: { "aws:SecureTransport": "false" } });
    const header = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    expect(statement(policy, "OnlyUnderThisKey")?.Condition).toEqual({
      StringNotEquals: { [header]: "arn:aws:test:::v-key" },
      Null: { [header]: "false" },
    });
    const days = String(residencyOf("eu").auditRetention.days - 1);
    expect(statement(policy, "OnlyLockedAsLong")?.Condition).toEqual({
      NumericLessThan: { "s3:object-lock-remaining-retention-days": days },
    });
  });

  it("says what is wrong with its arguments", async () => {
    await run(() => {
      expect(() => new AuditVault("v", vault({ awsAccountId: "12" }))).toThrow('awsAccountId "12" is no AWS account: twelve digits');
    });
  });

  it("lets its children be transformed", async () => {
    const { made } = await run(
      () =>
        new AuditVault("v", vault({ transform: { key: (args, options) => ({ args: { ...args, deletionWindowInDays: 7 }, options }) } })),
    );
    expect(part(made, "v-key").inputs).toMatchObject({ deletionWindowInDays: 7 });
  });
});
