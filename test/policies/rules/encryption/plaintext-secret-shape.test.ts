import { describe, expect, it } from "vitest";
import { plaintextSecretShape } from "../../../../policies/rules/encryption/plaintext-secret-shape.ts";
import { kindOfSecret } from "../../../../policies/rules/encryption/secrets.ts";
import { judged, problems, UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

/** Put together here, so that no scanner takes this file for a leak. */
const joined = (...parts: string[]) => parts.join("");
const pem = joined("-----BEGIN ", "PRIVATE KEY-----\nMC4CAQAw\n-----END ", "PRIVATE KEY-----\n");
const awsKey = joined("AK", "IAIOSFODNN7EXAMPLE");
const jwt = joined("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U");
const github = joined("gh", "p_", "0123456789abcdefghijABCDEFGHIJ012345");
const parameter = (value: string, type = "String") => ({ type: "aws:ssm/parameter:Parameter", props: { type, value } });
const lambda = (variables: { readonly [name: string]: string | typeof UNKNOWN }) => ({
  type: "aws:lambda/function:Function",
  props: { environment: { variables } },
});

specify(plaintextSecretShape, {
  passes: [
    ["a public key", parameter("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----")],
    [
      "a certificate",
      {
        type: "aws:acm/certificate:Certificate",
        props: { certificateBody: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" },
      },
    ],
    ["a private key where private keys belong", { type: "aws:acm/certificate:Certificate", props: { privateKey: pem } }],
    ["an address without a password", parameter("postgres://app@db.brand.example:5432/app")],
    ["an address whose password is filled in later", parameter(joined("postgres://app:$", "{DB_PASSWORD}@db.brand.example/app"))],
    ["a digest", parameter("sha256:d597760d6f9bf635cc85cb61f5bbd9637f9cc0f87f2566a8fa417a4b642a53e7")],
    ["a secret parameter", parameter(pem, "SecureString")],
    ["a secret's version", { type: "gcp:secretmanager/secretVersion:SecretVersion", props: { secretData: pem } }],
    [
      "a secret of a Worker",
      { type: "cloudflare:index/workerVersion:WorkerVersion", props: { bindings: [{ name: "K", type: "secret_text", text: pem }] } },
    ],
    ["a variable that is refused by its name already", lambda({ GITHUB_TOKEN: github })],
    ["a script that is refused already", { type: "aws:ec2/instance:Instance", props: { userData: `export X=${awsKey}` } }],
    ["what is not known yet", lambda({ URL: UNKNOWN })],
  ],
  refused: [
    ["a private key", parameter(pem), "value holds a private key in plain"],
    ["a key of AWS in an environment", lambda({ UPLOADER: awsKey }), "environment.variables.UPLOADER holds an access key of AWS in plain"],
    [
      "a token in a task",
      {
        type: "aws:ecs/taskDefinition:TaskDefinition",
        props: { containerDefinitions: JSON.stringify([{ environment: [{ name: "SESSION", value: jwt }] }]) },
      },
      "containerDefinitions: definitions[0].environment[0].value holds a JSON web token",
    ],
    ["a token in a tag", { type: "aws:sqs/queue:Queue", props: { tags: { note: github } } }, "tags.note holds a token of GitHub"],
    [
      "a password in an address",
      {
        type: "aws:glue/connection:Connection",
        props: { connectionProperties: { JDBC_URL: "jdbc:postgresql://shop:correct-horse@db.brand.example/orders" } },
      },
      "JDBC_URL holds an address with a password",
    ],
    [
      "a binding of a Worker",
      {
        type: "cloudflare:index/workersScript:WorkersScript",
        props: { bindings: [{ name: "DATABASE_URL", type: "plain_text", text: "mysql://a:horse@db/x" }] },
      },
      "bindings[0].text holds an address with a password",
    ],
    [
      "a private JSON web key",
      parameter(JSON.stringify({ kty: "OKP", crv: "Ed25519", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" })),
      "value holds a private key",
    ],
  ],
  silent: "random:index/randomPassword:RandomPassword",
});

it("never shows what it found, and says what Pulumi's own secrets are worth in the cloud", () => {
  const [problem] = problems(judged(plaintextSecretShape, { ...parameter(pem), secrets: ["value"] }));
  expect(problem).toContain("the cloud shows it to everyone who may look");
  expect(problem).not.toContain("MC4CAQAw");
});

describe("kinds", () => {
  it.each([
    ["a private key", joined("-----BEGIN OPENSSH ", "PRIVATE KEY-----")],
    ["a token of GitLab", joined("gl", "pat-0123456789abcdefghij")],
    ["a key of Stripe", joined("sk", "_live_0123456789abcdefghijklmn")],
    ["a token of Slack", joined("xo", "xb-0123456789-abcdefghij")],
    ["a key of SendGrid", joined("SG", ".0123456789abcdefghijkl.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")],
    ["a token of npm", joined("np", "m_0123456789abcdefghijABCDEFGHIJ012345")],
    ...["cfk", "cfut", "cfat"].map((prefix) => ["a key or token of Cloudflare", joined(prefix, `_${"a1B2c3D4e5".repeat(4)}0123abcd`)]),
    ["a key of Cloudflare's Origin CA", joined("v1", `.0-${"0123456789ab".repeat(2)}-${"ab".repeat(73)}`)],
    ["a token of PyPI", joined("py", `pi-AgEIcHlwaS5vcmc${"a".repeat(60)}`)],
    ["a token of Hugging Face", joined("h", `f_${"abcdefghijklmnopq".repeat(2)}`)],
    ["a token of Pulumi", joined("pu", "l-0123456789abcdef0123456789abcdef01234567")],
    ["an address with a password", "redis://:horse@cache.internal:6379"],
    ["a connection string with a password", "Server=db;User Id=sa;Password=horse123;"],
  ])("%s", (kind, text) => {
    expect(kindOfSecret(text)).toBe(kind);
  });

  it.each([
    "https://www.brand.example/a:b@c",
    "mailto:someone@brand.example",
    "arn:aws:iam::123456789012:role/r",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
    "user@host:/path",
    "git@github.com:brand/site.git",
  ])("%s is none", (text) => {
    expect(kindOfSecret(text)).toBeUndefined();
  });
});
