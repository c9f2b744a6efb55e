import { DnsRecord, type DnsRecordArgs } from "@pulumi/cloudflare/dnsRecord.js";
import { Certificate, type CertificateArgs } from "@pulumi/gcp/certificatemanager/certificate.js";
import { DnsAuthorization, type DnsAuthorizationArgs } from "@pulumi/gcp/certificatemanager/dnsAuthorization.js";
import { Address, type AddressArgs } from "@pulumi/gcp/compute/address.js";
import { ForwardingRule, type ForwardingRuleArgs } from "@pulumi/gcp/compute/forwardingRule.js";
import { RegionBackendService, type RegionBackendServiceArgs } from "@pulumi/gcp/compute/regionBackendService.js";
import { RegionNetworkEndpointGroup, type RegionNetworkEndpointGroupArgs } from "@pulumi/gcp/compute/regionNetworkEndpointGroup.js";
import { RegionSecurityPolicy, type RegionSecurityPolicyArgs } from "@pulumi/gcp/compute/regionSecurityPolicy.js";
import { RegionSslPolicy, type RegionSslPolicyArgs } from "@pulumi/gcp/compute/regionSslPolicy.js";
import { RegionTargetHttpsProxy, type RegionTargetHttpsProxyArgs } from "@pulumi/gcp/compute/regionTargetHttpsProxy.js";
import { RegionUrlMap, type RegionUrlMapArgs } from "@pulumi/gcp/compute/regionUrlMap.js";
import type { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { labels, refuse, type Transform, transformed } from "../component.ts";

/** A Cloud Run service behind the load balancer, and which requests are its. */
export interface Backend {
  /** Lower-case letters, digits and hyphens, at most 40; unique. Names its parts. */
  readonly name: string;
  /** Name of the Cloud Run service, in the jurisdiction's location. Its ingress must let load balancers in. */
  readonly service: pulumi.Input<string>;
  /** `services-eu.brand.example`: one label below the zone. Gets a DNS record and a certificate of its own. */
  readonly hostname: string;
  /**
   * Path patterns of that hostname: `/v1/things/*`. A longer pattern wins. Default: all that no other backend of the hostname
   * names; each hostname has exactly one such backend.
   */
  readonly paths?: readonly string[];
  /** Lower case: the header in which every caller shows a token. Requests without it are refused before they reach an instance. */
  readonly tokenHeader: string;
  /**
   * What one address may ask in a minute, in requests. Default 60,000. Cloudflare's addresses are shared by all who pass through
   * it: too low refuses people at busy hours, too high lets one address fill the service's instances.
   */
  readonly requestsPerMinute?: number;
}

export interface RegionalLoadBalancerArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  /** The Cloudflare zone in which the hostnames stand. */
  readonly zoneId: string;
  readonly network: pulumi.Input<string>;
  /** The network's proxy-only subnetwork in the same region: without an active one no rule can be made. */
  readonly proxySubnetwork: Subnetwork;
  /** At least one; the first without `paths` also gets what names no known host. */
  readonly backends: readonly Backend[];
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly address?: Transform<AddressArgs>;
    readonly sslPolicy?: Transform<RegionSslPolicyArgs>;
    readonly securityPolicy?: Transform<RegionSecurityPolicyArgs>;
    readonly group?: Transform<RegionNetworkEndpointGroupArgs>;
    readonly backendService?: Transform<RegionBackendServiceArgs>;
    readonly urlMap?: Transform<RegionUrlMapArgs>;
    readonly authorization?: Transform<DnsAuthorizationArgs>;
    readonly certificate?: Transform<CertificateArgs>;
    readonly proxy?: Transform<RegionTargetHttpsProxyArgs>;
    readonly rule?: Transform<ForwardingRuleArgs>;
    /** Of the hostnames and of the proofs for their certificates. */
    readonly record?: Transform<DnsRecordArgs>;
  };
}

const everyone = { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } };

/**
 * The way into a region's services: one address, TLS ended inside the jurisdiction, requests routed by host and path to Cloud Run.
 *
 * Rests on: the rule needs `network`, and an active proxy-only subnetwork that no property links to it; a backend service takes
 * `capacityScaler` and neither timeout nor health check before a serverless group (Cloud Run's own timeout holds); groups, proxies and
 * certificates cannot be changed while in use, so they have made-up names and a replacement comes before the old one goes; an address
 * and port hold one rule, so the old rule goes first. A certificate is issued some minutes after its record stands in the DNS, and needs the
 * record again at every renewal: each hostname has a certificate of its own, so that a hostname more leaves the others served. The zone's
 * CAA records, if it has any, must allow pki.goog. See docs/decisions/0007-who-may-call-a-service.md.
 */
