// Listeners of load balancers, and their rules.
import { randomBytes } from "node:crypto";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition } from "../../engine/definition.ts";
import type { Internet } from "../../engine/internet.ts";
import { recorded } from "../../engine/recorded.ts";
import { regionDefault, regionOf, tagsAll } from "./account.ts";
import { findCertificate, isIssued } from "./acm.ts";
import { groupsIn } from "./lb-routing.ts";
import { isKnown, listOf, objectOf, oneOf } from "./values.ts";

export const listenerToken = "aws:lb/listener:Listener";
export const ruleToken = "aws:lb/listenerRule:ListenerRule";
const test = "test/sandbox/aws/load-balancer.test.ts";
const hex = () => randomBytes(8).toString("hex");

/** docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html */
const sslPolicies =
  /^ELBSecurityPolicy-(2016-08|2015-05|TLS-1-[012](-Ext)?-20\d\d-\d\d|FS-.+|TLS13-1-[0123](-Ext[012]|-Res|-FIPS.*|-PQ.*)?(-.+)?-20\d\d-\d\d)$/;
/** What the provider and the API take where none is named [SDK lb/listener]. */
const defaultPolicy = "ELBSecurityPolicy-2016-08";
const actionTypes = ["forward", "redirect", "fixed-response"];

function refuseActions(property: string, actions: readonly Properties[]): Failure[] {
  return actions.flatMap((action, index) => {
    const at = `${property}[${index}]`;
    const failures = oneOf(`${at}.type`, action.type, actionTypes);
    if (action.type === "forward" && action.targetGroupArn === undefined && action.forward === undefined) {
      failures.push({ property: at, reason: 'either "targetGroupArn" or "forward" must be specified when type is "forward"' });
    }
    if (action.type === "redirect" && objectOf(action.redirect).statusCode === undefined) {
      failures.push({ property: `${at}.redirect.statusCode`, reason: "must be specified: HTTP_301 or HTTP_302" });
    }
    if (action.type === "fixed-response" && objectOf(action.fixedResponse).contentType === undefined) {
      failures.push({ property: `${at}.fixedResponse.contentType`, reason: "must be specified, such as text/plain" });
    }
    return failures;
  });
}

/** @throws CloudError when a group is not there, or belongs to another network than the balancer */
function requireGroups({ store }: Context, actions: readonly Properties[], balancerArn: string): void {
  const balancer = store.get("aws:lb/loadBalancer:LoadBalancer", balancerArn);
  if (!balancer) {
    throw new CloudError(
      "LoadBalancerNotFound",
      `creating ELBv2 Listener: api error LoadBalancerNotFound: One or more load balancers not found (${balancerArn})`,
    );
  }
  for (const arn of groupsIn(actions)) {
    const group = store.get("aws:lb/targetGroup:TargetGroup", arn);
    if (!group) throw new CloudError("TargetGroupNotFound", `api error TargetGroupNotFound: Target groups '${arn}' not found`);
    if (group.state.vpcId !== balancer.state.vpcId) {
      throw new CloudError(
        "InvalidConfigurationRequest",
        `api error InvalidConfigurationRequest: The target group '${arn}' and load balancer '${balancerArn}' are in different VPCs`,
      );
    }
  }
}

