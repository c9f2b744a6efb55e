import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actionFor, answerOf, targetGroupOf } from "../../../sandbox/clouds/aws/lb-routing.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { certificate, host, type Platform, platform } from "./platform.ts";
import { type Deployed, region, World } from "./world.ts";

let world: World;
let base: Platform;
beforeAll(async () => {
  world = await World.start();
  base = await platform(world);
});
afterAll(() => world.end());

const fixed = (messageBody: string): Properties => ({
  type: "fixed-response",
  fixedResponse: { contentType: "text/plain", messageBody, statusCode: "200" },
});
const rule = (priority: number, conditions: Properties[], action: Properties): Promise<Deployed> =>
  world.create("lb/listenerRule:ListenerRule", { listenerArn: base.listener.id, priority, conditions, actions: [action] });
const ask = async (url: string, init: RequestInit = {}) => {
  const response = await world.fetch(url, init);
  return `${response.status} ${(await response.text()).slice(0, 20)}`;
};

describe("a load balancer", () => {
  test("has the provider's outputs", () => {
    expect(base.balancer.id).toMatch(/^arn:aws:elasticloadbalancing:eu-central-1:\d{12}:loadbalancer\/app\/front\/[0-9a-f]{16}$/);
    expect(base.balancer.state).toMatchObject({
      dnsName: expect.stringMatching(/^front-\d+\.eu-central-1\.elb\.amazonaws\.com$/),
      vpcId: base.vpc.id,
    });
  });

  test("answers by its rules in the order of priority, else by its default; 503 without targets", async () => {
    expect(await ask(`https://${host}/`)).toMatch(/^503 /);
    const general = await rule(20, [{ pathPattern: { values: ["/v1/*"] } }], fixed("general"));
    const special = await rule(10, [{ pathPattern: { values: ["/v1/a"] } }, { httpRequestMethod: { values: ["POST"] } }], fixed("special"));
    expect(await ask(`https://${host}/v1/a`)).toBe("200 general");
    expect(await ask(`https://${host}/v1/a`, { method: "POST" })).toBe("200 special");
    await expect(rule(10, [{ pathPattern: { values: ["/"] } }], fixed("twice"))).rejects.toThrow("PriorityInUse");
    await special.remove();
    await general.remove();
    expect(await ask(`https://${host}/v1/a`)).toMatch(/^503 /);
  });

  test("is there for the names that its certificate is for, at the ports and schemes of its listeners", async () => {
    world.internet.publish({ name: "other.brand.example", type: "CNAME", content: String(base.balancer.state.dnsName) });
    await expect(ask("https://other.brand.example/")).rejects.toThrow("TLS: the certificate of front is not for other.brand.example");
    await expect(ask(`https://${base.balancer.state.dnsName}/`)).rejects.toThrow("TLS");
    await expect(ask(`http://${host}/`)).rejects.toThrow("front has no listener for http: at port 80");
    await world.create("lb/listener:Listener", {
      loadBalancerArn: base.balancer.id,
      port: 80,
      defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
    });
    await expect(ask(`http://${host}/`), "its group").rejects.toThrow("no security group of front lets port 80 in from outside");
    await world.create("vpc/securityGroupIngressRule:SecurityGroupIngressRule", {
      securityGroupId: base.groups.balancer.id,
      ipProtocol: "tcp",
      fromPort: 80,
      toPort: 80,
      cidrIpv4: "0.0.0.0/0",
    });
    const response = await world.fetch(`http://${host}/a?b=c`, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([301, `https://${host}:443/a?b=c`]);
  });

  test("needs two zones and a way to the internet, and may be protected", async () => {
    const make = (change: Properties) =>
      world.create("lb/loadBalancer:LoadBalancer", {
        subnets: base.subnets.map(({ id }) => id),
        securityGroups: [base.groups.balancer.id],
        ...change,
      });
    await expect(make({ subnets: [base.subnets[0]?.id ?? ""] })).rejects.toThrow(
      "At least two subnets in two different Availability Zones",
    );
    await expect(make({ name: "internal-x" })).rejects.toThrow('nor begin with "internal-"');
    const closed = await world.create("ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16" });
    const subnets: string[] = [];
    for (const [index, zone] of ["a", "b"].entries()) {
      const made = await world.create("ec2/subnet:Subnet", {
        vpcId: closed.id,
        cidrBlock: `10.0.${index}.0/24`,
        availabilityZone: region + zone,
      });
      subnets.push(made.id);
    }
    await expect(make({ subnets, securityGroups: undefined as never })).rejects.toThrow(`VPC ${closed.id} has no internet gateway`);
    const kept = await make({ enableDeletionProtection: true });
    await expect(kept.remove()).rejects.toThrow("OperationNotPermitted");
    await (await kept.update({ enableDeletionProtection: false })).remove();
    await expect(base.gateway.remove()).rejects.toThrow("has some mapped public address(es)");
  });
});