export class RegionalLoadBalancer extends pulumi.ComponentResource {
  readonly nodes: {
    readonly address: Address;
    readonly sslPolicy: RegionSslPolicy;
    readonly securityPolicies: Readonly<Record<string, RegionSecurityPolicy>>;
    readonly groups: Readonly<Record<string, RegionNetworkEndpointGroup>>;
    readonly backendServices: Readonly<Record<string, RegionBackendService>>;
    readonly urlMap: RegionUrlMap;
    readonly certificates: readonly Certificate[];
    readonly proxy: RegionTargetHttpsProxy;
    readonly rule: ForwardingRule;
    /** By hostname. */
    readonly records: Readonly<Record<string, DnsRecord>>;
  };

  constructor(name: string, args: RegionalLoadBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:RegionalLoadBalancer", name, {}, options);
    refuse("RegionalLoadBalancer", name, problemsOf(args.backends));
    const { project, jurisdiction, zoneId, backends, transform = {} } = args;
    const { region, gcp } = residencyOf(jurisdiction);
    const place = { project, region: gcp.location };
    const child: pulumi.CustomResourceOptions = { parent: this };
    const first: pulumi.CustomResourceOptions = { parent: this, dependsOn: args.dependsOn };
    // With the STANDARD tier requests enter Google's network in the region itself, not wherever the caller is.
    const networkTier = "STANDARD";
    const mains = backends.filter(({ paths }) => paths === undefined);

    const address = new Address(
      `${name}-address`,
      ...transformed(
        transform.address,
        { ...place, name: `balancer-${region}`, addressType: "EXTERNAL", networkTier, labels: labels(jurisdiction, "operational") },
        first,
      ),
    );
    const sslPolicy = new RegionSslPolicy(
      `${name}-tls`,
      ...transformed(transform.sslPolicy, { ...place, name: `balancer-${region}`, minTlsVersion: "TLS_1_2", profile: "RESTRICTED" }, first),
    );

    const securityPolicies: Record<string, RegionSecurityPolicy> = {};
    const groups: Record<string, RegionNetworkEndpointGroup> = {};
    const backendServices: Record<string, RegionBackendService> = {};
    for (const backend of backends) {
      const securityPolicy = new RegionSecurityPolicy(
        `${name}-${backend.name}-policy`,
        ...transformed(
          transform.securityPolicy,
          { ...place, name: `${backend.name}-${region}`, type: "CLOUD_ARMOR", rules: rulesOf(backend) },
          first,
        ),
      );
      const group = new RegionNetworkEndpointGroup(
        `${name}-${backend.name}-group`,
        ...transformed(transform.group, { ...place, networkEndpointType: "SERVERLESS", cloudRun: { service: backend.service } }, first),
      );
      const backendService = new RegionBackendService(
        `${name}-${backend.name}-backend`,
        ...transformed(
          transform.backendService,
          {
            ...place,
            name: `${backend.name}-${region}`,
            protocol: "HTTPS",
            loadBalancingScheme: "EXTERNAL_MANAGED",
            backends: [{ group: group.id, capacityScaler: 1 }],
            securityPolicy: securityPolicy.id,
            // Its logs would hold addresses and paths, and so subjects.
            logConfig: { enable: false },
          },
          child,
        ),
      );
      securityPolicies[backend.name] = securityPolicy;
      groups[backend.name] = group;
      backendServices[backend.name] = backendService;
    }

    const serviceOf = (backend: Backend) => (backendServices[backend.name] as RegionBackendService).id;
    const urlMap = new RegionUrlMap(
      `${name}-map`,
      ...transformed(
        transform.urlMap,
        {
          ...place,
          name: `balancer-${region}`,
          defaultService: serviceOf(mains[0] as Backend),
          hostRules: mains.map((main) => ({ hosts: [main.hostname], pathMatcher: main.name })),
          pathMatchers: mains.map((main) => ({
            name: main.name,
            defaultService: serviceOf(main),
            pathRules: backends
              .filter(({ hostname, paths }) => hostname === main.hostname && paths !== undefined)
              .map((backend) => ({ paths: [...(backend.paths ?? [])], service: serviceOf(backend) })),
          })),
        },
        child,
      ),
    );

    const certificates = mains.map((main) => {
      const authorization = new DnsAuthorization(
        `${name}-${main.name}-authorization`,
        ...transformed(
          transform.authorization,
          { project, location: gcp.location, domain: main.hostname, labels: labels(jurisdiction, "operational") },
          first,
        ),
      );
      // Taken from the authorisation, never composed: its name is the project's own. Without the final dot, which Cloudflare does not keep.
      const proof = (part: "name" | "type" | "data") =>
        authorization.dnsResourceRecords.apply((records) => String(records[0]?.[part]).replace(/\.$/, ""));
      const record = new DnsRecord(
        `${name}-${main.name}-proof`,
        ...transformed(
          transform.record,
          {
            zoneId,
            name: proof("name"),
            type: proof("type"),
            content: proof("data"),
            ttl: 300,
            proxied: false,
            comment: `Proves ${main.hostname} to Google for its certificate, at every renewal`,
          },
          child,
        ),
      );
      return new Certificate(
        `${name}-${main.name}-certificate`,
        ...transformed(
          transform.certificate,
          {
            project,
            location: gcp.location,
            managed: { domains: [main.hostname], dnsAuthorizations: [authorization.id] },
            labels: labels(jurisdiction, "operational"),
          },
          { ...child, dependsOn: [record] },
        ),
      );
    });

    const proxy = new RegionTargetHttpsProxy(
      `${name}-proxy`,
      ...transformed(
        transform.proxy,
        {
          ...place,
          urlMap: urlMap.id,
          sslPolicy: sslPolicy.id,
          certificateManagerCertificates: certificates.map(({ id }) => id),
        },
        child,
      ),
    );
    const rule = new ForwardingRule(
      `${name}-rule`,
      ...transformed(
        transform.rule,
        {
          ...place,
          name: `balancer-${region}`,
          loadBalancingScheme: "EXTERNAL_MANAGED",
          ipProtocol: "TCP",
          portRange: "443",
          ipAddress: address.address,
          network: args.network,
          networkTier,
          target: proxy.id,
          labels: labels(jurisdiction, "operational"),
        },
        { ...child, dependsOn: [args.proxySubnetwork], deleteBeforeReplace: true },
      ),
    );
    const records: Record<string, DnsRecord> = {};
    for (const main of mains)
      records[main.hostname] = new DnsRecord(
        `${name}-${main.name}-record`,
        ...transformed(
          transform.record,
          // Unproxied: Cloudflare would end TLS wherever the caller is.
          { zoneId, name: main.hostname, type: "A", content: address.address, ttl: 300, proxied: false },
          { ...child, dependsOn: [rule] },
        ),
      );
    this.nodes = { address, sslPolicy, securityPolicies, groups, backendServices, urlMap, certificates, proxy, rule, records };
    this.registerOutputs({ address: address.address });
  }

