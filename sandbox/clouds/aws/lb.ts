// Application Load Balancers and their target groups.
import { randomBytes } from "node:crypto";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { vpcOfGroup } from "./ec2-security-groups.ts";
import { gatewayOf, requireSubnet, requireVpc } from "./ec2-vpc.ts";
import { listenerToken, ruleToken } from "./lb-listener.ts";
import { groupsIn } from "./lb-routing.ts";
import { isKnown, listOf, objectOf, oneOf, textsOf } from "./values.ts";

export const loadBalancerToken = "aws:lb/loadBalancer:LoadBalancer";
export const targetGroupToken = "aws:lb/targetGroup:TargetGroup";
const test = "test/sandbox/aws/load-balancer.test.ts";
const namePattern = /^(?!internal-)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$/;

const hex = () => randomBytes(8).toString("hex");

function refuseName(name: unknown): Failure[] {
  if (!isKnown(name as string) || namePattern.test(name as string)) return [];
  return [
    {
      property: "name",
      reason: `"${name}" may have letters, digits and hyphens only, 32 at most, must not begin or end with a hyphen, nor begin with "internal-"`,
    },
  ];
}

function requireFree({ store, orphan }: Context, token: string, code: string, name: string, region: string): void {
  const twin = store.list(token).find(({ id, state }) => state.name === name && state.region === region && id !== orphan?.id);
  if (twin)
    throw new CloudError(
      code,
      `api error ${code}: A ${token.split(":").at(-1)} with the name '${name}' already exists in ${region} (${twin.id})`,
    );
}

/** Its own address of an internet-facing one: docs.aws.amazon.com/general/latest/gr/elb.html lists the zones. */
const zoneId = "Z215JYRZR1TBD5";

/** @param changed told of every balancer that is made, changed or gone */
export function loadBalancer(changed: (arn: string) => void): ResourceDefinition {
  const balancer = recorded({
    token: loadBalancerToken,
    why: "",
    fidelity: {
      level: "runs",
      how: "answers at its name and at those whose CNAME leads to it, and passes requests on to healthy targets",
      test,
    },
    autoname: { property: "name", maxLength: 32 },
    replaceOn: ["name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool", "region"], // [elbv2 load_balancer.go: ForceNew]
    recomputed: ["tagsAll", "vpcId"],
    unordered: ["subnets", "securityGroups"],
    defaults: regionDefault,
    refuse(inputs) {
      const failures = [...refuseName(inputs.name), ...oneOf("loadBalancerType", inputs.loadBalancerType, ["application"])];
      if (inputs.subnetMappings !== undefined) failures.push({ property: "subnetMappings", reason: "not available here: use subnets" });
      if (Array.isArray(inputs.securityGroups) && inputs.securityGroups.length === 0) {
        failures.push({ property: "securityGroups", reason: "an Application Load Balancer needs one at least" });
      }
      return failures;
    },
    id(inputs, context) {
      const region = regionOf(inputs, context);
      const name = String(inputs.name);
      requireFree(context, loadBalancerToken, "DuplicateLoadBalancerName", name, region);
      return context.orphan?.id ?? arn("elasticloadbalancing", region, accountOf(context), `loadbalancer/app/${name}/${hex()}`);
    },
    computed(inputs, id, context, before) {
      const { store } = context;
      const region = regionOf(inputs, context);
      const subnets = textsOf(inputs.subnets).map((each) => requireSubnet(store, each));
      if (new Set(subnets.map(({ state }) => state.availabilityZone)).size < 2) {
        throw new CloudError(
          "ValidationError",
          `creating ELBv2 application Load Balancer (${inputs.name}): api error ValidationError: At least two subnets in two different Availability Zones must be specified`,
        );
      }
      const vpcId = String(subnets[0]?.state.vpcId);
      const internal = inputs.internal === true;
      if (!internal && !gatewayOf(store, vpcId)) {
        throw new CloudError(
          "InvalidSubnet",
          `creating ELBv2 application Load Balancer (${inputs.name}): api error InvalidSubnet: VPC ${vpcId} has no internet gateway`,
        );
      }
      for (const group of textsOf(inputs.securityGroups)) {
        if (vpcOfGroup(store, group) === vpcId) continue;
        throw new CloudError(
          "InvalidConfigurationRequest",
          `api error InvalidConfigurationRequest: One or more security groups are invalid: ${group} is of another VPC`,
        );
      }
      const number = store.fact(`aws/lb/number/${id}`, () => String(100_000_000 + (randomBytes(4).readUInt32BE(0) % 900_000_000)));
      return {
        arn: id,
        arnSuffix: id.slice(id.indexOf("loadbalancer/") + "loadbalancer/".length),
        vpcId,
        dnsName: before?.state.dnsName ?? `${internal ? "internal-" : ""}${inputs.name}-${number}.${region}.elb.amazonaws.com`,
        zoneId,
        internal,
        loadBalancerType: "application",
        ipAddressType: inputs.ipAddressType ?? "ipv4",
        idleTimeout: inputs.idleTimeout ?? 60,
        enableHttp2: inputs.enableHttp2 ?? true,
        enableDeletionProtection: inputs.enableDeletionProtection ?? false,
        dropInvalidHeaderFields: inputs.dropInvalidHeaderFields ?? false,
        desyncMitigationMode: inputs.desyncMitigationMode ?? "defensive",
        preserveHostHeader: inputs.preserveHostHeader ?? false,
        xffHeaderProcessingMode: inputs.xffHeaderProcessingMode ?? "append",
        namePrefix: inputs.namePrefix ?? "",
        // Unset, the VPC's default group [SDK lb/loadBalancer].
        ...(inputs.securityGroups === undefined ? { securityGroups: [String(requireVpc(store, vpcId).state.defaultSecurityGroupId)] } : {}),
        tagsAll: tagsAll(inputs, context),
      };
    },
  });
  return {
    ...balancer,
    async create(context, inputs) {
      const made = await balancer.create(context, inputs);
      context.store.put({ token: loadBalancerToken, id: made.id, urn: context.urn, inputs, state: { ...inputs, ...made.outputs } });
      changed(made.id);
      return made;
    },
    delete({ store }, { id, state }) {
      if (state.enableDeletionProtection === true) {
        throw new CloudError(
          "OperationNotPermitted",
          `deleting ELBv2 Load Balancer (${id}): api error OperationNotPermitted: Load balancer '${id}' cannot be deleted because deletion protection is enabled`,
        );
      }
      store.remove(loadBalancerToken, id);
      changed(id);
    },
  };
}

