import { Certificate, type CertificateArgs } from "@pulumi/aws/acm/certificate.js";
import { CertificateValidation } from "@pulumi/aws/acm/certificateValidation.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Listener, type ListenerArgs } from "@pulumi/aws/lb/listener.js";
import { LoadBalancer, type LoadBalancerArgs } from "@pulumi/aws/lb/loadBalancer.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, labels, refuse, type Transform, transformed } from "../component.ts";
import type { AwsNetwork } from "./aws-network.ts";

export interface ApplicationLoadBalancerArgs {
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  readonly network: AwsNetwork;
  /** `telemetry-aws-eu.brand.example`: one label below the zone, where its record and the proof for its certificate are made. */
  readonly hostname: string;
  /** Of the Cloudflare zone that holds the hostname. */
  readonly zoneId: string;
  readonly transform?: {
    readonly balancer?: Transform<LoadBalancerArgs>;
    readonly certificate?: Transform<CertificateArgs>;
    readonly listener?: Transform<ListenerArgs>;
  };
}

/**
 * The way into a region's services in AWS: TLS ended inside the jurisdiction, for one hostname. What no service's rule takes is 404.
 *
 * Rests on: a listener takes an issued certificate only, so it waits for the validation, which waits for the proof in the DNS; the proof stays for the
 * renewals, and CAA records of the zone, if it has any, must allow amazon.com; the default TLS policy is that of 2016; a balancer that faces the internet needs the VPC's gateway, which no property
 * links to it. It writes no access log: that would hold addresses. Anyone may connect to port 443: who is let in is decided by the token
 * that every request carries, as the addresses of Workers and Cloud Run are shared with others.
 */
export class ApplicationLoadBalancer extends pulumi.ComponentResource {
  readonly nodes: {
    readonly group: SecurityGroup;
    readonly balancer: LoadBalancer;
    readonly certificate: Certificate;
    readonly validation: CertificateValidation;
    readonly listener: Listener;
    readonly record: DnsRecord;
  };
  readonly hostname: string;

  constructor(name: string, args: ApplicationLoadBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:ApplicationLoadBalancer", name, {}, options);
    const { jurisdiction, network, hostname, zoneId, transform = {} } = args;
    refuse("ApplicationLoadBalancer", name, [
      !/^[a-z0-9-]+(\.[a-z0-9-]+){2,}$/.test(hostname) && `hostname "${hostname}": a lower-case name below a zone is allowed`,
    ]);
    this.hostname = hostname;
    const { region } = residencyOf(jurisdiction);
    const durable = args.lifecycle === "durable";
    const child: pulumi.CustomResourceOptions = { parent: this };
    const tags = labels(jurisdiction, "operational");

    const group = new SecurityGroup(
      `${name}-group`,
      { name: `${name}-${region}`, description: `Load balancer of ${hostname}`, vpcId: network.nodes.vpc.id, tags },
      child,
    );
    new SecurityGroupIngressRule(
      `${name}-https`,
      { securityGroupId: group.id, ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0", tags },
      child,
    );
    const balancer = new LoadBalancer(
      `${name}-balancer`,
      ...transformed(
        transform.balancer,
        {
          // 32 characters at most: one that the provider makes up would be longer (API_CreateLoadBalancer).
          name: `bailiwick-${region}`,
          loadBalancerType: "application",
          internal: false,
          subnets: network.subnetIds,
          securityGroups: [group.id],
          dropInvalidHeaderFields: true,
          desyncMitigationMode: "strictest",
          enableDeletionProtection: durable,
          tags,
        },
        { ...child, protect: durable, deleteBeforeReplace: true, dependsOn: [network.nodes.route] },
      ),
    );
    const certificate = new Certificate(
      `${name}-certificate`,
      ...transformed(
        transform.certificate,
        { domainName: hostname, validationMethod: "DNS", keyAlgorithm: "EC_prime256v1", tags },
        // The listener takes the next one before this one goes.
        child,
      ),
    );
    const challenge = certificate.domainValidationOptions.apply(([only]) => only as NonNullable<typeof only>);
    // ACM's names end in a dot, which Cloudflare does not keep.
    const bare = (text: string) => text.replace(/\.$/, "");
    const proof = new DnsRecord(
      `${name}-proof`,
      {
        zoneId,
        name: challenge.resourceRecordName.apply(bare),
        type: challenge.resourceRecordType,
        content: challenge.resourceRecordValue.apply(bare),
        ttl: 300,
        proxied: false,
        comment: `Proves ${hostname} to AWS for its certificate, at every renewal`,
      },
      child,
    );
    const validation = new CertificateValidation(
      `${name}-validation`,
      { certificateArn: certificate.arn, validationRecordFqdns: [proof.name] },
      child,
    );
    const listener = new Listener(
      `${name}-listener`,
      ...transformed(
        transform.listener,
        {
          loadBalancerArn: balancer.arn,
          port: 443,
          protocol: "HTTPS",
          sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
          certificateArn: validation.certificateArn,
          defaultActions: [
            { type: "fixed-response", fixedResponse: { contentType: "text/plain", messageBody: "not found\n", statusCode: "404" } },
          ],
          tags,
        },
        child,
      ),
    );
    const record = new DnsRecord(
      `${name}-record`,
      // Unproxied: Cloudflare would end TLS wherever the caller is.
      { zoneId, name: hostname, type: "CNAME", content: balancer.dnsName, ttl: 300, proxied: false },
      child,
    );
    this.nodes = { group, balancer, certificate, validation, listener, record };
    this.registerOutputs({ origin: this.origin });
  }

  get origin(): string {
    return `https://${this.hostname}`;
  }
}
