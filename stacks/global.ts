// The global stack: registries, the key that signs what goes to the edge, and two Workers without personal data or state:
// the redirect from `api.<domain>` to a subject's home region, and the sample storefront.
import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider.js";
import { Provider as GcpProvider } from "@pulumi/gcp/provider.js";
import { VersionedWorker } from "../components/edge/versioned-worker.ts";
import { ProjectApis } from "../components/governance/project-apis.ts";
import { SigningKey } from "../components/governance/signing-key.ts";
import { Registries } from "../components/storage/registries.ts";
import { readManifest } from "./artifacts.ts";
import { parseGlobalConfig } from "./config.ts";
import { workerReleases } from "./releases.ts";
import { jurisdictions, residencyOf } from "./residency.ts";

/** Where the few resources stand that have to stand somewhere and hold nothing personal. */
const seat = "eu";

export async function deploy(stack: string, raw: Readonly<Record<string, string>>) {
  const config = parseGlobalConfig(stack, raw);
  const manifest = readManifest();
  const { domain, cloudflare, gcp } = config;
  const places = residencyOf(seat);
  const providers = [
    new GcpProvider("gcp", { project: gcp.project, region: places.gcp.location }),
    new AwsProvider("aws", { region: places.aws.location, allowedAccountIds: [config.aws.accountId] }),
    new CloudflareProvider("cloudflare", {}),
  ];

  const apis = new ProjectApis("apis", { project: gcp.project, apis: ["artifactregistry", "cloudkms"] }, { providers });
  const enabled = [...apis.nodes.services];

  const registries = new Registries("registries", { project: gcp.project, jurisdictions, dependsOn: enabled }, { providers });
  const signing = new SigningKey(
    "signing",
    { project: gcp.project, jurisdiction: seat, ring: "bailiwick-global-1", dependsOn: enabled },
    { providers },
  );

  const homes = Object.fromEntries(
    jurisdictions.map((jurisdiction) => [residencyOf(jurisdiction).region, `${residencyOf(jurisdiction).region}.${domain}`]),
  );
  const home = new VersionedWorker(
    "home",
    {
      ...cloudflare,
      scriptName: "home",
      hostname: `api.${domain}`,
      releases: workerReleases(manifest, "home"),
      bindings: [{ name: "HOMES", type: "plain_text", text: JSON.stringify(homes) }],
    },
    { providers },
  );
  const storefront = new VersionedWorker(
    "storefront",
    { ...cloudflare, scriptName: "storefront", hostname: `www.${domain}`, releases: workerReleases(manifest, "storefront") },
    { providers },
  );

  return {
    api: home.origin,
    storefront: storefront.origin,
    registryProject: gcp.project,
    repositories: registries.repositories,
    awsRepositories: registries.awsRepositories,
    decisionTableKey: signing.publicKey,
    decisionTableKeyVersion: signing.version,
  };
}
