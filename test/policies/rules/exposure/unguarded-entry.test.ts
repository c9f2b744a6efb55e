import type { ExampleResource } from "../../../../policies/rule.ts";
import { unguardedEntry } from "../../../../policies/rules/exposure/unguarded-entry.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/1";
const balancer = { type: "aws:lb/loadBalancer:LoadBalancer", name: "shop", props: { arn } };
const listener = (kind: string): ExampleResource => ({
  type: "aws:lb/listener:Listener",
  name: "https",
  props: { loadBalancerArn: UNKNOWN, defaultActions: [{ type: kind }] },
  dependsOn: { loadBalancerArn: ["shop"] },
});
const rule = (...conditions: object[]): ExampleResource => ({
  type: "aws:lb/listenerRule:ListenerRule",
  name: "rule",
  props: { listenerArn: UNKNOWN, actions: [{ type: "forward" }], conditions: conditions as { readonly [key: string]: string }[] },
  dependsOn: { listenerArn: ["https"] },
});
const association = (props: { readonly [key: string]: string }) => ({
  type: "aws:wafv2/webAclAssociation:WebAclAssociation",
  name: "waf",
  props,
});
const open = "nothing refuses any of them";
const header = { httpHeader: { httpHeaderName: "authorization", values: ["*"] } } as object;
const backend = "gcp:compute/backendService:BackendService";

specify(unguardedEntry, {
  passes: [
    ["a balancer with a firewall", [balancer, association({ resourceArn: arn })]],
    [
      "one whose ARN is not known yet",
      [balancer, { ...association({}), props: { resourceArn: UNKNOWN }, dependsOn: { resourceArn: ["shop"] } }],
    ],
    ["one that asks for a header", [balancer, listener("fixed-response"), rule({ hostHeader: { values: ["a"] } }, header)]],
    ["one that asks for a login", [balancer, listener("authenticate-oidc")]],
    ["one that only redirects", [balancer, listener("redirect")]],
    ["one inside", { type: "aws:alb/loadBalancer:LoadBalancer", props: { internal: true } }],
    ["one that sees no requests", { type: "aws:lb/loadBalancer:LoadBalancer", props: { loadBalancerType: "network" } }],
    [
      "a distribution of a bucket's files",
      { type: "aws:cloudfront/distribution:Distribution", props: { origins: [{ originAccessControlId: "o" }] } },
    ],
    [
      "a stage of an API inside a VPC",
      [
        { type: "aws:apigateway/restApi:RestApi", name: "inside", props: { endpointConfiguration: { types: "PRIVATE" } } },
        { type: "aws:apigateway/stage:Stage", props: { restApi: UNKNOWN }, dependsOn: { restApi: ["inside"] } },
      ],
    ],
    ["a backend with a security policy", { type: backend, props: { protocol: "HTTPS", securityPolicy: UNKNOWN } }],
    ["a backend behind a login", { type: backend, props: { iap: { enabled: true } } }],
    ["a backend inside", { type: "gcp:compute/regionBackendService:RegionBackendService", props: { protocol: "HTTP" } }],
    ["a backend that sees no requests", { type: backend, props: { protocol: "TCP" } }],
    [
      "a distribution with a firewall",
      {
        type: "aws:cloudfront/distribution:Distribution",
        props: { webAclId: UNKNOWN, origins: [{ customOriginConfig: { httpsPort: 443 } }] },
      },
    ],
  ],
  refused: [
    ["a balancer alone", balancer, open],
    ["the older name of one", { type: "aws:alb/loadBalancer:LoadBalancer" }, open],
    ["one that forwards by default", [balancer, listener("forward")], open],
    ["one with a rule for everyone", [balancer, listener("fixed-response"), rule({ hostHeader: { values: ["a"] } })], open],
    [
      "a firewall on something else",
      [balancer, association({ resourceArn: "arn:aws:apigateway:eu-central-1::/restapis/a/stages/b" })],
      open,
    ],
    ["a stage of an API", { type: "aws:apigateway/stage:Stage" }, open],
    [
      "a distribution",
      { type: "aws:cloudfront/distribution:Distribution", props: { origins: [{ customOriginConfig: { httpsPort: 443 } }] } },
      "webAclId is not set",
    ],
    ["a backend", { type: backend, props: { protocol: "HTTPS" } }, "securityPolicy is not set"],
    [
      "a backend of a region",
      { type: "gcp:compute/regionBackendService:RegionBackendService", props: { loadBalancingScheme: "EXTERNAL_MANAGED" } },
      "securityPolicy is not set",
    ],
  ],
  silent: "aws:lb/targetGroup:TargetGroup",
});
