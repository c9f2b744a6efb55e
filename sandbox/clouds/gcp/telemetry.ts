// telemetry.googleapis.com takes spans over OTLP, cloudtrace.googleapis.com gives them back
// (cloud.google.com/stackdriver/docs/reference/telemetry/overview, cloud.google.com/trace/docs/reference/v1/rest).
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import { type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import { MalformedOtlp, type ReceivedSpan, readTraces } from "../../runtimes/telemetry/otlp.ts";
import { SpanStore } from "../../runtimes/telemetry/span-store.ts";
import { ApiError, answering } from "./api.ts";
import type { Iam } from "./iam.ts";
import { projectOf as projectIn } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { requireApi } from "./services.ts";

/** cloud.google.com/stackdriver/quotas: spans are kept for 30 days, and nothing changes that. */
const keptMs = 30 * 86_400_000;
/** cloud.google.com/stackdriver/quotas, in bytes. */
const longestKey = 512;
const longestValue = 64 * 1024;
const mostAttributes = 1024;

const projectSettings: ResourceDefinition = recorded({
  token: "gcp:observability/projectSettings:ProjectSettings",
  why: "spans are kept on this machine, whichever place the project names for them",
  replaceOn: ["project", "location"],
  refuse: ({ location, defaultStorageLocation, kmsKeyName }) => [
    ...(defaultStorageLocation !== undefined && typeof location === "string" && location !== "global" && location !== UNKNOWN
      ? [{ property: "defaultStorageLocation", reason: `only valid for location "global", not "${location}"` }]
      : []),
    ...(kmsKeyName !== undefined && location === "global"
      ? [{ property: "kmsKeyName", reason: 'only valid for a regional location, not "global"' }]
      : []),
  ],
  id(inputs, context) {
    const project = projectIn(context, inputs);
    requireApi(context, project, "observability.googleapis.com");
    return `projects/${project}/locations/${inputs.location}/settings`;
  },
  // The settings are always there: making the resource changes them [MM observability].
  existing: "adopt",
  computed: (inputs, id, context) => ({ name: id, project: projectIn(context, inputs), serviceAccountId: "" }),
});

export function createTelemetry(ground: Ground, iam: Iam): GcpService {
  const { store, internet } = ground;
  let spans: SpanStore | undefined;
  let offline: (() => void)[] = [];

  const requireEnabled = (project: string, api: string, title: string): void => {
    if (store.get("gcp:projects/service:Service", `${project}/${api}`)) return;
    throw new ApiError(
      "PERMISSION_DENIED",
      `${title} has not been used in project ${project} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}/overview?project=${project} then retry.`,
    );
  };

  async function take(request: Request): Promise<object> {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/v1/traces") {
      throw new ApiError("NOT_FOUND", `${request.method} ${new URL(request.url).pathname} is not offered here; there is POST /v1/traces.`);
    }
    const member = iam.caller(request);
    const charged = request.headers.get("x-goog-user-project");
    if (charged !== null && !iam.allows(member, "serviceusage.services.use", `projects/${charged}`)) {
      throw new ApiError(
        "PERMISSION_DENIED",
        `Caller does not have required permission to use project ${charged}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, by visiting https://console.developers.google.com/iam-admin/iam/project?project=${charged} and then retry. Propagation of the new permission may take a few minutes.`,
      );
    }
    const received = read(request, new Uint8Array(await request.arrayBuffer()));
    const byProject = Map.groupBy(received, projectOf);
    for (const [project, its] of byProject) {
      requireEnabled(project, "telemetry.googleapis.com", "Telemetry API");
      iam.demand(member, "telemetry.traces.write", `projects/${project}`);
      its.forEach(refuseOversized);
    }
    for (const [project, its] of byProject) spans?.add(project, its);
    return {};
  }

  function give(request: Request): object {
    const path = new URL(request.url).pathname;
    const [, project = "", traceId = ""] = /^\/v1\/projects\/([^/]+)\/traces\/([0-9a-f]{32})$/.exec(path) ?? [];
    if (request.method !== "GET" || project === "") {
      throw new ApiError("NOT_FOUND", `${request.method} ${path} is not offered here; there is GET /v1/projects/{project}/traces/{trace}.`);
    }
    const member = iam.caller(request);
    iam.demand(member, "cloudtrace.traces.get", `projects/${project}`);
    const found = spans?.trace(project, traceId) ?? [];
    if (found.length === 0) throw new ApiError("NOT_FOUND", `Resource not found: trace ${traceId} of project ${project}.`);
    return { projectId: project, traceId, spans: found.map(traceSpan) };
  }

  return {
    resources: [projectSettings],
    functions: [],
    async start() {
      spans = new SpanStore(join(ground.dataDir, "telemetry.sqlite"));
      spans.expire(Date.now() - keptMs);
      offline = [
        internet.register("telemetry.googleapis.com", (request) => answering(() => take(request))),
        internet.register("cloudtrace.googleapis.com", (request) => answering(() => give(request))),
      ];
    },
    async stop() {
      for (const takeOff of offline.splice(0)) takeOff();
      spans?.close();
      spans = undefined;
    },
    parts: () => [{ kind: "traces", name: "telemetry", state: spans ? "running" : "stopped", detail: `${spans?.count() ?? 0} spans` }],
  };
}

