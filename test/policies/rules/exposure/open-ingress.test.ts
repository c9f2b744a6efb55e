import { describe, expect, it } from "vitest";
import { isInternet, isPublicDoor } from "../../../../policies/rules/exposure/network.ts";
import { openIngress } from "../../../../policies/rules/exposure/open-ingress.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const group = "aws:ec2/securityGroup:SecurityGroup";
const groupRule = "aws:ec2/securityGroupRule:SecurityGroupRule";
const ingressRule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const firewall = "gcp:compute/firewall:Firewall";
const policyRule = "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule";
const acl = "aws:ec2/networkAcl:NetworkAcl";
const tcp = (port: number) => ({ protocol: "tcp", fromPort: port, toPort: port });
const world = { cidrBlocks: ["0.0.0.0/0"] };

specify(openIngress, {
  passes: [
    [
      "the web",
      {
        type: group,
        props: {
          ingress: [
            { ...tcp(443), ...world, ipv6CidrBlocks: ["::/0"] },
            { ...tcp(80), ...world },
          ],
        },
      },
    ],
    ["HTTP/3", { type: ingressRule, props: { ipProtocol: "udp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0" } }],
    ["what paths need", { type: group, props: { ingress: [{ protocol: "icmp", fromPort: 3, toPort: 4, ...world }] } }],
    ["an office", { type: group, props: { ingress: [{ ...tcp(22), cidrBlocks: ["192.0.2.0/24"] }] } }],
    ["another group", { type: group, props: { ingress: [{ protocol: "-1", fromPort: 0, toPort: 0, self: true }] } }],
    ["traffic out", { type: groupRule, props: { type: "egress", protocol: "-1", fromPort: 0, toPort: 0, ...world } }],
    ["one network", { type: firewall, props: { sourceRanges: ["10.0.0.0/8"], allows: [{ protocol: "tcp", ports: ["22"] }] } }],
    ["health checks by tag", { type: firewall, props: { sourceTags: ["lb"], allows: [{ protocol: "tcp" }] } }],
    ["a firewall that denies", { type: firewall, props: { sourceRanges: ["0.0.0.0/0"], denies: [{ protocol: "all" }] } }],
    ["a firewall that is off", { type: firewall, props: { disabled: true, allows: [{ protocol: "tcp" }] } }],
    [
      "the web by a policy",
      {
        type: policyRule,
        props: {
          action: "allow",
          direction: "INGRESS",
          match: { srcIpRanges: ["0.0.0.0/0"], layer4Configs: [{ ipProtocol: "tcp", ports: ["443"] }] },
        },
      },
    ],
    [
      "a policy that denies",
      {
        type: policyRule,
        props: { action: "deny", direction: "INGRESS", match: { srcIpRanges: ["0.0.0.0/0"], layer4Configs: [{ ipProtocol: "all" }] } },
      },
    ],
    [
      "an ACL that leaves it to the groups",
      { type: acl, props: { ingress: [{ action: "allow", protocol: "-1", fromPort: 0, toPort: 0, cidrBlock: "0.0.0.0/0" }] } },
    ],
    [
      "an ACL for answers",
      { type: acl, props: { ingress: [{ action: "allow", protocol: "tcp", fromPort: 32768, toPort: 65535, cidrBlock: "0.0.0.0/0" }] } },
    ],
  ],
  refused: [
    [
      "SSH",
      { type: group, props: { ingress: [{ ...tcp(22), ...world }] } },
      'ingress[0].cidrBlocks[0] is "0.0.0.0/0": open to the internet',
    ],
    ["SSH by IPv6", { type: ingressRule, props: { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv6: "::/0" } }, 'cidrIpv6 is "::/0"'],
    [
      "the world in two halves",
      { type: groupRule, props: { type: "ingress", ...tcp(22), cidrBlocks: ["0.0.0.0/1", "128.0.0.0/1"] } },
      "0.0.0.0/1",
      "128.0.0.0/1",
    ],
    [
      "a range around the web's port",
      { type: group, props: { ingress: [{ protocol: "tcp", fromPort: 80, toPort: 443, ...world }] } },
      "open to the internet",
    ],
    ["all protocols", { type: ingressRule, props: { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" } }, "cidrIpv4"],
    [
      "a default group",
      { type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", props: { ingress: [{ ...tcp(3306), ...world }] } },
      "open to the internet",
    ],
    [
      "a firewall",
      { type: firewall, props: { sourceRanges: ["0.0.0.0/0"], allows: [{ protocol: "tcp", ports: ["22", "443"] }] } },
      'sourceRanges[0] is "0.0.0.0/0"',
    ],
    ["a firewall without a source", { type: firewall, props: { allows: [{ protocol: "tcp", ports: ["22"] }] } }, "names no source"],
    [
      "a policy",
      {
        type: policyRule,
        props: {
          action: "allow",
          direction: "INGRESS",
          match: { srcIpRanges: ["::/0"], layer4Configs: [{ ipProtocol: "tcp", ports: ["22"] }] },
        },
      },
      "match.srcIpRanges[0]",
    ],
    [
      "an ACL for administrators",
      { type: acl, props: { ingress: [{ action: "allow", ...tcp(22), cidrBlock: "0.0.0.0/0" }] } },
      "ingress[0].cidrBlock",
    ],
    [
      "a rule of an ACL",
      {
        type: "aws:ec2/networkAclRule:NetworkAclRule",
        props: { ruleAction: "allow", protocol: "6", fromPort: 3000, toPort: 4000, ipv6CidrBlock: "::/0" },
      },
      "ipv6CidrBlock",
    ],
  ],
  undecided: [
    ["all rules", { type: group, props: { ingress: UNKNOWN } }, "ingress"],
    ["a range", { type: group, props: { ingress: [{ ...tcp(22), cidrBlocks: [UNKNOWN] }] } }, "ingress[0].cidrBlocks[0]"],
  ],
  silent: "aws:ec2/vpc:Vpc",
});

describe("the internet", () => {
  it.each(["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "2000::/3", "0.0.0.0", "::", "*"])("is %s", (range) => {
    expect(isInternet(range)).toBe(true);
  });
  it.each(["10.0.0.0/8", "192.0.2.1", "fc00::/16", "2001:db8::/32", undefined, 0])("is not %s", (range) => {
    expect(isInternet(range)).toBe(false);
  });
});

it("has few public doors", () => {
  expect(isPublicDoor("TCP", "443", "443")).toBe(true);
  expect(isPublicDoor("-1", 443, 443)).toBe(false);
  expect(isPublicDoor("udp", 80, 80)).toBe(false);
});
