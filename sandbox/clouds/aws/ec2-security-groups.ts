// Security groups: who may open a connection to whom. They know each other by reference or by range of addresses.
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, type Stored } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { contains, isRange } from "./cidr.ts";
import { requireVpc, vpcToken } from "./ec2-vpc.ts";
import { isKnown, listOf, newId, textsOf } from "./values.ts";

export const groupToken = "aws:ec2/securityGroup:SecurityGroup";
const ruleTokens = {
  ingress: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  egress: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
} as const;
export type Direction = keyof typeof ruleTokens;
const test = "test/sandbox/aws/ec2.test.ts";
const why = "no packet is routed here; who asks whether a connection may be opened gets the answer of the groups";

/** The other end of a connection. */
export interface Peer {
  readonly groups?: readonly string[];
  /** Ranges in which its addresses lie. */
  readonly ranges?: readonly string[];
  readonly prefixList?: string;
}

interface Rule {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly groups: readonly string[];
  readonly ranges: readonly string[];
  readonly prefixLists: readonly string[];
}

/** Every range of IPv4 addresses and nothing narrower: who comes from the internet may have any address. */
export const anywhere = "0.0.0.0/0";

/** Whether one of these groups lets a TCP connection to this port in, or out, from or to that peer. */
export function admits(store: Store, groups: readonly string[], direction: Direction, port: number, peer: Peer): boolean {
  return groups.some((group) => rulesOf(store, group, direction).some((rule) => matches(rule, port, peer)));
}

/** Whether one of these groups lets in anybody from outside at this port: addresses of the internet are not told apart here. */
export function admitsOutsiders(store: Store, groups: readonly string[], port: number): boolean {
  return groups.some((group) =>
    rulesOf(store, group, "ingress").some((rule) => covers(rule, port) && (rule.ranges.length > 0 || rule.prefixLists.length > 0)),
  );
}

const covers = ({ protocol, from, to }: Rule, port: number) =>
  protocol === "-1" || (["tcp", "6"].includes(protocol.toLowerCase()) && port >= from && port <= to);

function matches(rule: Rule, port: number, peer: Peer): boolean {
  if (!covers(rule, port)) return false;
  const inRange = (range: string) => rule.ranges.some((outer) => contains(outer, range));
  return (
    (peer.groups ?? []).some((group) => rule.groups.includes(group)) ||
    ((peer.ranges?.length ?? 0) > 0 && (peer.ranges ?? []).every(inRange)) ||
    (peer.prefixList !== undefined && rule.prefixLists.includes(peer.prefixList))
  );
}

function rulesOf(store: Store, group: string, direction: Direction): Rule[] {
  const row = store.get(groupToken, group);
  if (!row) return defaultRules(store, group, direction);
  const inline = listOf(row.state[direction]).map(
    (rule): Rule => ({
      protocol: String(rule.protocol),
      from: Number(rule.fromPort),
      to: Number(rule.toPort),
      groups: [...textsOf(rule.securityGroups), ...(rule.self === true ? [group] : [])],
      ranges: textsOf(rule.cidrBlocks),
      prefixLists: textsOf(rule.prefixListIds),
    }),
  );
  const single = store
    .list(ruleTokens[direction])
    .filter(({ state }) => state.securityGroupId === group)
    .map(
      ({ state }): Rule => ({
        protocol: String(state.ipProtocol),
        from: Number(state.fromPort ?? 0),
        to: Number(state.toPort ?? 65_535),
        groups: isKnown(state.referencedSecurityGroupId) ? [state.referencedSecurityGroupId] : [],
        ranges: isKnown(state.cidrIpv4) ? [state.cidrIpv4] : [],
        prefixLists: isKnown(state.prefixListId) ? [state.prefixListId] : [],
      }),
    );
  return [...inline, ...single];
}

/** A VPC's own group: its members reach each other, and leave for anywhere (docs.aws.amazon.com/vpc default-security-group). */
function defaultRules(store: Store, group: string, direction: Direction): Rule[] {
  if (!store.list(vpcToken).some(({ state }) => state.defaultSecurityGroupId === group)) return [];
  const all = { protocol: "-1", from: 0, to: 65_535, groups: [], ranges: [], prefixLists: [] };
  return [direction === "ingress" ? { ...all, groups: [group] } : { ...all, ranges: [anywhere] }];
}

/** The VPC of a group. @throws CloudError as the API says it */
export function vpcOfGroup(store: Store, id: unknown): string {
  const group = store.get(groupToken, String(id));
  if (group) return String(group.state.vpcId);
  const owner = store.list(vpcToken).find(({ state }) => state.defaultSecurityGroupId === id);
  if (owner) return owner.id;
  throw new CloudError("InvalidGroup.NotFound", `api error InvalidGroup.NotFound: The security group '${id}' does not exist`);
}

function groupUsers(store: Store, id: string): Stored[] {
  const names = ({ state }: Stored) => [
    state.referencedSecurityGroupId,
    ...textsOf(state.securityGroups),
    ...textsOf(state.securityGroupIds),
    ...textsOf((state.networkConfiguration as { securityGroups?: string[] } | undefined)?.securityGroups),
    ...[...listOf(state.ingress), ...listOf(state.egress)].flatMap((rule) => textsOf(rule.securityGroups)),
  ];
  return store.all().filter((row) => row.id !== id && row.token.startsWith("aws:") && names(row).includes(id));
}

