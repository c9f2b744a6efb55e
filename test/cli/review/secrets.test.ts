// No secret value is in any report, wherever it stood.
import { describe, expect, it } from "vitest";
import { forms, rendered } from "../../../cli/review/render.ts";
import { masked, redactor, secretText } from "../../../cli/review/secrets.ts";
import { config, end, error, marked, type Step, said, step, unknown } from "./events.ts";
import { reviewed, together } from "./example.ts";

const secret = "h4rd-to-guess|`<b>&\"'";
const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7mark3dSecretLine\n-----END RSA PRIVATE KEY-----";

/** A plan in which the marked secret stands wherever a plan can hold a text. */
function everywhere() {
  const within = { chain: ["bailiwick:telemetry:TelemetryPipeline"], within: "telemetry" };
  const inputs = {
    plain: secret,
    password: marked(secret),
    key: marked(key),
    nested: { list: [{ name: secret, value: marked({ deep: [secret] }) }], [secret]: 7, unknown: { [secret]: unknown } },
    region: secret,
    tags: { "data-class": secret, jurisdiction: marked(secret), [secret]: secret },
    image: `registry.example/${secret}@sha256:${"a".repeat(64)}`,
    pin: marked(314159265),
    pinAgain: 314159265,
    url: `https://${secret}/`,
  };
  const step1: Step = {
    ...{ op: "replace", type: "aws:s3/bucket:Bucket", name: `bucket-${secret}`, inputs, old: { was: marked(secret), also: secret } },
    ...within,
    diffs: [`tags["${secret}"]`],
    keys: [secret],
    detailedDiff: { [`a.${secret}`]: { diffKind: "update-replace" } },
  };
  const service: Step = { op: "create", type: "aws:ecs/service:Service", name: `service-${secret}`, inputs, ...within };
  const component: Step = { op: "create", type: "bailiwick:telemetry:TelemetryPipeline", name: "telemetry", component: true };
  const foreign: Step = { op: "delete", type: `aws:x/${secret}:Y`, name: secret, inputs, old: inputs };
  const urn = `urn:pulumi:eu::bailiwick::aws:s3/bucket:Bucket::${secret}`;
  return reviewed({
    stack: "eu",
    events: [
      config({ "bailiwick:token": secret }),
      ...[component, step1, service, foreign].map((its) => step("eu", its)),
      said(`rule/${secret}`, urn, `aws:s3/bucket:Bucket breaks: password is ${JSON.stringify(secret)} and ${key}`),
      said("a/b", urn, `aws:s3/bucket:Bucket "${secret}" leaves a/b undecided: ${secret} is not known`),
      said("exemptions", urn, `Exempted until 2026-12-01, 9 days left: a/b for ${secret}`, "advisory"),
      error(`the provider said: ${encodeURIComponent(secret)}, ${Buffer.from(secret).toString("base64")}, ${key.split("\n")[1]}`),
      end("failed"),
    ],
  });
}

describe.each(forms)("as %s", (form) => {
  const text = rendered(together(everywhere()), form, ["eu"]);

  it("a report shows a marked secret nowhere, in no spelling", () => {
    const spellings = [
      secret,
      "h4rd-to-guess",
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
      "mark3dSecretLine",
      "314159265",
    ];
    for (const spelling of spellings) expect(text).not.toContain(spelling);
  });

  it("and says that there was one", () => expect(text).toContain(secretText));
});

describe("what nobody marked", () => {
  const redact = redactor(new Set());
  it.each([
    key,
    "AKIAIOSFODNN7EXAMPLE",
    `ghp_${"a".repeat(36)}`,
    `AIza${"a".repeat(35)}`,
    "xoxb-0123456789-abcdef",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJldV8xIn0.c2lnbmF0dXJl",
  ])("is known by its shape: %s", (text) => expect(redact(`it says ${text} here`)).toBe(`it says ${secretText} here`));

  it("a password in an address goes, and the address stays", () => {
    expect(redact("postgres://owner:pass-word@10.0.0.3/governance")).toBe(`postgres://owner:${secretText}@10.0.0.3/governance`);
  });

  it("what is no secret stays as it is", () => {
    const text = `https://api.brand.example:8443/v1 eu-central-1 sha256:${"a".repeat(64)} -----BEGIN PUBLIC KEY-----`;
    expect(redact(text)).toBe(text);
  });
});

it("a setting that is a secret is no setting, however short it is", () => {
  const inputs = { region: "eu-central-1", replicas: marked(7), mode: marked("on"), tier: { a: marked(true) }, size: 7 };
  const review = reviewed({ stack: "eu", events: [step("eu", { op: "create", type: "aws:s3/bucket:Bucket", name: "b", inputs }), end()] });
  expect(review.resources[0]?.settings).toEqual({ region: "eu-central-1", size: 7 });
});

it("a secret within a list or an object is found as well, and one too short to look for is only masked", () => {
  const found = new Set<string>();
  expect(masked({ a: [marked({ b: ["within"] }), marked("abc")] }, found)).toEqual({ a: [secretText, secretText] });
  expect(found).toContain("within");
  expect(found).not.toContain("abc");
});