describe("a listener", () => {
  const listen = (change: Properties) =>
    world.create("lb/listener:Listener", {
      loadBalancerArn: base.balancer.id,
      port: 8443,
      protocol: "HTTPS",
      defaultActions: [fixed("x")],
      ...change,
    });

  test("takes an issued certificate only", async () => {
    await expect(listen({})).rejects.toThrow("A certificate must be specified for HTTPS listeners");
    const waiting = await world.create("acm/certificate:Certificate", { domainName: "waiting.example", validationMethod: "DNS" });
    await expect(listen({ certificateArn: waiting.id })).rejects.toThrow("UnsupportedCertificate");
    const issued = await certificate(world, "issued.example");
    const made = await listen({ certificateArn: issued });
    expect(made.state.sslPolicy, "the default of 2016").toBe("ELBSecurityPolicy-2016-08");
    await expect(listen({ certificateArn: issued })).rejects.toThrow("DuplicateListener");
    await made.remove();
  });

  test("refuses policies and groups that there are not", async () => {
    const certificateArn = await certificate(world, "third.example");
    await expect(listen({ certificateArn, sslPolicy: "ELBSecurityPolicy-Latest" })).rejects.toThrow(
      "SSL policy 'ELBSecurityPolicy-Latest' not found",
    );
    await expect(listen({ certificateArn, defaultActions: [{ type: "forward", targetGroupArn: "arn:none" }] })).rejects.toThrow(
      "TargetGroupNotFound",
    );
    await expect(base.targets.remove()).rejects.toThrow("is currently in use by a listener or a rule");
  });
});

test("a target group is of instances unless it is said, and asks for health no faster than the interval", async () => {
  const make = (change: Properties) =>
    world.create("lb/targetGroup:TargetGroup", { port: 80, protocol: "HTTP", vpcId: base.vpc.id, ...change });
  expect((await make({})).state).toMatchObject({
    targetType: "instance",
    deregistrationDelay: 300,
    healthCheck: { interval: 30, path: "/" },
  });
  await expect(make({ healthCheck: { interval: 5, timeout: 5 } })).rejects.toThrow("must be smaller than the interval");
  await expect(make({ name: "x".repeat(33) })).rejects.toThrow("32 at most");
});

describe("routing", () => {
  const asked = (url: string, headers: Record<string, string> = {}) => ({
    method: "GET",
    url: new URL(url),
    headers: new Headers(headers),
  });
  const first = (conditions: Properties[], request: ReturnType<typeof asked>) =>
    actionFor([{ priority: 1, conditions, actions: [{ type: "yes" }] }], [{ type: "no" }], request).type;

  test("knows hosts, headers, queries and addresses", () => {
    const request = asked("https://API.brand.example/x?kind=a", { "x-tier": "gold" });
    expect(first([{ hostHeader: { values: ["*.brand.example"] } }], request)).toBe("yes");
    expect(first([{ hostHeader: { values: ["brand.example"] } }], request)).toBe("no");
    expect(first([{ httpHeader: { httpHeaderName: "X-Tier", values: ["GOLD"] } }], request)).toBe("yes");
    expect(first([{ queryStrings: [{ key: "kind", value: "b" }] }], request)).toBe("no");
    expect(first([{ sourceIp: { values: ["203.0.113.0/24"] } }], request)).toBe("yes");
  });

  test("splits by weight, and fills redirects", () => {
    const action = {
      type: "forward",
      forward: {
        targetGroups: [
          { arn: "a", weight: 1 },
          { arn: "b", weight: 3 },
        ],
      },
    };
    expect([0, 0.2, 0.3, 0.99].map((roll) => targetGroupOf(action, roll))).toEqual(["a", "a", "b", "b"]);
    const redirect = answerOf(
      { type: "redirect", redirect: { host: "www.#{host}", statusCode: "HTTP_302" } },
      asked("https://brand.example/a?b"),
    );
    expect(redirect?.headers.get("location")).toBe("https://www.brand.example:443/a?b");
  });
});
