import { RegionalHostname, type RegionalHostnameArgs } from "@pulumi/cloudflare/regionalHostname.js";
import { WorkersCustomDomain, type WorkersCustomDomainArgs } from "@pulumi/cloudflare/workersCustomDomain.js";
import { WorkersScript, type WorkersScriptArgs } from "@pulumi/cloudflare/workersScript.js";
import { WorkersScriptSubdomain } from "@pulumi/cloudflare/workersScriptSubdomain.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { refuse, type Transform, transformed } from "../component.ts";
import { compatibilityDate } from "./versioned-worker.ts";

export interface SubjectStoreArgs {
  readonly accountId: string;
  readonly zoneId: string;
  readonly jurisdiction: Jurisdiction;
  /** `subjects-eu.brand.example`: where the region's services tell the store of a change of consent. */
  readonly hostname: string;
  /** E-mail address of the only service account that may write. */
  readonly caller: pulumi.Input<string>;
  /**
   * The built Worker: one JavaScript module. `digest` is of the release, `sha256` (hexadecimal) of the module's bytes. `path` counts
   * from the program's folder, so that it is the same on every machine: it stays in the state.
   */
  readonly release: { readonly digest: string; readonly path: string; readonly sha256: string };
  readonly transform?: {
    readonly script?: Transform<WorkersScriptArgs>;
    readonly domain?: Transform<WorkersCustomDomainArgs>;
    readonly regional?: Transform<RegionalHostnameArgs>;
  };
}

const className = "Subject";
const tag = "v1";

/** Never runs for a person: it only brings the class into being. */
const classesOnly = `import { DurableObject } from "cloudflare:workers";
export class ${className} extends DurableObject {}
export default { fetch: () => new Response(null, { status: 503 }) };
`;

/**
 * Consent state of subjects at the edge: a Worker that owns the Durable Object class, uploaded whole, and deployed before any binding to it.
 *
 * A class is created by a migration, which cannot be part of a gradual version (error 10211), and which the provider sends again at every
 * update of the script, where the API then refuses it because the tag does not fit (pulumi-cloudflare#1215). So the migration is a resource
 * of its own that never changes, and the Worker proper names none, as Wrangler does once a tag is applied (cloudflare/workers-sdk,
 * getMigrationsToUpload). See docs/decisions/0003-two-workers.md.
 */
export class SubjectStore extends pulumi.ComponentResource {
  readonly className = className;
  readonly nodes: {
    readonly classes: WorkersScript;
    readonly script: WorkersScript;
    readonly subdomain: WorkersScriptSubdomain;
    readonly domain: WorkersCustomDomain;
    readonly regional: RegionalHostname;
  };

  constructor(name: string, args: SubjectStoreArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:edge:SubjectStore", name, {}, options);
    const { region, edgeState, cloudflare } = residencyOf(args.jurisdiction);
    refuse("SubjectStore", name, [
      edgeState === "none" &&
        `jurisdiction "${args.jurisdiction}" cannot pin Durable Objects (stacks/residency.ts): its edge keeps no state`,
    ]);
    const { accountId, zoneId, hostname, transform = {} } = args;
    const child: pulumi.CustomResourceOptions = { parent: this };
    const scriptName = `subjects-${region}`;

    const classes = new WorkersScript(
      `${name}-classes`,
      {
        accountId,
        scriptName,
        mainModule: "index.js",
        content: classesOnly,
        compatibilityDate,
        migrations: { newTag: tag, newSqliteClasses: [className] },
      },
      // The Worker proper overwrites all but the class: what is seen there later is not this resource's business.
      { ...child, protect: options?.protect, retainOnDelete: true, ignoreChanges: ["content", "compatibilityDate", "migrations"] },
    );
    const script = new WorkersScript(
      `${name}-script`,
      ...transformed(
        transform.script,
        {
          accountId,
          scriptName,
          mainModule: "index.js",
          contentFile: args.release.path,
          contentSha256: args.release.sha256,
          compatibilityDate,
          bindings: [
            { name: "AUDIENCE", type: "plain_text", text: `https://${hostname}` },
            { name: "CALLER", type: "plain_text", text: args.caller },
            { name: "JURISDICTION", type: "plain_text", text: args.jurisdiction },
            { name: "SUBJECTS", type: "durable_object_namespace", className },
          ],
          observability: {
            enabled: true,
            headSamplingRate: 1,
            logs: { enabled: true, headSamplingRate: 1, invocationLogs: false, persist: false },
          },
        },
        { ...child, dependsOn: [classes] },
      ),
    );
    const subdomain = new WorkersScriptSubdomain(
      `${name}-subdomain`,
      { accountId, scriptName: script.scriptName, enabled: false, previewsEnabled: false },
      child,
    );
    const domain = new WorkersCustomDomain(
      `${name}-domain`,
      ...transformed(
        transform.domain,
        { accountId, zoneId, hostname, service: script.scriptName },
        { ...child, deleteBeforeReplace: true },
      ),
    );
    const regional = new RegionalHostname(
      `${name}-regional`,
      ...transformed(
        transform.regional,
        { zoneId, hostname, regionKey: cloudflare.regionKey },
        { ...child, dependsOn: [domain], deleteBeforeReplace: true },
      ),
    );
    this.nodes = { classes, script, subdomain, domain, regional };
    this.registerOutputs({ scriptName, url: this.url });
  }

  /** Known once the class exists and the Worker that owns it is deployed. */
  get scriptName(): pulumi.Output<string> {
    return this.nodes.script.scriptName;
  }

  get url(): pulumi.Output<string> {
    return pulumi.interpolate`https://${this.nodes.domain.hostname}`;
  }
}
