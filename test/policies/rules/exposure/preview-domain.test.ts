import { previewDomain } from "../../../../policies/rules/exposure/preview-domain.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const project = { type: "cloudflare:index/pagesProject:PagesProject", name: "shop", props: { name: "shop" } };
const application = (props: object, type = "zeroTrustAccessApplication:ZeroTrustAccessApplication") => ({
  type: `cloudflare:index/${type}`,
  props: { type: "self_hosted", ...props },
});
const open = "its previews are open to everyone";

specify(previewDomain, {
  passes: [
    ["previews behind Access", [project, application({ domain: "*.shop.pages.dev" })]],
    ["previews among its domains", [project, application({ selfHostedDomains: ["*.shop.pages.dev", "shop.brand.example"] })]],
    ["previews among its destinations", [project, application({ destinations: [{ type: "public", uri: "*.shop.pages.dev" }] })]],
    ["the older name of an application", [project, application({ domain: "*.shop.pages.dev" }, "accessApplication:AccessApplication")]],
    ["a domain that is made of the project's", [project, { ...application({ domain: UNKNOWN }), dependsOn: { domain: ["shop"] } }]],
    ["no previews", { ...project, props: { name: "shop", source: { type: "github", config: { previewDeploymentSetting: "none" } } } }],
  ],
  refused: [
    ["open previews", project, open],
    ["another project's application", [project, application({ domain: "*.blog.pages.dev" })], open],
    ["an application for the project's own domain only", [project, application({ domain: "shop.pages.dev" })], open],
  ],
  silent: "cloudflare:index/pagesDomain:PagesDomain",
});
