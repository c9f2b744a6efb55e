// Who comes by plain HTTP is sent to HTTPS, and nothing else happens there.
import { byType, type Check, inEach, mustBe, mustNot, where } from "../../arguments.ts";
import { leadsTo } from "../../relation.ts";
import { isPresent, numberOf, type Resource, read, select, textOf, UNKNOWN } from "../../resource.ts";
import { type Finding, judge, type Rule, type StackFinding } from "../../rule.ts";

const redirectOnly = "defaultActions that redirect to HTTPS";
/** A listener without a protocol on port 80 is HTTP (API_CreateListener). A fixed answer tells nothing to whom it does not know. */
const listener: Check = (resource) => {
  const { props } = resource;
  const protocol = read(props, "protocol") ?? (numberOf(read(props, "port")) === 80 ? "HTTP" : undefined);
  if (protocol !== "HTTP") return protocol === UNKNOWN ? [{ kind: "undecided", property: "protocol" }] : [];
  return select(props, "defaultActions[*]").flatMap(({ path, value }): Finding[] => {
    if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
    const kind = read(props, `${path}.type`);
    const redirects = kind === "redirect" && textOf(read(props, `${path}.redirect.protocol`)) === "HTTPS";
    return redirects || kind === "fixed-response"
      ? []
      : [{ kind: "violation", property: path, problem: `${path} answers plain HTTP by ${textOf(kind)}`, allowed: redirectOnly }];
  });
};

const classic: Check = inEach("listeners[*]", (at) =>
  mustNot(`${at}.lbProtocol`, (value) => /^http$/i.test(textOf(value)), "HTTPS or SSL"),
);
const viewers = (at: string): Check =>
  mustNot(`${at}.viewerProtocolPolicy`, (value) => value === "allow-all", "redirect-to-https or https-only");
const always: Check = inEach("handlers[*]", (at) => mustBe(`${at}.securityLevel`, "SECURE_ALWAYS", "SECURE_DEFAULT: both HTTP and HTTPS"));

const zone = "cloudflare:index/zone:Zone";
const zoneSetting = "cloudflare:index/zoneSetting:ZoneSetting";
const isAlways = ({ props }: Resource): boolean => read(props, "settingId") === "always_use_https";
const zoneRedirects: Check = (resource) =>
  isAlways(resource)
    ? judge(resource, "value", ({ value }) =>
        value === "on" ? undefined : { problem: `always_use_https is ${JSON.stringify(value)}`, allowed: "on" },
      )
    : [];

const proxies = ["gcp:compute/targetHttpProxy:TargetHttpProxy", "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy"];
const maps = ["gcp:compute/uRLMap:URLMap", "gcp:compute/regionUrlMap:RegionUrlMap"];
/** Whether a URL map does nothing but redirect: it has no service to send a request to. */
const redirects = ({ props }: Resource): boolean =>
  read(props, "defaultUrlRedirect.httpsRedirect") === true &&
  ![
    "defaultService",
    "pathMatchers[*].defaultService",
    "pathMatchers[*].pathRules[*].service",
    "pathMatchers[*].routeRules[*].service",
  ].some((path) => isPresent(props, path));

/** Zones answer plain HTTP until a setting says otherwise; a proxy for HTTP of Google's leads to a URL map, which is a resource of its own. */
function checkStack(resources: readonly Resource[]): StackFinding[] {
  const finding = (urn: string, problem: string, allowed: string): StackFinding => ({
    urn,
    finding: { kind: "violation", problem, allowed },
  });
  const open = resources
    .filter(({ type }) => proxies.includes(type))
    .filter((proxy) => !resources.some((map) => maps.includes(map.type) && leadsTo(proxy, "urlMap", map) && redirects(map)))
    .map(({ urn }) =>
      finding(
        urn,
        "urlMap leads to no URL map of this stack that only redirects",
        "a URL map with defaultUrlRedirect: { httpsRedirect: true } and no service",
      ),
    );
  const zones = resources
    .filter(({ type }) => type === zone)
    .filter((it) => !resources.some((other) => other.type === zoneSetting && isAlways(other) && leadsTo(other, "zoneId", it)))
    .map(({ urn }) =>
      finding(
        urn,
        "no setting of the zone redirects plain HTTP",
        "a ZoneSetting of the zone with settingId: always_use_https and value: on",
      ),
    );
  return [...open, ...zones];
}

const listenerType = "aws:lb/listener:Listener";
const target = { type: "redirect", redirect: { protocol: "HTTPS", statusCode: "HTTP_301" } };

export const plainListener: Rule = {
  id: "encryption/plain-listener",
  title: "Plain HTTP is only ever redirected",
  severity: "high",
  why: "What is answered in plain can be read and changed on every network on the way: cookies, consents, the page itself.",
  remediation: "Redirect to HTTPS, or listen to HTTPS only.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.21" },
    { name: "SOC 2", clause: "CC6.7" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: listenerType, props: { port: 80, protocol: "HTTP", defaultActions: [target] } }],
    fails: [{ type: listenerType, props: { port: 80, protocol: "HTTP", defaultActions: [{ type: "forward" }] } }],
  },
  check: byType({
    "aws:alb/listener:Listener": [listener],
    "aws:cloudfront/distribution:Distribution": [viewers("defaultCacheBehavior"), viewers("orderedCacheBehaviors[*]")],
    "aws:elb/loadBalancer:LoadBalancer": [classic],
    [listenerType]: [listener],
    "aws:vpclattice/listener:Listener": [mustNot("protocol", (value) => value === "HTTP", "HTTPS or TLS_PASSTHROUGH")],
    [zoneSetting]: [zoneRedirects],
    "gcp:appengine/flexibleAppVersion:FlexibleAppVersion": [always],
    "gcp:appengine/standardAppVersion:StandardAppVersion": [always],
    "gcp:cloudfunctions/function:Function": [
      where("triggerHttp", (value) => value === true, mustBe("httpsTriggerSecurityLevel", "SECURE_ALWAYS", "SECURE_OPTIONAL")),
    ],
  }),
  checkStack,
};
