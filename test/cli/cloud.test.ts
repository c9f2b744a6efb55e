// What a real deployment needs, judged by what the clouds' APIs answer: each answer as the providers' references show it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type Aws, awsPrerequisites, roleOf } from "../../cli/cloud/aws.ts";
import { cloudflarePrerequisites } from "../../cli/cloud/cloudflare.ts";
import { googlePrerequisites } from "../../cli/cloud/google.ts";
import { type Ask, asker, type Prerequisite } from "../../cli/cloud/prerequisite.ts";
import { refuseSandboxOnly } from "../../cli/cloud/publish.ts";
import { artifactPrerequisites, pulumiPrerequisites } from "../../cli/cloud/pulumi.ts";
import type { Manifest } from "../../stacks/artifact-manifest.ts";

/** Answers by the end of the path; 404 for the rest. */
const api =
  (answers: Record<string, [number, unknown?]>): Ask =>
  async (url) => {
    const path = Object.keys(answers).find((end) => url.split("?")[0]?.endsWith(end));
    const [status, body] = path === undefined ? [404] : (answers[path] as [number, unknown?]);
    return { status, body };
  };
const of = (all: readonly Prerequisite[], what: string) => {
  const found = all.find((each) => each.what.includes(what));
  if (!found) throw new Error(`no "${what}" among ${all.map((each) => each.what).join(", ")}`);
  return found;
};

describe("Cloudflare", () => {
  const needs = { accountId: "acc", zoneId: "zone", domain: "brand.example", regionKeys: ["eu", "us"] };
  const zone = (over: object = {}) => ({ result: { name: "brand.example", status: "active", account: { id: "acc" }, ...over } });

  it("is ready with an active zone of the account and the regions that the stacks name", async () => {
    const all = await cloudflarePrerequisites(
      needs,
      api({
        "/zones/zone": [200, zone()],
        "/subscriptions": [200, { result: [{ rate_plan: { id: "workers_paid" } }] }],
        "/regional_hostnames/regions": [200, { result: [{ key: "eu" }, { key: "us" }, { key: "ca" }] }],
        "/workers/scripts": [200, {}],
      }),
    );
    for (const what of ["zone", "Workers Paid", "Regional Services"]) expect(of(all, what).verdict).toBe("there");
    expect(of(all, "Workers Scripts Write")).toMatchObject({ verdict: "unknown", found: expect.stringContaining("may read") });
  });

  it.each([
    [{ name: "other.example" }, "zone is the zone of other.example"],
    [{ status: "pending" }, "it is pending"],
    [{ account: { id: "else" } }, "it belongs to the account else"],
  ])("names what is wrong with the zone: %j", async (over, found) => {
    const all = await cloudflarePrerequisites(needs, api({ "/zones/zone": [200, zone(over)] }));
    expect(of(all, "zone brand")).toMatchObject({ verdict: "missing", found });
  });

  it("names a region that the account has not", async () => {
    const all = await cloudflarePrerequisites(needs, api({ "/regional_hostnames/regions": [200, { result: [{ key: "eu" }] }] }));
    expect(of(all, "Regional")).toMatchObject({ verdict: "missing", found: "the account has no region us; it has eu" });
  });

  it("tells a token that may not read from one that could not ask", async () => {
    const refused = await cloudflarePrerequisites(needs, api({ "/queues": [403] }));
    expect(of(refused, "Queues Write").verdict).toBe("missing");
    const silent = await cloudflarePrerequisites(needs, asker(undefined, "no token: set CLOUDFLARE_API_TOKEN"));
    for (const each of silent) expect(each).toMatchObject({ verdict: "unknown", found: expect.stringContaining("no token") });
  });
});

describe("Google Cloud", () => {
  const service = (name: string, state: string) => ({ name: `projects/1/services/${name}.googleapis.com`, state });

  it("is ready with an active project, billing, and every permission", async () => {
    const all = await googlePrerequisites(
      "p",
      ["run.services.create"],
      api({
        "/projects/p": [200, { lifecycleState: "ACTIVE" }],
        "/billingInfo": [200, { billingEnabled: true, billingAccountName: "billingAccounts/1" }],
        ":batchGet": [200, { services: ["cloudresourcemanager", "serviceusage"].map((name) => service(name, "ENABLED")) }],
        ":testIamPermissions": [200, { permissions: ["run.services.create"] }],
        "/workloadIdentityPools": [
          200,
          { workloadIdentityPools: [{ name: "projects/1/locations/global/workloadIdentityPools/ci", state: "ACTIVE" }] },
        ],
      }),
    );
    expect(all.map(({ verdict }) => verdict)).toEqual(["there", "there", "there", "there", "there"]);
  });

  it("names what is lacking", async () => {
    const all = await googlePrerequisites(
      "p",
      ["run.services.create", "run.jobs.create"],
      api({
        "/projects/p": [200, { lifecycleState: "DELETE_REQUESTED" }],
        "/billingInfo": [200, {}],
        ":batchGet": [200, { services: [service("cloudresourcemanager", "DISABLED"), service("serviceusage", "ENABLED")] }],
        ":testIamPermissions": [200, { permissions: ["run.services.create"] }],
        "/workloadIdentityPools": [200, { workloadIdentityPools: [{ name: "a/b/old", state: "DELETED" }] }],
      }),
    );
    expect(of(all, "identity pool").verdict).toBe("missing");
    expect(of(all, "project p")).toMatchObject({ verdict: "missing", found: "DELETE_REQUESTED" });
    expect(of(all, "billing")).toMatchObject({ verdict: "missing", found: "not enabled" });
    expect(of(all, "first APIs")).toMatchObject({ verdict: "missing", found: "not enabled: cloudresourcemanager.googleapis.com" });
    expect(of(all, "your rights")).toMatchObject({ verdict: "missing", found: "lacks run.jobs.create" });
  });

  it("does not take a project that one may not see for a missing one", async () => {
    const all = await googlePrerequisites("p", [], api({ "/projects/p": [403] }));
    expect(of(all, "project p")).toMatchObject({ verdict: "unknown", found: "it does not exist, or you may not see it" });
  });
});

