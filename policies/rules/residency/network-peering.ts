// A network that reaches into another jurisdiction takes its data along.
import type { Rule } from "../../rule.ts";
import { type Arguments, at, judgeArguments } from "./places.ts";

export const peeringArguments: Arguments = {
  "aws:ec2/vpcEndpoint:VpcEndpoint": [at("serviceRegion")],
  "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": [at("peerRegion")],
  "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": [at("peerRegion")],
  "aws:route53/vpcAssociationAuthorization:VpcAssociationAuthorization": [at("vpcRegion")],
  "aws:route53/zone:Zone": [at("vpcs[*].vpcRegion")],
  "aws:route53/zoneAssociation:ZoneAssociation": [at("vpcRegion")],
  "gcp:networkconnectivity/policyBasedRoute:PolicyBasedRoute": [at("interconnectAttachment.region")],
};

export const networkPeering: Rule = {
  id: "residency/network-peering",
  title: "Private networks connect within the jurisdiction only",
  severity: "high",
  why: "Behind a peering any service abroad can read the database as if it stood beside it, and no location of any resource shows that.",
  remediation: "Peer within the jurisdiction; what must cross goes through an API that decides, field by field, what leaves.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "ISO 27001", clause: "A.8.22" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", props: { region: "eu-central-1", peerRegion: "eu-west-1" } }],
    fails: [{ type: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", props: { region: "eu-central-1", peerRegion: "us-east-1" } }],
  },
  check: judgeArguments(peeringArguments),
};
