// DNS authorisations and certificates: what they ask for, and what the API refuses. That TLS waits for the record stands in load-balancer.test.ts.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Balancer } from "./balancer.ts";
import { type Deployed, project, region, World } from "./world.ts";

let world: World;
let balancer: Balancer;
let authorization: Deployed;
beforeAll(async () => {
  world = await World.start("certificatemanager");
  balancer = new Balancer(world);
  authorization = await balancer.authorization("brand.example");
});
afterAll(() => world.end());

const certificate = (more: Properties) =>
  world.create("certificatemanager/certificate:Certificate", "refused", { name: "refused", location: region, ...more });
const managed = (domains: string[], ...by: Deployed[]) => ({ managed: { domains, dnsAuthorizations: by.map(({ id }) => id) } });

describe("an authorisation", () => {
  test("asks for a record of the project's own in a region, and for the fixed one in the global location", async () => {
    expect(authorization.id).toBe(`projects/${project}/locations/${region}/dnsAuthorizations/brand-example`);
    expect(authorization.state).toMatchObject({
      type: "PER_PROJECT_RECORD",
      dnsResourceRecords: [
        {
          name: expect.stringMatching(/^_acme-challenge_[0-9a-f]{16}\.brand\.example\.$/),
          type: "CNAME",
          data: expect.stringMatching(/\.authorize\.certificatemanager\.goog\.$/),
        },
      ],
    });
    const global = await balancer.authorization("brand.example", { location: "global" });
    expect(global.state).toMatchObject({ type: "FIXED_RECORD", dnsResourceRecords: [{ name: "_acme-challenge.brand.example." }] });
  });

  test("is of one domain, and of the regional kind in a region", async () => {
    await expect(balancer.authorization("*.brand.example")).rejects.toThrow("without wildcard");
    await expect(balancer.authorization("fixed.example", { type: "FIXED_RECORD" })).rejects.toThrow("must be of type PER_PROJECT_RECORD");
    await expect(balancer.authorization("brand.example")).rejects.toThrow("409");
  });

  test("cannot go while a certificate rests on it", async () => {
    const made = await balancer.certificate("kept.example");
    expect(made.certificate.state).toMatchObject({ managed: { state: "PROVISIONING" }, sanDnsnames: ["kept.example"], scope: "DEFAULT" });
    await expect(made.authorization.remove()).rejects.toThrow(`is already being used by '${made.certificate.id}'`);
    await made.certificate.remove();
    await made.authorization.remove();
  });
});

describe("a certificate", () => {
  test("is active exactly while all its domains have their record", async () => {
    const [one, two] = [await balancer.authorization("one.example"), await balancer.authorization("two.example")];
    await world.create("certificatemanager/certificate:Certificate", "both", {
      name: "both",
      location: region,
      ...managed(["one.example", "*.two.example"], one, two),
    });
    const state = () => world.cloud.parts().find(({ kind, name }) => kind === "certificate" && name === "both")?.state;
    balancer.prove(one);
    expect(state()).toBe("starting");
    const withdraw = balancer.prove(two);
    expect(state()).toBe("running");
    withdraw();
    expect(state()).toBe("starting");
  });

  test("that keeps its domains keeps its place, another domain is another certificate", async () => {
    const made = await balancer.certificate("label.example");
    const labelled = await made.certificate.update({ ...made.certificate.inputs, labels: { team: "edge" } });
    expect(labelled.state).toMatchObject({ managed: { state: "PROVISIONING" }, pulumiLabels: { team: "edge" } });
  });

  test.each<[string, () => Properties, string]>([
    ["neither managed nor given", () => ({}), "exactly one of managed and selfManaged"],
    ["given from outside", () => ({ selfManaged: { pemCertificate: "c", pemPrivateKey: "k" } }), "trust the sandbox's own authority only"],
    [
      "regional and without a DNS authorisation",
      () => ({ managed: { domains: ["brand.example"] } }),
      "cannot be authorised by a load balancer",
    ],
    [
      "of a domain without an authorisation",
      () => managed(["www.brand.example"], authorization),
      "no DNS authorization was given for the domain 'www.brand.example'",
    ],
    [
      "by an authorisation of another place",
      () => ({ ...managed(["brand.example"], authorization), location: "us-east4" }),
      "is not in the location of the certificate",
    ],
    [
      "by an authorisation that is not there",
      () => ({ managed: { domains: ["brand.example"], dnsAuthorizations: ["projects/p/locations/l/dnsAuthorizations/none"] } }),
      "was not found",
    ],
  ])("%s is refused", async (_name, inputs, reason) => {
    await expect(certificate(inputs())).rejects.toThrow(reason);
  });
});
