// The oldest TLS that an endpoint speaks. 1.0 and 1.1 are deprecated (RFC 8996); what names policies instead of versions is read by its names.
import { byType, type Check, inEach, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { type Correction, corrected } from "../../correction.ts";
import { leadsTo } from "../../relation.ts";
import { isPresent, type Resource, read, textOf, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, is, judge, type Rule, type StackFinding } from "../../rule.ts";

interface Floor {
  readonly path: string;
  readonly accepts: RegExp;
  /** What the provider takes where it is not set. */
  readonly otherwise: string;
  /** What `remediate` sets. */
  readonly right: string;
  readonly onlyIf?: (resource: Resource) => boolean;
}

const isTls = ({ props }: Resource): boolean => ["HTTPS", "TLS"].includes(textOf(read(props, "protocol")));
/** docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html: the numbers behind the family are its floor. */
const listener: Floor = {
  path: "sslPolicy",
  accepts: /^ELBSecurityPolicy-(TLS13|TLS|FS)-1-[23]-/,
  otherwise: "ELBSecurityPolicy-2016-08",
  right: "ELBSecurityPolicy-TLS13-1-2-2021-06",
  onlyIf: isTls,
};
const search: Floor = {
  path: "domainEndpointOptions.tlsSecurityPolicy",
  accepts: /^Policy-Min-TLS-1-[23]-/,
  otherwise: "what AWS takes at that time",
  right: "Policy-Min-TLS-1-2-2019-07",
};
const google: Floor = { path: "minTlsVersion", accepts: /^TLS_1_[23]$/, otherwise: "TLS_1_0", right: "TLS_1_2" };
const isMinimum = ({ props }: Resource): boolean => read(props, "settingId") === "min_tls_version";
const setting: Floor = { path: "value", accepts: /^1\.[23]$/, otherwise: "1.0", right: "1.2", onlyIf: isMinimum };
const cloudflare = (path: string): Floor => ({ ...setting, path, onlyIf: () => true });

const zoneSetting = "cloudflare:index/zoneSetting:ZoneSetting";
const floors: Readonly<Record<string, Floor>> = {
  "aws:alb/listener:Listener": listener,
  "aws:apigateway/domainName:DomainName": {
    path: "securityPolicy",
    accepts: /^(TLS_1_[23]$|SecurityPolicy_TLS1[23]_)/,
    otherwise: "what AWS takes at that time",
    right: "TLS_1_2",
  },
  "aws:apigatewayv2/domainName:DomainName": {
    path: "domainNameConfiguration.securityPolicy",
    accepts: /^(TLS_1_[23]$|SecurityPolicy_TLS1[23]_)/,
    otherwise: "what AWS takes at that time",
    right: "TLS_1_2",
  },
  // With CloudFront's own certificate the floor is TLS 1.0, whatever is set (DistributionConfig, MinimumProtocolVersion).
  "aws:cloudfront/distribution:Distribution": {
    path: "viewerCertificate.minimumProtocolVersion",
    accepts: /^TLSv1\.[23]/,
    otherwise: "TLSv1",
    right: "TLSv1.2_2021",
  },
  "aws:elasticsearch/domain:Domain": search,
  "aws:lb/listener:Listener": listener,
  "aws:opensearch/domain:Domain": search,
  "cloudflare:index/customHostname:CustomHostname": {
    ...cloudflare("ssl.settings.minTlsVersion"),
    onlyIf: ({ props }) => isPresent(props, "ssl"),
  },
  "cloudflare:index/hostnameTlsSetting:HostnameTlsSetting": setting,
  "cloudflare:index/r2CustomDomain:R2CustomDomain": cloudflare("minTls"),
  [zoneSetting]: setting,
  "gcp:compute/regionSslPolicy:RegionSslPolicy": google,
  "gcp:compute/sSLPolicy:SSLPolicy": google,
};

const accepted = ({ accepts }: Floor, value: Value | undefined): boolean => accepts.test(textOf(value));

const floor =
  (it: Floor): Check =>
  (resource): readonly Finding[] => {
    if (it.onlyIf && !it.onlyIf(resource)) return [];
    const allowed = `${it.path}: ${it.right} or newer`;
    if (!isPresent(resource.props, it.path))
      return [{ kind: "violation", property: it.path, problem: `${it.path} is not set, which means ${it.otherwise}`, allowed }];
    return judge(resource, it.path, (place) =>
      accepted(it, place.value) ? undefined : { problem: `${is(resource, place)}: older than TLS 1.2`, allowed },
    );
  };

const ownCertificate: Check = mustNot(
  "viewerCertificate.cloudfrontDefaultCertificate",
  (value) => value === true,
  "a certificate for a hostname of your own",
  "CloudFront's own certificate speaks TLS 1.0",
);
const oldProtocol = /^(SSLv3|TLSv1|TLSv1\.1)$/;
const origins = mustNot(
  "origins[*].customOriginConfig.originSslProtocols[*]",
  (value) => typeof value === "string" && oldProtocol.test(value),
  "TLSv1.2",
);

/** Google's load balancers speak TLS 1.0 unless a policy says otherwise (cloud.google.com/load-balancing/docs/ssl-policies-concepts). */
const policy: Check = ({ props }) =>
  isPresent(props, "sslPolicy")
    ? []
    : [
        {
          kind: "violation",
          property: "sslPolicy",
          problem: "sslPolicy is not set, which means TLS 1.0 and newer",
          allowed: "an SSL policy with minTlsVersion: TLS_1_2",
        },
      ];

/** The classic load balancer switches each version by an attribute, or names a policy. */
const attributes =
  (list: string): Check =>
  (resource, context) =>
    inEach(list, (at) => ({ props }) => {
      const name = read(props, `${at}.name`);
      const value = read(props, `${at}.value`);
      const isOld = /^Protocol-(SSLv3|TLSv1|TLSv1\.1)$/.test(textOf(name)) && value === "true";
      const isOldPolicy = name === "Reference-Security-Policy" && value !== UNKNOWN && !listener.accepts.test(textOf(value));
      return isOld || isOldPolicy
        ? [
            {
              kind: "violation",
              property: `${at}.value`,
              problem: `${textOf(name)} is ${textOf(value)}: older than TLS 1.2`,
              allowed: "ELBSecurityPolicy-TLS-1-2-2017-01, or Protocol-TLSv1.2 alone",
            },
          ]
        : [];
    })(resource, context);

/** Databases keep the versions they speak in parameters: `ssl_min_protocol_version` (PostgreSQL), `tls_version` (MySQL). */
const parameters: Check = inEach("parameters[*]", (at) => ({ props }) => {
  const [name, value] = [textOf(read(props, `${at}.name`)), textOf(read(props, `${at}.value`))];
  const old =
    ["ssl_min_protocol_version", "tls_version"].includes(name) && value.split(",").some((version) => oldProtocol.test(version.trim()));
  return old ? [{ kind: "violation", property: `${at}.value`, problem: `${name} is ${value}`, allowed: "TLSv1.2 and TLSv1.3" }] : [];
});

const more: Readonly<Record<string, readonly Check[]>> = {
  "aws:cloudfront/distribution:Distribution": [ownCertificate, origins],
  "aws:elb/loadBalancerPolicy:LoadBalancerPolicy": [attributes("policyAttributes[*]")],
  "aws:elb/sslNegotiationPolicy:SslNegotiationPolicy": [attributes("attributes[*]")],
  "aws:rds/clusterParameterGroup:ClusterParameterGroup": [parameters],
  "aws:rds/parameterGroup:ParameterGroup": [parameters],
  "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": [policy],
  "gcp:compute/targetHttpsProxy:TargetHttpsProxy": [policy],
  "gcp:compute/targetSSLProxy:TargetSSLProxy": [policy],
};

const types = [...new Set([...Object.keys(floors), ...Object.keys(more)])];
const checksOf = (type: string): Check[] => [...(floors[type] ? [floor(floors[type])] : []), ...(more[type] ?? [])];

/** A zone speaks TLS 1.0 until a setting says otherwise. */
const checkStack = (resources: readonly Resource[], _context: Context): StackFinding[] =>
  resources
    .filter(({ type }) => type === "cloudflare:index/zone:Zone")
    .filter((zone) => !resources.some((other) => other.type === zoneSetting && isMinimum(other) && leadsTo(other, "zoneId", zone)))
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "no setting of the zone names a minimum, which means TLS 1.0",
        allowed: "a ZoneSetting of the zone with settingId: min_tls_version and value: 1.2",
      },
    }));