export function listener(internet: Internet): ResourceDefinition {
  return {
    ...recorded({
      token: listenerToken,
      why: "",
      fidelity: { level: "runs", how: "takes requests of its scheme at its port, with a certificate that fits the name", test },
      replaceOn: ["loadBalancerArn", "region"], // [elbv2 listener.go: ForceNew]
      recomputed: ["tagsAll"],
      defaults: (inputs, context) => ({
        ...regionDefault(inputs, context),
        ...(inputs.protocol === undefined ? { protocol: "HTTP" } : {}),
        ...(inputs.protocol === "HTTPS" && inputs.sslPolicy === undefined ? { sslPolicy: defaultPolicy } : {}),
      }),
      refuse(inputs) {
        const failures = [
          ...oneOf("protocol", inputs.protocol, ["HTTP", "HTTPS"]),
          ...refuseActions("defaultActions", listOf(inputs.defaultActions)),
        ];
        if (inputs.port === undefined) failures.push({ property: "port", reason: "must be specified" });
        if (isKnown(inputs.sslPolicy) && !sslPolicies.test(inputs.sslPolicy)) {
          failures.push({
            property: "sslPolicy",
            reason: `SSL policy '${inputs.sslPolicy}' not found; a usual one is ELBSecurityPolicy-TLS13-1-2-2021-06`,
          });
        }
        if (inputs.protocol !== "HTTPS" && inputs.certificateArn !== undefined) {
          failures.push({ property: "certificateArn", reason: "a certificate cannot be specified for HTTP listeners" });
        }
        if (inputs.protocol === "HTTPS" && inputs.certificateArn === undefined) {
          failures.push({ property: "certificateArn", reason: "A certificate must be specified for HTTPS listeners" });
        }
        return failures;
      },
      id(inputs, context) {
        const balancer = String(inputs.loadBalancerArn);
        const twin = context.store
          .list(listenerToken)
          .find(({ id, state }) => state.loadBalancerArn === balancer && state.port === inputs.port && id !== context.orphan?.id);
        if (twin) {
          throw new CloudError(
            "DuplicateListener",
            `creating ELBv2 Listener (${balancer}): api error DuplicateListener: A listener already exists on this port for this load balancer '${balancer}'`,
          );
        }
        return context.orphan?.id ?? `${balancer.replace(":loadbalancer/", ":listener/")}/${hex()}`;
      },
      computed(inputs, id, context) {
        const { store } = context;
        requireGroups(context, listOf(inputs.defaultActions), String(inputs.loadBalancerArn));
        if (inputs.protocol === "HTTPS") {
          const found = findCertificate(store, String(inputs.certificateArn));
          if (!found || found.state.region !== regionOf(inputs, context)) {
            throw new CloudError("CertificateNotFound", `api error CertificateNotFound: Certificate '${inputs.certificateArn}' not found`);
          }
          if (!isIssued(store, internet, found)) {
            throw new CloudError(
              "UnsupportedCertificate",
              `creating ELBv2 Listener (${inputs.loadBalancerArn}): api error UnsupportedCertificate: The certificate '${found.id}' must have a fully-qualified domain name, a supported signature, and a supported key size. (It is not issued yet: wait for its CertificateValidation)`,
            );
          }
        }
        return { arn: id, ...(inputs.sslPolicy === undefined ? { sslPolicy: "" } : {}), tagsAll: tagsAll(inputs, context) };
      },
    }),
    delete({ store }, { id }) {
      for (const rule of store.list(ruleToken)) if (rule.state.listenerArn === id) store.remove(ruleToken, rule.id);
    },
  };
}

const conditionKinds = ["hostHeader", "pathPattern", "httpHeader", "httpRequestMethod", "queryStrings", "sourceIp"];

export const listenerRule: ResourceDefinition = recorded({
  token: ruleToken,
  why: "",
  fidelity: { level: "runs", how: "picks requests by host, path, method, header or query, in the order of priority", test },
  replaceOn: ["listenerArn", "region"],
  recomputed: ["tagsAll"],
  defaults: regionDefault,
  refuse(inputs) {
    const failures = refuseActions("actions", listOf(inputs.actions));
    for (const [index, condition] of listOf(inputs.conditions).entries()) {
      const given = conditionKinds.filter((kind) => condition[kind] !== undefined);
      if (given.length !== 1)
        failures.push({
          property: `conditions[${index}]`,
          reason: `only one of \`${conditionKinds.join(",")}\` can be specified, and one must be`,
        });
    }
    if (typeof inputs.priority === "number" && (inputs.priority < 1 || inputs.priority > 50_000)) {
      failures.push({ property: "priority", reason: `expected priority to be in the range (1 - 50000), got ${inputs.priority}` });
    }
    if (inputs.transforms !== undefined) failures.push({ property: "transforms", reason: "transforms are not available here" });
    return failures;
  },
  id(inputs, context) {
    const owner = String(inputs.listenerArn);
    if (!context.store.get(listenerToken, owner)) {
      throw new CloudError(
        "ListenerNotFound",
        `creating ELBv2 Listener Rule: api error ListenerNotFound: One or more listeners not found (${owner})`,
      );
    }
    return context.orphan?.id ?? `${owner.replace(":listener/", ":listener-rule/")}/${hex()}`;
  },
  computed(inputs, id, context, before) {
    const { store } = context;
    const owner = store.get(listenerToken, String(inputs.listenerArn));
    requireGroups(context, listOf(inputs.actions), String(owner?.state.loadBalancerArn));
    const others = store.list(ruleToken).filter((row) => row.state.listenerArn === inputs.listenerArn && row.id !== id);
    const taken = others.map(({ state }) => Number(state.priority));
    if (inputs.priority !== undefined && taken.includes(Number(inputs.priority))) {
      throw new CloudError(
        "PriorityInUse",
        `creating ELBv2 Listener Rule: api error PriorityInUse: Priority '${inputs.priority}' is currently in use`,
      );
    }
    return {
      arn: id,
      ...(inputs.priority === undefined ? { priority: before?.state.priority ?? Math.max(0, ...taken) + 1 } : {}),
      tagsAll: tagsAll(inputs, context),
    };
  },
});