const group: ResourceDefinition = {
  ...recorded({
    token: groupToken,
    why,
    fidelity: { level: "enforces", how: "a load balancer reaches a task, and a task an endpoint, only where both groups let it", test },
    autoname: { property: "name", maxLength: 255 },
    replaceOn: ["name", "namePrefix", "description", "vpcId", "region"], // [vpc_security_group.go: ForceNew]
    recomputed: ["tagsAll"],
    unordered: ["ingress", "egress"],
    defaults: (inputs, context) => ({
      ...regionDefault(inputs, context),
      ...(inputs.description === undefined ? { description: "Managed by Pulumi" } : {}),
    }),
    refuse: ({ name, vpcId }) => [
      ...(isKnown(name) && name.startsWith("sg-") ? [{ property: "name", reason: 'must not begin with "sg-"' }] : []),
      ...(vpcId === undefined ? [{ property: "vpcId", reason: "there is no default VPC here: name one" }] : []),
    ],
    id(inputs, context) {
      const { store } = context;
      requireVpc(store, inputs.vpcId);
      const twin = store
        .list(groupToken)
        .find(({ id, state }) => state.vpcId === inputs.vpcId && state.name === inputs.name && id !== context.orphan?.id);
      if (twin) {
        throw new CloudError(
          "InvalidGroup.Duplicate",
          `creating Security Group (${inputs.name}): api error InvalidGroup.Duplicate: The security group '${inputs.name}' already exists for VPC '${inputs.vpcId}'`,
        );
      }
      return context.orphan?.id ?? newId("sg");
    },
    computed(inputs, id, context) {
      const account = accountOf(context);
      return {
        arn: arn("ec2", regionOf(inputs, context), account, `security-group/${id}`),
        ownerId: account,
        namePrefix: inputs.namePrefix ?? "",
        // The provider takes away the rule that lets everything out: a group without rules lets nothing in or out.
        ...(inputs.ingress === undefined ? { ingress: [] } : {}),
        ...(inputs.egress === undefined ? { egress: [] } : {}),
        tagsAll: tagsAll(inputs, context),
      };
    },
  }),
  delete({ store }, { id }) {
    const [user] = groupUsers(store, id);
    if (user) {
      throw new CloudError(
        "DependencyViolation",
        `deleting Security Group (${id}): api error DependencyViolation: resource ${id} has a dependent object (${user.token.split(":").at(-1)} ${user.id})`,
      );
    }
  },
};

const peers = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"];

function refuseRule(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  if (peers.filter((name) => inputs[name] !== undefined).length !== 1) {
    failures.push({
      property: "referencedSecurityGroupId",
      reason: `exactly one of these attributes must be configured: [${peers.join(",")}]`,
    });
  }
  if (isKnown(inputs.cidrIpv4) && !isRange(inputs.cidrIpv4, 0, 32)) {
    failures.push({ property: "cidrIpv4", reason: `"${inputs.cidrIpv4}" is no IPv4 range such as 10.0.0.0/24` });
  }
  const all = inputs.ipProtocol === "-1";
  for (const port of ["fromPort", "toPort"]) {
    if (all && inputs[port] !== undefined)
      failures.push({ property: port, reason: 'must not be given with ipProtocol "-1", which means all ports' });
    if (["tcp", "udp"].includes(String(inputs.ipProtocol)) && inputs[port] === undefined) {
      failures.push({ property: port, reason: `must be given with ipProtocol "${inputs.ipProtocol}"` });
    }
  }
  return failures;
}

const same = (a: Properties, b: Properties) =>
  ["securityGroupId", "ipProtocol", "fromPort", "toPort", ...peers].every((name) => (a[name] ?? null) === (b[name] ?? null));

function rule(direction: Direction): ResourceDefinition {
  const token = ruleTokens[direction];
  return recorded({
    token,
    why,
    fidelity: { level: "enforces", how: "opens its group for the peer and the ports that it names, and for nothing else", test },
    replaceOn: ["securityGroupId", "region"],
    recomputed: ["tagsAll"],
    defaults: regionDefault,
    refuse: refuseRule,
    id(inputs, context) {
      checkRule(context, direction, inputs, context.orphan?.id);
      return context.orphan?.id ?? newId("sgr");
    },
    computed(inputs, id, context, before) {
      if (before) checkRule(context, direction, inputs, id);
      return {
        arn: arn("ec2", regionOf(inputs, context), accountOf(context), `security-group-rule/${id}`),
        securityGroupRuleId: id,
        tagsAll: tagsAll(inputs, context),
      };
    },
  });
}

function checkRule({ store }: Context, direction: Direction, inputs: Properties, own: string | undefined): void {
  const vpc = vpcOfGroup(store, inputs.securityGroupId);
  if (inputs.referencedSecurityGroupId !== undefined && vpcOfGroup(store, inputs.referencedSecurityGroupId) !== vpc) {
    throw new CloudError(
      "InvalidGroup.NotFound",
      `api error InvalidGroup.NotFound: You have specified two resources that belong to different networks. (${inputs.securityGroupId}, ${inputs.referencedSecurityGroupId})`,
    );
  }
  const twin = store.list(ruleTokens[direction]).find(({ id, inputs: other }) => id !== own && same(other, inputs));
  if (twin) {
    throw new CloudError(
      "InvalidPermission.Duplicate",
      `creating VPC Security Group Rule: api error InvalidPermission.Duplicate: the specified rule already exists (${twin.id})`,
    );
  }
}

export const securityGroupDefinitions: readonly ResourceDefinition[] = [group, rule("ingress"), rule("egress")];
