// Firewalls let the internet in by the web's doors only.
import { byType, type Check, inEach } from "../../arguments.ts";
import { isPresent, numberOf, type Properties, type Resource, read, select, textOf, UNKNOWN } from "../../resource.ts";
import { type Finding, is, judge, type Rule } from "../../rule.ts";
import { isInternet, isPublicDoor } from "./network.ts";

const doors = "ranges of your own networks; the internet may reach ports 443 and 80 only";

const openRanges = (resource: Resource, ranges: readonly string[]): Finding[] =>
  ranges.flatMap((range) =>
    judge(resource, range, (place) =>
      isInternet(place.value) ? { problem: `${is(resource, place)}: open to the internet`, allowed: doors } : undefined,
    ),
  );

/** A rule of a security group. @param at its path with a final dot, `""` if the resource is the rule */
const groupRule =
  (at: string, protocol: string, ranges: readonly string[]): Check =>
  (resource) => {
    const [how, from, to] = [protocol, "fromPort", "toPort"].map((name) => read(resource.props, `${at}${name}`));
    return isPublicDoor(how, from, to)
      ? []
      : openRanges(
          resource,
          ranges.map((range) => `${at}${range}`),
        );
  };

const lists = ["cidrBlocks[*]", "ipv6CidrBlocks[*]"];
const inlineRules = inEach("ingress[*]", (at) => groupRule(`${at}.`, "protocol", lists));
const unless =
  (path: string, value: boolean | string, check: Check): Check =>
  (resource, context) =>
    read(resource.props, path) === value ? [] : check(resource, context);

/** Ports by which machines are administered: SSH and RDP (CIS AWS Foundations Benchmark, "Ensure no Network ACLs allow ingress ... to remote server administration ports"). */
const administration = [22, 3389];
/** A network ACL that lets everything through decides nothing, as AWS's default one does; one that opens a door for administrators does. */
const aclRule =
  (at: string, action: string, ranges: readonly string[]): Check =>
  (resource) => {
    const [does, protocol, from, to] = [action, "protocol", "fromPort", "toPort"].map((name) => read(resource.props, `${at}${name}`));
    const admits = administration.some((port) => numberOf(from) <= port && port <= numberOf(to));
    return does === "allow" && /^(tcp|6)$/.test(textOf(protocol)) && admits
      ? openRanges(
          resource,
          ranges.map((range) => `${at}${range}`),
        )
      : [];
  };
const inlineAcl = inEach("ingress[*]", (at) => aclRule(`${at}.`, "action", ["cidrBlock", "ipv6CidrBlock"]));

/** What a Google firewall allows: each protocol with its ports, all of them where none is named. */
function admitsOnlyDoors(props: Properties, list: string, protocol: string): boolean {
  const allowed = select(props, list);
  return allowed.every(({ path, value }) => {
    if (value === UNKNOWN) return false;
    const how = read(props, `${path}.${protocol}`);
    const ports = select(props, `${path}.ports[*]`);
    return ports.length === 0 ? isPublicDoor(how, 0, 1) : ports.every((port) => isPublicDoor(how, port.value, port.value));
  });
}

/** Ingress is the default direction, and a rule without any source admits every address. */
const firewall: Check = (resource) => {
  const { props } = resource;
  if (read(props, "direction") === "EGRESS" || read(props, "disabled") === true || !isPresent(props, "allows")) return [];
  if (admitsOnlyDoors(props, "allows[*]", "protocol")) return [];
  const sources = ["sourceRanges", "sourceTags", "sourceServiceAccounts"];
  return sources.some((source) => isPresent(props, source))
    ? openRanges(resource, ["sourceRanges[*]"])
    : [{ kind: "violation", problem: "names no source, so it admits the internet", allowed: doors }];
};

const policyRule: Check = (resource) => {
  const { props } = resource;
  if (read(props, "direction") === "EGRESS" || read(props, "disabled") === true) return [];
  const action = read(props, "action");
  if (action !== UNKNOWN && action !== "allow" && action !== "apply_security_profile_group") return [];
  return admitsOnlyDoors(props, "match.layer4Configs[*]", "ipProtocol") ? [] : openRanges(resource, ["match.srcIpRanges[*]"]);
};

export const openIngress: Rule = {
  id: "exposure/open-ingress",
  title: "Firewalls let the internet in by the web's doors only",
  severity: "high",
  why: "Ports for administration and for databases that are open to the world are tried with stolen passwords and known holes all day long.",
  remediation: "Name the networks that need the port; people come in by a session service (SSM, IAP), programs by the private network.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.20" },
    { name: "ISO 27001", clause: "A.8.22" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:ec2/securityGroup:SecurityGroup",
        props: { ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] }] },
      },
    ],
    fails: [
      {
        type: "aws:ec2/securityGroup:SecurityGroup",
        props: { ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, ipv6CidrBlocks: ["::/0"] }] },
      },
    ],
  },
  check: byType({
    "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl": [inlineAcl],
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [inlineRules],
    "aws:ec2/networkAcl:NetworkAcl": [inlineAcl],
    "aws:ec2/networkAclRule:NetworkAclRule": [unless("egress", true, aclRule("", "ruleAction", ["cidrBlock", "ipv6CidrBlock"]))],
    "aws:ec2/securityGroup:SecurityGroup": [inlineRules],
    "aws:ec2/securityGroupRule:SecurityGroupRule": [unless("type", "egress", groupRule("", "protocol", lists))],
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [groupRule("", "ipProtocol", ["cidrIpv4", "cidrIpv6"])],
    "gcp:compute/firewall:Firewall": [firewall],
    "gcp:compute/firewallPolicyRule:FirewallPolicyRule": [policyRule],
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule": [policyRule],
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule": [policyRule],
  }),
};
