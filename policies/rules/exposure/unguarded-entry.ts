// What stands on the internet and takes requests refuses some of them by itself, before a program has to.
import { byType, type Check, mustBeSet } from "../../arguments.ts";
import { leadsTo } from "../../relation.ts";
import { isPresent, type Resource, read, select, textOf } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";

const loadBalancers = ["aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"];
const listeners = ["aws:lb/listener:Listener", "aws:alb/listener:Listener"];
const listenerRules = ["aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule"];
const apiStage = "aws:apigateway/stage:Stage";
const associations = ["aws:wafv2/webAclAssociation:WebAclAssociation", "aws:wafregional/webAclAssociation:WebAclAssociation"];

const isAssociation = ({ type }: Resource) => associations.includes(type);

/** Network load balancers see no requests. */
const isEntry = ({ type, props }: Resource): boolean =>
  type === apiStage ||
  (loadBalancers.includes(type) &&
    read(props, "internal") !== true &&
    ["", "application"].includes(textOf(read(props, "loadBalancerType"))));

/** An API inside a VPC. */
const isPrivate = (entry: Resource, resources: readonly Resource[]): boolean =>
  resources.some(
    (other) =>
      other.type === "aws:apigateway/restApi:RestApi" &&
      leadsTo(entry, "restApi", other) &&
      select(other.props, "endpointConfiguration.types").some(({ value }) => value === "PRIVATE"),
  );

const hasAcl = (entry: Resource, resources: readonly Resource[]): boolean =>
  resources.some((other) => isAssociation(other) && leadsTo(other, "resourceArn", entry));

const lets = ({ props }: Resource, list: string, kinds: readonly string[]): boolean =>
  select(props, `${list}[*].type`).some(({ value }) => kinds.includes(textOf(value)));
const authenticates = ["authenticate-oidc", "authenticate-cognito", "jwt-validation"];
const harmless = ["redirect", "fixed-response"];

/** Lets in only who shows something: a header, an address, a login. */
const asks = (rule: Resource): boolean =>
  lets(rule, "actions", [...authenticates, ...harmless]) ||
  ["httpHeader", "sourceIp"].some((kind) => select(rule.props, `conditions[*].${kind}`).length > 0);

/** Whether every listener refuses what no rule takes, and every rule asks for something. */
function asksByItself(entry: Resource, resources: readonly Resource[]): boolean {
  const own = resources.filter(({ type }) => listeners.includes(type)).filter((it) => leadsTo(it, "loadBalancerArn", entry));
  const rules = resources
    .filter(({ type }) => listenerRules.includes(type))
    .filter((rule) => own.some((listener) => leadsTo(rule, "listenerArn", listener)));
  return own.length > 0 && own.every((it) => lets(it, "defaultActions", [...authenticates, ...harmless])) && rules.every(asks);
}

const checkStack = (resources: readonly Resource[]): StackFinding[] =>
  resources
    .filter(isEntry)
    .filter((entry) => !isPrivate(entry, resources) && !hasAcl(entry, resources) && !asksByItself(entry, resources))
    .map(({ urn, type }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "it takes requests from the internet, and nothing refuses any of them",
        allowed:
          type === apiStage
            ? "a WebAclAssociation with its ARN"
            : "a WebAclAssociation with its ARN; or listeners that refuse by default, with rules that ask for a header, an address or a login",
      },
    }));

/** Files of a bucket need no firewall: there is no program to attack. */
const distribution: Check = (resource, context) =>
  ["customOriginConfig", "vpcOriginConfig"].some((kind) => isPresent(resource.props, `origins[*].${kind}`))
    ? mustBeSet("webAclId", "webAclId", "no limit and no rule")(resource, context)
    : [];

const armor = mustBeSet("securityPolicy", "securityPolicy (Cloud Armor), or iap", "no limit and no rule");
const requests = ["HTTP", "HTTPS", "HTTP2", "H2C", "GRPC"];

/** @param otherwise the scheme where none is set */
const backend =
  (otherwise: string): Check =>
  (resource, context) => {
    const { props } = resource;
    const scheme = textOf(read(props, "loadBalancingScheme")) || otherwise;
    const protocol = textOf(read(props, "protocol")) || "HTTP";
    const isPublic = scheme.startsWith("EXTERNAL") && requests.includes(protocol);
    return isPublic && !isPresent(props, "iap") ? armor(resource, context) : [];
  };

const backendService = "gcp:compute/backendService:BackendService";

export const unguardedEntry: Rule = {
  id: "exposure/unguarded-entry",
  title: "A public entry refuses by rules and limits of its own",
  severity: "medium",
  why: "Without a web application firewall or a condition at the door every scan, flood and injection reaches the programs that hold personal data.",
  remediation: "Attach a web ACL or a security policy with limits to what faces the internet.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.8.20" },
    { name: "ISO 27001", clause: "A.8.26" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: backendService, props: { protocol: "HTTPS", securityPolicy: "projects/brand/global/securityPolicies/shop" } }],
    fails: [{ type: backendService, props: { protocol: "HTTPS" } }],
  },
  check: byType({
    "aws:cloudfront/distribution:Distribution": [distribution],
    [backendService]: [backend("EXTERNAL")],
    "gcp:compute/regionBackendService:RegionBackendService": [backend("INTERNAL")],
  }),
  checkStack,
};