describe("AWS", () => {
  const arn = "arn:aws:sts::123456789012:assumed-role/deploy/anna";
  const aws =
    (denied: string[], account = "123456789012", issuer = "token.actions.githubusercontent.com"): Aws =>
    async ([, command, ...rest]) => ({
      ok: true,
      output: JSON.stringify(
        command === "get-caller-identity"
          ? { Account: account, Arn: arn }
          : command === "list-open-id-connect-providers"
            ? { OpenIDConnectProviderList: [{ Arn: `arn:aws:iam::1:oidc-provider/${issuer}` }] }
            : {
                EvaluationResults: rest
                  .slice(rest.indexOf("--action-names") + 1)
                  .map((name) => ({ EvalActionName: name, EvalDecision: denied.includes(name) ? "implicitDeny" : "allowed" })),
              },
      ),
    });

  it("is ready when signed in to the account with every action allowed", async () => {
    expect((await awsPrerequisites("123456789012", aws([]))).map(({ verdict }) => verdict)).toEqual(["there", "there", "there"]);
    expect((await awsPrerequisites("123456789012", aws([], "123456789012", "elsewhere")))[2]?.verdict).toBe("missing");
  });

  it("names the wrong account, and the actions that are denied", async () => {
    expect(await awsPrerequisites("123456789012", aws([], "999999999999"))).toMatchObject([
      { verdict: "missing", found: `signed in to 999999999999 as ${arn}` },
    ]);
    expect((await awsPrerequisites("123456789012", aws(["kms:CreateKey"])))[1]).toMatchObject({
      verdict: "missing",
      found: "denied: kms:CreateKey",
    });
  });

  it("says when there is nothing to ask with, or nobody is signed in", async () => {
    expect(await awsPrerequisites("1", async () => undefined)).toMatchObject([
      { verdict: "unknown", found: "the command aws is not there to ask with" },
    ]);
    const expired: Aws = async () => ({ ok: false, output: "\nThe security token included in the request is expired\n" });
    expect(await awsPrerequisites("1", expired)).toMatchObject([
      { verdict: "unknown", found: "The security token included in the request is expired" },
    ]);
  });

  it("asks the simulator about the role, not the session", () => {
    expect(roleOf(arn)).toBe("arn:aws:iam::123456789012:role/deploy");
    expect(roleOf("arn:aws:iam::1:user/anna")).toBe("arn:aws:iam::1:user/anna");
  });
});

describe("Pulumi and the artifacts", () => {
  it("need a backend, and for each stack somebody who encrypts its secrets", async () => {
    const all = await pulumiPrerequisites(
      async () => ({ ok: true, output: JSON.stringify({ user: "anna", url: "s3://state" }) }),
      new Map([
        ["eu", "secretsprovider: gcpkms://k\nconfig: {}\n"],
        ["us", "encryptionsalt: v1:abc\n"],
        ["apac", "config: {}\n"],
      ]),
    );
    expect(all.map(({ verdict, found }) => `${verdict}: ${found}`)).toEqual([
      "there: s3://state",
      "there: gcpkms://k",
      "missing: a passphrase, which people have to share",
      "missing: none is named",
    ]);
    const out = await pulumiPrerequisites(async () => ({ ok: false, output: "error: PULUMI_ACCESS_TOKEN must be set\n" }), new Map());
    expect(out).toMatchObject([{ verdict: "missing", found: "error: PULUMI_ACCESS_TOKEN must be set" }]);
  });

  it("need images that can run elsewhere; the newest build of a name counts", () => {
    const image = (name: string, availability: string) => ({ name, kind: "image", digest: `sha256:${"0".repeat(64)}`, availability });
    const manifest = { version: 1, artifacts: [image("a", "sandbox-only"), image("a", "anywhere"), image("b", "sandbox-only")] };
    expect(artifactPrerequisites(manifest as unknown as Manifest).map(({ what, verdict }) => `${what} ${verdict}`)).toEqual([
      "image a there",
      "image b missing",
    ]);
    expect(() => refuseSandboxOnly(manifest as unknown as Manifest)).toThrow("b: sandbox-only, for the image has no base layer.");
  });
});

describe("asking", () => {
  it("sends the token, and gives the answer's status and body", async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.headers.authorization === "Bearer t" ? 200 : 401).end(JSON.stringify({ method: request.method }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      expect(await asker("t", "")(url)).toEqual({ status: 200, body: { method: "GET" } });
      expect(await asker("t", "")(url, {})).toEqual({ status: 200, body: { method: "POST" } });
      expect((await asker("other", "")(url)).status).toBe(401);
    } finally {
      server.close();
    }
    const closed = await asker("t", "")("http://127.0.0.1:1/");
    expect(closed).toMatchObject({ status: 0, reason: expect.stringContaining("127.0.0.1:1 does not answer") });
  });
});