/** Listeners and rules that send to a group. */
function usersOf(store: Store, group: string): string[] {
  const actions = (state: Properties) => [...listOf(state.defaultActions), ...listOf(state.actions)];
  return [listenerToken, ruleToken]
    .flatMap((token) => store.list(token))
    .filter(({ state }) => groupsIn(actions(state)).includes(group))
    .map(({ id }) => id);
}

/** The load balancers through which a target group gets requests. */
export function balancersOf(store: Store, group: string): string[] {
  const found = usersOf(store, group).map(
    (id) => store.get(listenerToken, id) ?? store.get(listenerToken, String(store.get(ruleToken, id)?.state.listenerArn)),
  );
  return [...new Set(found.flatMap((listener) => (listener ? [String(listener.state.loadBalancerArn)] : [])))];
}

/** What the API fills into a health check [SDK lb/targetGroup; docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html]. */
export const healthCheckOf = (state: Properties) => ({
  enabled: true,
  healthyThreshold: 3,
  interval: 30,
  matcher: "200",
  path: "/",
  port: "traffic-port",
  protocol: "HTTP",
  timeout: 5,
  unhealthyThreshold: 3,
  ...objectOf(state.healthCheck),
});

export const targetGroup: ResourceDefinition = {
  ...recorded({
    token: targetGroupToken,
    why: "",
    fidelity: { level: "runs", how: "its targets are the tasks of services, asked for their health as it says", test },
    autoname: { property: "name", maxLength: 32 },
    // [elbv2 target_group.go: ForceNew]
    replaceOn: ["name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType", "region"],
    recomputed: ["tagsAll", "loadBalancerArns"],
    defaults: regionDefault,
    refuse(inputs) {
      const failures = [
        ...refuseName(inputs.name),
        ...oneOf("protocol", inputs.protocol, ["HTTP", "HTTPS"]),
        ...oneOf("targetType", inputs.targetType, ["ip", "instance"]),
      ];
      for (const property of ["port", "protocol", "vpcId"]) {
        if (inputs[property] === undefined)
          failures.push({ property, reason: `must be set when target_type is "${inputs.targetType ?? "instance"}"` });
      }
      if (inputs.protocol === "HTTPS")
        failures.push({ property: "protocol", reason: "TLS between load balancer and task is not available here: use HTTP" });
      const { interval, timeout } = objectOf(inputs.healthCheck);
      if (typeof interval === "number" && (interval < 5 || interval > 300)) {
        failures.push({
          property: "healthCheck.interval",
          reason: `expected healthCheck.interval to be in the range (5 - 300), got ${interval}`,
        });
      }
      if (typeof timeout === "number" && timeout >= Number(interval ?? 30)) {
        failures.push({
          property: "healthCheck.timeout",
          reason: `Health check timeout '${timeout}' must be smaller than the interval '${interval ?? 30}'`,
        });
      }
      return failures;
    },
    id(inputs, context) {
      const region = regionOf(inputs, context);
      requireVpc(context.store, inputs.vpcId);
      requireFree(context, targetGroupToken, "DuplicateTargetGroupName", String(inputs.name), region);
      return context.orphan?.id ?? arn("elasticloadbalancing", region, accountOf(context), `targetgroup/${inputs.name}/${hex()}`);
    },
    computed: (inputs, id, context) => ({
      arn: id,
      arnSuffix: id.slice(id.indexOf("targetgroup/")),
      targetType: inputs.targetType ?? "instance",
      protocolVersion: inputs.protocolVersion ?? "HTTP1",
      deregistrationDelay: inputs.deregistrationDelay ?? 300,
      slowStart: inputs.slowStart ?? 0,
      ipAddressType: inputs.ipAddressType ?? "ipv4",
      loadBalancingAlgorithmType: inputs.loadBalancingAlgorithmType ?? "round_robin",
      loadBalancingAnomalyMitigation: inputs.loadBalancingAnomalyMitigation ?? "off",
      loadBalancingCrossZoneEnabled: inputs.loadBalancingCrossZoneEnabled ?? "use_load_balancer_configuration",
      loadBalancerArns: balancersOf(context.store, id),
      namePrefix: inputs.namePrefix ?? "",
      ...(inputs.healthCheck === undefined ? { healthCheck: healthCheckOf({}) } : {}),
      ...(inputs.stickiness === undefined
        ? { stickiness: { enabled: false, type: "lb_cookie", cookieDuration: 86_400, cookieName: "" } }
        : {}),
      tagsAll: tagsAll(inputs, context),
    }),
  }),
  delete({ store }, { id, state }) {
    const [user] = usersOf(store, id);
    if (user === undefined) return;
    throw new CloudError(
      "ResourceInUse",
      `deleting ELBv2 Target Group (${id}): api error ResourceInUse: Target group '${state.name}' is currently in use by a listener or a rule (${user})`,
    );
  },
};
