import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identitySays, resourceSays } from "../../../sandbox/clouds/aws/iam-evaluation.ts";
import { Tokens } from "../../../sandbox/clouds/gcp/tokens.ts";
import { texts } from "../../../sandbox/runtimes/s3/xml.ts";
import { allow, policy, region, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.end());

const anyone = { Principal: { AWS: "*" }, Action: "sts:AssumeRole" };
const put = (s3: S3Client, Bucket: string, more: object = {}) => s3.send(new PutObjectCommand({ Bucket, Key: "a/b", Body: "x", ...more }));
const get = (s3: S3Client, Bucket: string) => s3.send(new GetObjectCommand({ Bucket, Key: "a/b" }));

describe("S3 answers a role by its policies", () => {
  test("and refuses what no statement allows, in AWS's words", async () => {
    await world.create("s3/bucket:Bucket", { bucket: "by-role" });
    await world.role("reader", anyone, allow("s3:GetObject", "arn:aws:s3:::by-role/*"));
    const s3 = world.s3(world.session("reader"));
    await expect(put(s3, "by-role")).rejects.toMatchObject({
      name: "AccessDenied",
      message: `User: ${world.session("reader")} is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::by-role/a/b" because no identity-based policy allows the s3:PutObject action`,
      $metadata: { httpStatusCode: 403 },
    });
    const writer = await world.create("iam/rolePolicy:RolePolicy", {
      role: "reader",
      policy: policy(allow("s3:Put*", "arn:aws:s3:::by-role/a/*")),
    });
    await put(s3, "by-role");
    expect(await (await get(s3, "by-role")).Body?.transformToString()).toBe("x");
    await writer.remove();
    await expect(put(s3, "by-role")).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test("and by the bucket's, which may let in and may refuse anyone", async () => {
    await world.create("s3/bucket:Bucket", { bucket: "by-bucket" });
    const role = await world.role("guest", anyone);
    const s3 = world.s3(world.session("guest"));
    await expect(put(s3, "by-bucket")).rejects.toMatchObject({ name: "AccessDenied" });
    const resource = "arn:aws:s3:::by-bucket/*";
    const lets = { ...allow("s3:PutObject", resource), Principal: { AWS: String(role.state.arn) } };
    const made = await world.create("s3/bucketPolicy:BucketPolicy", { bucket: "by-bucket", policy: policy(lets) });
    await put(s3, "by-bucket");
    const condition = { StringNotEquals: { "s3:x-amz-storage-class": "STANDARD_IA" } };
    const denies = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: resource, Condition: condition };
    await made.update({ policy: policy(lets, denies) });
    await expect(put(s3, "by-bucket")).rejects.toMatchObject({
      message: expect.stringMatching(/with an explicit deny in a resource-based policy$/),
    });
    await expect(put(world.s3(world.aws.deployer), "by-bucket"), "even the deployer").rejects.toMatchObject({ name: "AccessDenied" });
    await put(s3, "by-bucket", { StorageClass: "STANDARD_IA" });
  });

  test("and nobody whose role is gone", async () => {
    await world.create("s3/bucket:Bucket", { bucket: "of-nobody" });
    await expect(get(world.s3(world.session("never-made")), "of-nobody")).rejects.toMatchObject({ name: "AccessDenied" });
  });
});

describe("a key is used by whom its policy and the role's own let", () => {
  const key = async (...statements: Parameters<typeof policy>) => {
    const made = await world.create("kms/key:Key", statements.length > 0 ? { policy: policy(...statements) } : {});
    return { made, arn: String(made.state.arn) };
  };
  const encrypted = async (bucket: string, kmsMasterKeyId: string) => {
    await world.create("s3/bucket:Bucket", { bucket });
    await world.create("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", {
      bucket,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId }, bucketKeyEnabled: true }],
    });
  };

  test("where the key leaves it to the account: one right to write, another to read", async () => {
    const { arn } = await key();
    await encrypted("left-to-account", arn);
    await world.role("sealer", anyone, allow("s3:*", "arn:aws:s3:::left-to-account/*"));
    const s3 = world.s3(world.session("sealer"));
    await expect(put(s3, "left-to-account")).rejects.toMatchObject({
      message: `User: ${world.session("sealer")} is not authorized to perform: kms:GenerateDataKey on resource: "${arn}" because no identity-based policy allows the kms:GenerateDataKey action`,
    });
    await world.create("iam/rolePolicy:RolePolicy", { role: "sealer", policy: policy(allow("kms:GenerateDataKey", arn)) });
    await put(s3, "left-to-account");
    await expect(get(s3, "left-to-account")).rejects.toMatchObject({ message: expect.stringContaining("kms:Decrypt") });
    await world.create("iam/rolePolicy:RolePolicy", { role: "sealer", policy: policy(allow("kms:Decrypt", arn)) });
    await get(s3, "left-to-account");
  });

  test("where the key names one role, for one service: no other, whatever its own policies say", async () => {
    const [one, other] = [
      await world.role("one", anyone, allow("s3:*", "*")),
      await world.role("other", anyone, allow(["s3:*", "kms:*"], "*")),
    ];
    expect(other.id).toBe("other");
    const condition = {
      StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com`, "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::for-one" },
    };
    const named = { ...allow("kms:GenerateDataKey", "*"), Principal: { AWS: String(one.state.arn) }, Condition: condition };
    const { arn } = await key(named);
    await encrypted("for-one", arn);
    await put(world.s3(world.session("one")), "for-one");
    await expect(put(world.s3(world.session("other")), "for-one")).rejects.toMatchObject({
      message: expect.stringMatching(/because no resource-based policy allows the kms:GenerateDataKey action$/),
    });
  });

  test("also when it is asked directly", async () => {
    const { arn } = await key();
    await world.role("caller", anyone);
    const ask = () => world.call(world.session("caller"), "kms", "TrentService.GenerateDataKey", { KeyId: arn, KeySpec: "AES_256" });
    expect(await ask()).toMatchObject({ status: 400, body: { __type: "AccessDeniedException" } });
    await world.create("iam/rolePolicy:RolePolicy", { role: "caller", policy: policy(allow("kms:GenerateDataKey", arn)) });
    expect(await ask()).toMatchObject({ status: 200, body: { KeyId: arn, Plaintext: expect.any(String) } });
  });
});

describe("a Google service account becomes a role", () => {
  const account = { email: "preferences@brand.iam.gserviceaccount.com", uniqueId: "104812345678901234567" };
  const audience = "sts.amazonaws.com/brand";
  let tokens: Tokens;
  beforeAll(async () => {
    tokens = new Tokens(world.store);
    world.internet.register("accounts.google.com", () => Response.json({ jwks_uri: "https://www.googleapis.com/oauth2/v3/certs" }));
    world.internet.register("www.googleapis.com", () => Response.json(tokens.jwks()));
    const condition = {
      StringEquals: {
        "accounts.google.com:aud": account.uniqueId,
        "accounts.google.com:sub": account.uniqueId,
        "accounts.google.com:oaud": audience,
      },
    };
    const trusted = { Principal: { Federated: "accounts.google.com" }, Action: "sts:AssumeRoleWithWebIdentity", Condition: condition };
    await world.role("from-google", trusted, allow("s3:PutObject", "arn:aws:s3:::from-google/*"));
    await world.create("s3/bucket:Bucket", { bucket: "from-google" });
  });

  async function assume(token: string, more: Record<string, string> = {}) {
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: `arn:aws:iam::${world.aws.account}:role/from-google`,
      RoleSessionName: "preferences",
      WebIdentityToken: token,
      ...more,
    });
    const response = await world.fetch(`https://sts.${region}.amazonaws.com/`, { method: "POST", body });
    const xml = await response.text();
    const of = (name: string) => texts(xml, name)[0] ?? "";
    return { status: response.status, code: of("Code"), message: of("Message"), of };
  }

  test("with a token for the audience that was agreed, and may do what the role may", async () => {
    const { status, of } = await assume(tokens.idToken(account, audience));
    expect(status).toBe(200);
    expect(of("Arn")).toBe(`arn:aws:sts::${world.aws.account}:assumed-role/from-google/preferences`);
    expect(of("Audience")).toBe(account.uniqueId);
    const s3 = world.s3(of("Arn"));
    await put(s3, "from-google");
    await expect(get(s3, "from-google")).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test("and nobody with a token for others, of others, altered or expired", async () => {
    const denied = { status: 403, code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity" };
    expect(await assume(tokens.idToken(account, "https://elsewhere.example"))).toMatchObject(denied);
    expect(await assume(tokens.idToken({ ...account, uniqueId: "999" }, audience))).toMatchObject(denied);
    const [head, body, signature] = tokens.idToken(account, audience).split(".");
    const altered = JSON.parse(Buffer.from(body ?? "", "base64url").toString()) as object;
    const forged = [head, Buffer.from(JSON.stringify({ ...altered, email: "x" })).toString("base64url"), signature].join(".");
    expect(await assume(forged)).toMatchObject({ status: 400, code: "InvalidIdentityToken" });
    expect(await assume("no token")).toMatchObject({ status: 400, code: "InvalidIdentityToken" });
  });

  test("for no longer than the role allows", async () => {
    const token = tokens.idToken(account, audience);
    expect(await assume(token, { DurationSeconds: "7200" })).toMatchObject({
      code: "ValidationError",
      message: expect.stringContaining("MaxSessionDuration"),
    });
    const { of } = await assume(token, { DurationSeconds: "900" });
    expect(Date.parse(of("Expiration")) - Date.now()).toBeLessThanOrEqual(900_000);
  });
});

describe("IAM refuses", () => {
  test("documents that are none, and roles that still have policies", async () => {
    await expect(world.create("iam/role:Role", { assumeRolePolicy: "{" })).rejects.toThrow("contains an invalid JSON");
    const withResource = policy({ ...allow("sts:AssumeRole", "*"), Principal: "*" });
    await expect(world.create("iam/role:Role", { assumeRolePolicy: withResource })).rejects.toThrow("Has prohibited field Resource");
    await expect(world.create("iam/rolePolicy:RolePolicy", { role: "nobody", policy: policy(allow("*", "*")) })).rejects.toThrow(
      "NoSuchEntity",
    );
    const role = await world.role("kept", anyone);
    const made = await world.create("iam/policy:Policy", { name: "shared", policy: policy(allow("s3:*", "*")) });
    const attachment = await world.create("iam/rolePolicyAttachment:RolePolicyAttachment", { role: "kept", policyArn: made.id });
    await expect(role.remove()).rejects.toThrow("DeleteConflict");
    await expect(made.remove()).rejects.toThrow("DeleteConflict");
    await attachment.remove();
    await made.remove();
    await role.remove();
  });
});

describe("the evaluation of a policy", () => {
  const ask = {
    principal: { arn: "arn:aws:sts::1:assumed-role/r/s", roleArn: "arn:aws:iam::1:role/r", account: "1" },
    action: "s3:GetObject",
    resource: "arn:aws:s3:::b/k",
    context: { "aws:securetransport": "true" },
  };
  const says = (...statements: Parameters<typeof policy>) => identitySays([policy(...statements)], ask);

  test("puts a refusal before every permission, and silence before neither", () => {
    expect(says(allow("s3:*", "*"))).toBe("allow");
    expect(says(allow("s3:*", "*"), { Effect: "Deny", Action: "s3:get*", Resource: "*" })).toBe("deny");
    expect(says(allow("s3:PutObject", "*"))).toBe("none");
    expect(says({ Effect: "Allow", NotAction: "s3:PutObject", Resource: "arn:aws:s3:::b/?" })).toBe("allow");
  });

  test("holds conditions, and one that it does not know never opens and always closes", () => {
    const on = (Effect: string, Condition: object) => says({ Effect, Action: "*", Resource: "*", Condition: Condition as never });
    expect(on("Allow", { Bool: { "aws:SecureTransport": "true" } })).toBe("allow");
    expect(on("Allow", { StringEquals: { "aws:absent": "x" } })).toBe("none");
    expect(on("Allow", { StringEqualsIfExists: { "aws:absent": "x" } })).toBe("allow");
    expect(on("Deny", { StringNotEquals: { "aws:absent": "x" } })).toBe("deny");
    expect(on("Allow", { "ForAllValues:Strange": { "aws:absent": "x" } })).toBe("none");
    expect(on("Deny", { "ForAllValues:Strange": { "aws:absent": "x" } })).toBe("deny");
  });

  test("tells a principal that is named from an account that is", () => {
    const of = (AWS: string) => resourceSays(policy({ ...allow("*", "*"), Principal: { AWS } }), ask);
    expect([of("arn:aws:iam::1:role/r"), of("arn:aws:iam::1:root"), of("1"), of("*"), of("arn:aws:iam::1:role/q")]).toEqual([
      "allow",
      "delegate",
      "delegate",
      "allow",
      "none",
    ]);
  });
});
