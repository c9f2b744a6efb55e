import { dashboard } from "../../../../policies/rules/exposure/dashboard.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const serverless = (open: boolean, type = "network") => ({
  type: "aws:opensearch/serverlessSecurityPolicy:ServerlessSecurityPolicy",
  props: { type, policy: JSON.stringify([{ Rules: [], AllowFromPublic: open }]) },
});

specify(dashboard, {
  passes: [
    ["a search domain in a VPC", { type: "aws:elasticsearch/domain:Domain", props: { vpcOptions: { subnetIds: ["s"] } } }],
    ["a collection for a VPC", serverless(false)],
    ["a policy of keys", serverless(true, "encryption")],
    ["a scheduler, by default", { type: "aws:mwaa/environment:Environment" }],
    [
      "a scheduler of Google's for an office",
      {
        type: "gcp:composer/environment:Environment",
        props: { config: { webServerNetworkAccessControl: { allowedIpRanges: [{ value: "192.0.2.0/24" }] } } },
      },
    ],
  ],
  refused: [
    ["a search domain", { type: "aws:opensearch/domain:Domain" }, "vpcOptions is not set, which means a public endpoint"],
    ["a collection", serverless(true), "policy[0].AllowFromPublic is true"],
    ["a scheduler", { type: "aws:mwaa/environment:Environment", props: { webserverAccessMode: "PUBLIC_ONLY" } }, "webserverAccessMode is"],
    ["charts for every address", { type: "aws:grafana/workspace:Workspace" }, "networkAccessControl is not set"],
    [
      "a scheduler of Google's",
      {
        type: "gcp:composer/environment:Environment",
        props: { config: { webServerNetworkAccessControl: { allowedIpRanges: [{ value: "::/0" }] } } },
      },
      "open to the internet",
    ],
    ["pipelines of Google's", { type: "gcp:datafusion/instance:Instance" }, "privateInstance is not set"],
    ["reports of Google's", { type: "gcp:looker/instance:Instance", props: { publicIpEnabled: true } }, "publicIpEnabled is true"],
  ],
  undecided: [["a collection's policy", { ...serverless(true), props: { type: "network", policy: UNKNOWN } }, "policy"]],
  silent: "aws:cloudwatch/dashboard:Dashboard",
});
