import type { WorkerVersionBinding } from "@pulumi/cloudflare/types/input.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { refuse } from "../component.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { SubjectStore } from "./subject-store.ts";
import { VersionedWorker, type VersionedWorkerArgs, type WorkerRelease } from "./versioned-worker.ts";

export interface EdgeSiteArgs {
  readonly accountId: string;
  readonly zoneId: string;
  readonly jurisdiction: Jurisdiction;
  /** `eu.brand.example` */
  readonly hostname: string;
  /** One or two, oldest first. Each carries the decision table as a module, so policy rolls out and back like code. */
  readonly releases: readonly WorkerRelease[];
  /** https address of the brand's own site, which the edge fetches and personalises. */
  readonly origin: pulumi.Input<string>;
  /** https address of the preference service of the same region. */
  readonly governanceUrl: pulumi.Input<string>;
  /** Ed25519 private key, PKCS #8 PEM: the edge proves to the region's services with it who asks. Kept as a secret. */
  readonly edgeKey: pulumi.Input<string>;
  /** Ed25519 public key, SPKI PEM, of the service that issues subject tokens. */
  readonly subjectTokenKey: pulumi.Input<string>;
  /** Ed25519 public key, SPKI PEM, that signed the decision table. Another signature means no personalisation. */
  readonly decisionTableKey: pulumi.Input<string>;
  /** Where the edge keeps consent state. Must be absent where the jurisdiction's edge state is "none". */
  readonly subjects?: SubjectStore;
  readonly snapshots: SnapshotStore;
  /** Queues that take the site's spans (`TELEMETRY_GCP`, `TELEMETRY_AWS`). Without them the spans go to the region's services. */
  readonly telemetry?: readonly WorkerVersionBinding[];
  /**
   * Requests of one subject or address that one Cloudflare location lets through in ten seconds. Default 200.
   * Too low harms people behind one address; too high lets a client use up the account.
   */
  readonly requestsPerTenSeconds?: number;
  readonly transform?: VersionedWorkerArgs["transform"];
}

/**
 * A region's site at the edge: one Worker between a person and the brand's own site, rolled out by version.
 * Everything that identifies a person stays behind the region's hostname, whose TLS is ended inside the jurisdiction.
 */
export class EdgeSite extends pulumi.ComponentResource {
  readonly nodes: { readonly worker: VersionedWorker };

  constructor(name: string, args: EdgeSiteArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:edge:EdgeSite", name, {}, options);
    const { region, edgeState, cloudflare } = residencyOf(args.jurisdiction);
    refuse("EdgeSite", name, [
      edgeState === "none" &&
        args.subjects !== undefined &&
        `jurisdiction "${args.jurisdiction}" allows no state at the edge: leave out \`subjects\``,
      edgeState !== "none" &&
        args.subjects === undefined &&
        `jurisdiction "${args.jurisdiction}" keeps consent state at the edge: give \`subjects\``,
    ]);
    const bindings: WorkerVersionBinding[] = [
      { name: "REGION", type: "plain_text", text: region },
      { name: "JURISDICTION", type: "plain_text", text: args.jurisdiction },
      { name: "ORIGIN", type: "plain_text", text: args.origin },
      { name: "GOVERNANCE_URL", type: "plain_text", text: args.governanceUrl },
      { name: "SUBJECT_TOKEN_KEY", type: "plain_text", text: args.subjectTokenKey },
      { name: "DECISION_TABLE_KEY", type: "plain_text", text: args.decisionTableKey },
      { name: "EDGE_KEY", type: "secret_text", text: pulumi.secret(args.edgeKey) },
      { name: "EXPERIMENTS", type: "kv_namespace", namespaceId: args.snapshots.namespaceId },
      { name: "VERSION", type: "version_metadata" },
      {
        name: "LIMIT",
        type: "ratelimit",
        namespaceId: rateLimitNamespace(region),
        simple: { limit: args.requestsPerTenSeconds ?? 200, period: 10 },
      },
      ...(args.subjects
        ? [{ name: "SUBJECTS", type: "durable_object_namespace", className: args.subjects.className, scriptName: args.subjects.scriptName }]
        : []),
      ...(args.telemetry ?? []),
    ];
    const worker = new VersionedWorker(
      `${name}-site`,
      {
        accountId: args.accountId,
        zoneId: args.zoneId,
        scriptName: `site-${region}`,
        hostname: args.hostname,
        regionKey: cloudflare.regionKey,
        releases: args.releases,
        bindings,
        transform: args.transform,
      },
      { parent: this },
    );
    this.nodes = { worker };
    this.registerOutputs({ url: this.url });
  }

  /** https address of the region's site. */
  get url(): pulumi.Output<string> {
    return this.nodes.worker.origin;
  }
}

/**
 * Bindings with the same number share their counters across the whole account, so each region has its own
 * (developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit). Derived from the region's name: stable, and a positive integer.
 */
function rateLimitNamespace(region: string): string {
  let number = 7;
  for (const character of region) number = (number * 31 + character.charCodeAt(0)) % 1_000_003;
  return String(number + 1);
}
