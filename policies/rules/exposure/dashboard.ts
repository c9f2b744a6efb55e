// Consoles of search engines, schedulers and notebooks are for the staff: they stand in a private network, not on the internet.
import { byType, type Check, mustBe, mustBeSet, mustNot, parseJson } from "../../arguments.ts";
import { read, select, UNKNOWN } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { isInternet } from "./network.ts";

const inVpc = mustBeSet("vpcOptions", "vpcOptions with subnets and security groups of your own", "a public endpoint");

/** The policy of OpenSearch Serverless is a JSON list: who may come from where. */
const serverless: Check = (resource) => {
  if (read(resource.props, "type") !== "network") return [];
  if (read(resource.props, "policy") === UNKNOWN) return [{ kind: "undecided", property: "policy" }];
  const policy = parseJson(resource, "policy");
  const opened = select({ policy: policy ?? null }, "policy[*].AllowFromPublic").filter(({ value }) => value === true);
  return opened.map(({ path }) => ({
    kind: "violation",
    property: "policy",
    problem: `${path} is true`,
    allowed: "AllowFromPublic: false, with SourceVPCEs",
  }));
};

const domain = "aws:opensearch/domain:Domain";

export const dashboard: Rule = {
  id: "exposure/dashboard",
  title: "Dashboards and consoles are not on the internet",
  severity: "high",
  why: "Search indexes and schedulers hold copies of personal data and the keys of other systems, behind log-in pages that strangers may try all day.",
  remediation: "Place it in a VPC, or name the networks of the staff.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.22" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: domain, props: { vpcOptions: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] } } }],
    fails: [{ type: domain, props: {} }],
  },
  check: byType({
    "aws:elasticsearch/domain:Domain": [inVpc],
    "aws:grafana/workspace:Workspace": [
      mustBeSet("networkAccessControl", "networkAccessControl with prefix lists or VPC endpoints", "every address"),
    ],
    "aws:mwaa/environment:Environment": [mustBe("webserverAccessMode", "PRIVATE_ONLY", "PRIVATE_ONLY")],
    [domain]: [inVpc],
    "aws:opensearch/serverlessSecurityPolicy:ServerlessSecurityPolicy": [serverless],
    "gcp:composer/environment:Environment": [
      mustNot(
        "config.webServerNetworkAccessControl.allowedIpRanges[*].value",
        isInternet,
        "ranges of your own networks",
        "open to the internet",
      ),
    ],
    "gcp:datafusion/instance:Instance": [mustBe("privateInstance", true, false)],
    "gcp:looker/instance:Instance": [mustNot("publicIpEnabled", (value) => value === true, "publicIpEnabled: false")],
  }),
};