  /**
   * https origin of one of its hostnames; known once its record stands.
   * @throws Error that names the hostnames there are
   */
  origin(hostname: string): pulumi.Output<string> {
    const record = this.nodes.records[hostname];
    if (!record) throw new Error(`the load balancer has no hostname "${hostname}"; it has ${Object.keys(this.nodes.records).join(", ")}`);
    return record.id.apply(() => `https://${hostname}`);
  }
}

/** What shows no token is refused, what asks too often is slowed down; that a token is valid is the service's own check. */
const rulesOf = ({ tokenHeader, requestsPerMinute = 60_000 }: Backend) => [
  {
    priority: 1000,
    action: "deny(403)",
    description: "No token, no answer",
    match: { expr: { expression: `!has(request.headers['${tokenHeader}'])` } },
  },
  {
    priority: 2000,
    action: "throttle",
    description: "A ceiling for each address",
    match: everyone,
    rateLimitOptions: {
      conformAction: "allow",
      exceedAction: "deny(429)",
      enforceOnKey: "IP",
      rateLimitThreshold: { count: requestsPerMinute, intervalSec: 60 },
    },
  },
  { priority: 2147483647, action: "deny(403)", description: "Whatever no rule above lets pass", match: everyone },
];

function problemsOf(backends: readonly Backend[]): (string | false)[] {
  const hostnames = [...new Set(backends.map(({ hostname }) => hostname))];
  const names = backends.map(({ name }) => name);
  return [
    backends.length === 0 && "it has no backends; give one at least",
    ...names.map(
      (name) =>
        !/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name) && `backend "${name}": 1 to 40 lower-case letters, digits and hyphens are allowed`,
    ),
    new Set(names).size < names.length && `two backends have one name; there are ${names.join(", ")}`,
    ...hostnames.map((hostname) => {
      const mains = backends.filter((backend) => backend.hostname === hostname && backend.paths === undefined).length;
      return mains !== 1 && `${mains} backends of ${hostname} name no paths; exactly one must, which gets all that the others leave`;
    }),
    ...backends.map(
      ({ name, tokenHeader }) =>
        !/^[a-z0-9-]+$/.test(tokenHeader) && `tokenHeader "${tokenHeader}" of ${name}: a header's name in lower case is allowed`,
    ),
    ...backends.map(
      ({ name, requestsPerMinute = 1 }) =>
        (!Number.isInteger(requestsPerMinute) || requestsPerMinute < 1) &&
        `requestsPerMinute ${requestsPerMinute} of ${name}: a whole number from 1 is allowed`,
    ),
  ];
}
