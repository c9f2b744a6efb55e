import type { ExampleResource } from "../../../../policies/rule.ts";
import { plainListener } from "../../../../policies/rules/encryption/plain-listener.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const listener = (props: object) => ({ type: "aws:lb/listener:Listener", props: { port: 80, ...props } });
const redirect = (protocol?: string) => ({ type: "redirect", redirect: { ...(protocol ? { protocol } : {}), statusCode: "HTTP_301" } });
const proxy: ExampleResource = {
  type: "gcp:compute/targetHttpProxy:TargetHttpProxy",
  name: "proxy",
  props: { urlMap: UNKNOWN },
  dependsOn: { urlMap: ["map"] },
};
const map = (props: object) => ({ type: "gcp:compute/uRLMap:URLMap", name: "map", props: { name: "web", ...props } });
const zone = { type: "cloudflare:index/zone:Zone", name: "zone", props: { id: "z" } };
const setting = (value: string) => ({
  type: "cloudflare:index/zoneSetting:ZoneSetting",
  name: "https",
  props: { zoneId: "z", settingId: "always_use_https", value },
});
const distribution = (policy: string) => ({
  type: "aws:cloudfront/distribution:Distribution",
  props: { defaultCacheBehavior: { viewerProtocolPolicy: "redirect-to-https" }, orderedCacheBehaviors: [{ viewerProtocolPolicy: policy }] },
});

specify(plainListener, {
  passes: [
    ["a redirect", listener({ protocol: "HTTP", defaultActions: [redirect("HTTPS")] })],
    ["a fixed answer", listener({ protocol: "HTTP", defaultActions: [{ type: "fixed-response" }] })],
    ["HTTPS", { type: "aws:alb/listener:Listener", props: { port: 443, protocol: "HTTPS", defaultActions: [{ type: "forward" }] } }],
    ["what a network load balancer passes on", listener({ port: 5432, protocol: "TCP", defaultActions: [{ type: "forward" }] })],
    ["a proxy that leads to a redirect", [proxy, map({ defaultUrlRedirect: { httpsRedirect: true, stripQuery: false } })]],
    [
      "a proxy whose map is known",
      [
        { ...proxy, props: { urlMap: "projects/p/global/urlMaps/web" }, dependsOn: {} },
        map({ defaultUrlRedirect: { httpsRedirect: true } }),
      ],
    ],
    ["a zone that redirects", [zone, setting("on")]],
    ["a distribution", distribution("https-only")],
    ["a function without a URL", { type: "gcp:cloudfunctions/function:Function", props: {} }],
  ],
  refused: [
    ["an answer", listener({ protocol: "HTTP", defaultActions: [{ type: "forward" }] }), "defaultActions[0] answers plain HTTP by forward"],
    ["an answer on port 80 without a protocol", listener({ defaultActions: [{ type: "forward" }] }), "answers plain HTTP"],
    ["a redirect that stays plain", listener({ protocol: "HTTP", defaultActions: [redirect()] }), "answers plain HTTP by redirect"],
    [
      "a classic balancer",
      { type: "aws:elb/loadBalancer:LoadBalancer", props: { listeners: [{ lbProtocol: "https" }, { lbProtocol: "http" }] } },
      "listeners[1].lbProtocol",
    ],
    ["a proxy that answers", [proxy, map({ defaultService: "s" })], "no URL map of this stack that only redirects"],
    [
      "a proxy that redirects some and answers others",
      [proxy, map({ defaultUrlRedirect: { httpsRedirect: true }, pathMatchers: [{ defaultService: "s" }] })],
      "only redirects",
    ],
    ["a zone", zone, "no setting of the zone redirects"],
    ["a zone's setting", setting("off"), 'always_use_https is "off"'],
    ["a distribution", distribution("allow-all"), "orderedCacheBehaviors[0].viewerProtocolPolicy"],
    [
      "a function with a URL",
      { type: "gcp:cloudfunctions/function:Function", props: { triggerHttp: true } },
      "httpsTriggerSecurityLevel is not set",
    ],
    [
      "App Engine",
      { type: "gcp:appengine/standardAppVersion:StandardAppVersion", props: { handlers: [{ urlRegex: ".*" }] } },
      "handlers[0].securityLevel is not set",
    ],
    ["a service network", { type: "aws:vpclattice/listener:Listener", props: { protocol: "HTTP" } }, 'protocol is "HTTP"'],
  ],
  undecided: [["a protocol", listener({ protocol: UNKNOWN }), "protocol"]],
  silent: "aws:lb/targetGroup:TargetGroup",
});