function remediate(resource: Resource) {
  const it = Object.hasOwn(floors, resource.type) ? floors[resource.type] : undefined;
  if (!it || (it.onlyIf && !it.onlyIf(resource)) || read(resource.props, "viewerCertificate.cloudfrontDefaultCertificate") === true)
    return undefined;
  const correction: Correction = { path: it.path, right: it.right, accepts: (value) => accepted(it, value) };
  return corrected(resource, [correction]);
}

const proxy = "gcp:compute/regionSslPolicy:RegionSslPolicy";

export const tlsFloor: Rule = {
  id: "encryption/tls-floor",
  title: "No endpoint speaks a TLS older than 1.2",
  severity: "high",
  why: "Older versions have known breaks; whoever sits between a person and the brand can force a connection down to them and read it.",
  remediation: "Set the minimum to TLS 1.2, or to a policy whose name says 1-2 or 1-3.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "ISO 27001", clause: "A.8.21" },
    { name: "SOC 2", clause: "CC6.7" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: proxy, props: { minTlsVersion: "TLS_1_2", profile: "RESTRICTED" } }],
    fails: [{ type: proxy, props: { profile: "MODERN" } }],
  },
  check: byType(Object.fromEntries(types.map((type) => [type, checksOf(type)]))),
  checkStack,
  remediate,
};