function read(request: Request, body: Uint8Array): ReceivedSpan[] {
  try {
    return readTraces(request.headers.get("content-type") ?? "", request.headers.get("content-encoding"), body);
  } catch (error) {
    if (error instanceof MalformedOtlp) throw new ApiError("INVALID_ARGUMENT", error.message);
    throw error;
  }
}

/** The API files a span by its resource's attribute. */
function projectOf({ resource }: ReceivedSpan): string {
  const project = resource["gcp.project_id"];
  if (typeof project === "string" && project !== "") return project;
  throw new ApiError("INVALID_ARGUMENT", 'Resource is missing required attribute "gcp.project_id".');
}

function refuseOversized({ name, attributes }: ReceivedSpan): void {
  const entries = Object.entries(attributes);
  if (entries.length > mostAttributes)
    throw new ApiError("INVALID_ARGUMENT", `span "${name}" has ${entries.length} attributes; ${mostAttributes} are allowed.`);
  for (const [key, value] of entries) {
    if (Buffer.byteLength(key) > longestKey)
      throw new ApiError(
        "INVALID_ARGUMENT",
        `an attribute's key of span "${name}" has ${Buffer.byteLength(key)} bytes; ${longestKey} are allowed.`,
      );
    if (Buffer.byteLength(String(value)) > longestValue)
      throw new ApiError("INVALID_ARGUMENT", `attribute "${key}" of span "${name}" is longer than ${longestValue} bytes.`);
  }
}

/** TraceSpan of the API's version 1, whose ids are numbers in digits. */
function traceSpan(span: ReceivedSpan): object {
  const kinds: Readonly<Record<number, string>> = { 2: "RPC_SERVER", 3: "RPC_CLIENT" };
  return {
    spanId: String(BigInt(`0x${span.spanId}`)),
    kind: kinds[span.kind] ?? "SPAN_KIND_UNSPECIFIED",
    name: span.name,
    startTime: instant(span.startTimeUnixNano),
    endTime: instant(span.endTimeUnixNano),
    ...(span.parentSpanId === "" ? {} : { parentSpanId: String(BigInt(`0x${span.parentSpanId}`)) }),
    labels: Object.fromEntries(Object.entries({ ...span.resource, ...span.attributes }).map(([key, value]) => [key, String(value)])),
  };
}

function instant(nanoseconds: string): string {
  const all = BigInt(nanoseconds);
  const seconds = new Date(Number(all / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(all % 1_000_000_000n).padStart(9, "0")}Z`;
}
