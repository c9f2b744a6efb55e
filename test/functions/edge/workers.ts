// The edge of one region in real workerd: the same bundles that ship, the same bindings, and an internet that the test writes.
import { build } from "esbuild";
import { Miniflare, type WorkerOptions, type Response as WorkerResponse } from "miniflare";
import { buildOptions, bundles } from "../../../functions/bundles.ts";
import { compileDecisionTable } from "../../../functions/governance/policy/compile.ts";
import { attachSignature, signingInput } from "../../../functions/shared/signed-decision-table.ts";
import { type KeyPair, newKeyPair } from "../keys.ts";

const compatibilityDate = "2026-07-01";

/** The script of a Worker, bundled as it ships. */
export async function script(name: string): Promise<string> {
  const bundle = bundles.find((candidate) => candidate.name === name);
  if (!bundle) throw new Error(`no bundle ${name}`);
  const result = await build(buildOptions(bundle, "index.js"));
  return result.outputFiles?.[0]?.text as string;
}

/** Answers requests that Workers send out, by host name. A host that is missing does not exist. `spool` stands for the region's spool of telemetry. */
export type Outside = Record<string, (request: Request) => Promise<Response> | Response>;

export interface Edge {
  readonly miniflare: Miniflare;
  /** The region's service, token and table keys. */
  readonly edgeKey: KeyPair;
  readonly tokenKey: KeyPair;
  readonly outside: Outside;
  /** A request to the site at https://eu.brand.example. */
  readonly site: (path: string, init?: RequestInit) => Promise<WorkerResponse>;
  readonly subjects: (path: string, init?: RequestInit) => Promise<WorkerResponse>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface EdgeOptions {
  readonly region?: string;
  readonly jurisdiction?: string;
  /** Whether the jurisdiction lets the edge keep state. */
  readonly state?: boolean;
  /** What the table's JWS is turned into before it is bound. */
  readonly tamper?: (jws: string) => string;
  readonly limit?: number;
  /** Nothing outside can be reached. */
  readonly cutOff?: boolean;
  /** Own origin of the subjects' Worker. */
  readonly audience?: string;
  /** Another script in place of the subjects' Worker, to break it on purpose. */
  readonly subjectsScript?: string;
}

export const subjectsOrigin = "https://subjects-eu.brand.example";
export const caller = "preferences@brand-eu.iam.gserviceaccount.com";

export const collectorOrigins = { gcp: "https://telemetry-gcp-eu.brand.example", aws: "https://telemetry-aws-eu.brand.example" } as const;
const queueOf = (path: string) => `telemetry-eu-${path}`;

export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const { region = "eu", jurisdiction = "eu", state = true, tamper = (jws) => jws, limit = 1000 } = options;
  const [edgeKey, tokenKey, tableKey] = [newKeyPair(), newKeyPair(), newKeyPair()];
  const input = signingInput(await compileDecisionTable());
  const signed = tamper(attachSignature(input, tableKey.sign(input)));
  // Collectors that store whatever they get, until a test says otherwise.
  const outside: Outside = Object.fromEntries(
    Object.values(collectorOrigins).map((origin) => [new URL(origin).hostname, () => new Response("{}")]),
  );
  const answerOutside = async (request: Request): Promise<Response> => {
    const { hostname, pathname } = new URL(request.url);
    const handler = pathname.startsWith("/v1/telemetry/")
      ? (outside.spool ?? (() => new Response(null, { status: 202 })))
      : outside[hostname];
    return handler ? handler(request) : new Response("no such host", { status: 530 });
  };
  const outboundService = (options.cutOff ? { network: { allow: [] } } : answerOutside) as WorkerOptions["outboundService"];
  const common = { compatibilityDate, outboundService };
  const site: WorkerOptions = {
    ...common,
    name: "site",
    modulesRoot: "/",
    modules: [
      { type: "ESModule", path: "/index.js", contents: await script("site") },
      { type: "Text", path: "/decision-table.jws", contents: signed },
    ],
    bindings: {
      REGION: region,
      JURISDICTION: jurisdiction,
      ORIGIN: "https://www.brand.example",
      GOVERNANCE_URL: "https://preferences.brand.example",
      EDGE_KEY: edgeKey.privatePem,
      SUBJECT_TOKEN_KEY: tokenKey.publicPem,
      DECISION_TABLE_KEY: tableKey.publicPem,
    },
    ...(state ? { durableObjects: { SUBJECTS: { className: "Subject", scriptName: "subjects", useSQLite: true } } } : {}),
    kvNamespaces: ["EXPERIMENTS"],
    versionMetadata: "VERSION",
    ratelimits: { LIMIT: { namespace_id: "1001", simple: { limit, period: 10 } } },
    // Where the edge may keep state it may keep queues as well.
    ...(state ? { queueProducers: { TELEMETRY_GCP: queueOf("gcp"), TELEMETRY_AWS: queueOf("aws") } } : {}),
  };
  const telemetry: WorkerOptions = {
    ...common,
    name: "telemetry",
    modules: [{ type: "ESModule", path: "index.js", contents: await script("telemetry") }],
    bindings: {
      REGION: region,
      EDGE_KEY: edgeKey.privatePem,
      COLLECTOR_GCP: collectorOrigins.gcp,
      COLLECTOR_AWS: collectorOrigins.aws,
    },
    queueProducers: { DEAD_LETTER_GCP: `${queueOf("gcp")}-dead`, DEAD_LETTER_AWS: `${queueOf("aws")}-dead` },
    queueConsumers: {
      [queueOf("gcp")]: { maxBatchSize: 25, maxBatchTimeout: 0, maxRetries: 100 },
      [queueOf("aws")]: { maxBatchSize: 25, maxBatchTimeout: 0, maxRetries: 100 },
    },
  };
  const subjects: WorkerOptions = {
    ...common,
    name: "subjects",
    modules: [{ type: "ESModule", path: "index.js", contents: options.subjectsScript ?? (await script("subjects")) }],
    durableObjects: { SUBJECTS: { className: "Subject", useSQLite: true } },
    bindings: { JURISDICTION: jurisdiction, AUDIENCE: options.audience ?? subjectsOrigin, CALLER: caller },
  };
  const miniflare = new Miniflare({ workers: [site, subjects, telemetry] });
  await miniflare.ready;
  const to = async (worker: string, host: string, path: string, init?: RequestInit) => {
    const target = await miniflare.getWorker(worker);
    return (await target.fetch(`https://${host}${path}`, { redirect: "manual", ...init } as never)) as unknown as WorkerResponse;
  };
  return {
    miniflare,
    edgeKey,
    tokenKey,
    outside,
    site: (path, init) => to("site", `${region}.brand.example`, path, init),
    subjects: (path, init) => to("subjects", "subjects-eu.brand.example", path, init),
    [Symbol.asyncDispose]: () => miniflare.dispose(),
  };
}
