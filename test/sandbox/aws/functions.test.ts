import { afterAll, beforeAll, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Account } from "./fixture.ts";

const account = new Account("eu-central-1");
beforeAll(() => account.start());
afterAll(() => account.purge());

async function call(name: string, args: Properties = {}): Promise<Properties> {
  const found = account.aws.functions.find(({ token }) => token.endsWith(`:${name}`));
  if (!found) throw new Error(`no such function: ${name}`);
  return found.call(account.context(), args);
}

test("the caller is the deployer of an account that stays the same", async () => {
  const first = await call("getCallerIdentity");
  expect(first).toEqual({
    id: account.aws.account,
    accountId: expect.stringMatching(/^\d{12}$/),
    arn: `arn:aws:iam::${account.aws.account}:user/deployer`,
    userId: expect.stringMatching(/^AIDA[0-9A-F]{16}$/),
  });
  expect(await call("getCallerIdentity")).toEqual(first);
});

test("a provider speaks to the account that it allows, and what it makes is of that account", async () => {
  const account = new Account("eu-central-1", { allowedAccountIds: ["111122223333"] });
  await account.start();
  try {
    const identity = account.aws.functions.find(({ token }) => token.endsWith(":getCallerIdentity"));
    expect(await identity?.call(account.context(), {})).toMatchObject({
      accountId: "111122223333",
      arn: "arn:aws:iam::111122223333:user/deployer",
    });
    const service = { Service: "logs.eu-central-1.amazonaws.com" };
    const logs = (id: string) => ({ ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:eu-central-1:${id}:*` } });
    const key = (id: string) =>
      account.create("kms/key:Key", {
        policy: JSON.stringify({
          Statement: [{ Effect: "Allow", Principal: service, Action: "kms:*", Resource: "*", Condition: logs(id) }],
        }),
      });
    const [own, foreign] = [await key("111122223333"), await key("444455556666")];
    expect(own.state.arn).toContain(":111122223333:key/");
    const group = (name: string, of: { state: Properties }) =>
      account.create("cloudwatch/logGroup:LogGroup", { name, kmsKeyId: String(of.state.arn) });
    expect((await group("own", own)).state.arn).toBe("arn:aws:logs:eu-central-1:111122223333:log-group:own");
    await expect(group("foreign", foreign)).rejects.toThrow(/is not allowed to be used with Arn 'arn:aws:logs:eu-central-1:111122223333:/);
  } finally {
    await account.purge();
  }
});

test("the region is the provider's unless another is asked for, and must be one of AWS", async () => {
  expect(await call("getRegion")).toMatchObject({ region: "eu-central-1", id: "eu-central-1" });
  expect(await call("getRegion", { region: "us-west-2" })).toMatchObject({ region: "us-west-2" });
  await expect(call("getRegion", { region: "europe-west3" })).rejects.toThrow(/Invalid AWS Region: europe-west3\. Known here: us-east-1/);
});

test("a password for the registry is that of its user, good for twelve hours", async () => {
  const token = await call("getAuthorizationToken", { region: "us-east-1" });
  expect(token).toMatchObject({ userName: "AWS", proxyEndpoint: `https://${account.aws.account}.dkr.ecr.us-east-1.amazonaws.com` });
  expect(Buffer.from(String(token.authorizationToken), "base64").toString()).toBe(`AWS:${token.password}`);
  expect(Date.parse(String(token.expiresAt)) - Date.now()).toBeGreaterThan(11.9 * 3_600_000);
});

test("a policy document is written as the provider writes it", async () => {
  const { json, minifiedJson } = await call("getPolicyDocument", {
    statements: [
      {
        sid: "Read",
        actions: ["s3:GetObject"],
        resources: ["arn:aws:s3:::b/*", "arn:aws:s3:::a/*"],
        principals: [{ type: "AWS", identifiers: ["arn:aws:iam::123456789012:root"] }],
        conditions: [{ test: "StringEquals", variable: "aws:PrincipalOrgID", values: ["o-1"] }],
      },
      { effect: "Deny", notActions: ["sts:*"], resources: ["*"], principals: [{ type: "*", identifiers: ["*"] }] },
    ],
  });
  expect(JSON.parse(String(json))).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Read",
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: ["arn:aws:s3:::b/*", "arn:aws:s3:::a/*"],
        Principal: { AWS: "arn:aws:iam::123456789012:root" },
        Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
      },
      { Effect: "Deny", NotAction: "sts:*", Resource: "*", Principal: "*" },
    ],
  });
  expect(JSON.parse(String(minifiedJson))).toEqual(JSON.parse(String(json)));
  await expect(call("getPolicyDocument", { sourcePolicyDocuments: ["{}"] })).rejects.toThrow(/sourcePolicyDocuments: merging/);
});
