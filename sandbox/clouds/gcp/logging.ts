// Cloud Logging: what workloads write becomes entries, sinks route them into buckets, metrics count them, and the API gives them back.
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import { CloudError, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { withDeletionPolicy } from "./deletion.ts";
import { FilterError, matches, parseFilter } from "./filter.ts";
import type { Iam } from "./iam.ts";
import { entryOf, insertIdOf, type LogEntry, LogStore } from "./log-store.ts";
import { loggingApi } from "./logging-api.ts";
import type { Monitoring } from "./monitoring.ts";
import { labelsOf } from "./monitoring-api.ts";
import { listOf, objectOf } from "./outputs.ts";
import { projectNumber, projectOf } from "./projects.ts";
import type { GcpService } from "./service.ts";
import { requireApi } from "./services.ts";

const api = "logging.googleapis.com";
const test = "test/sandbox/gcp/logging.test.ts";
const bucketToken = "gcp:logging/projectBucketConfig:ProjectBucketConfig";
const sinkToken = "gcp:logging/projectSink:ProjectSink";
const metricToken = "gcp:logging/metric:Metric";
const readEveryMs = 500;
const longestRead = 4 * 1024 * 1024;

/** A file of lines that a workload writes. */
export interface LogSource {
  readonly file: string;
  readonly project: string;
  readonly resource: LogEntry["resource"];
}

export const defaultBucket = (project: string) => `projects/${project}/locations/global/buckets/_Default`;

export function createLogging(ground: Ground, iam: Iam, monitoring: Monitoring, sources: () => readonly LogSource[]): GcpService {
  const { store, internet } = ground;
  const logs = new LogStore(join(ground.dataDir, "logs.sqlite"));
  let offline = () => {};
  let timer: NodeJS.Timeout | undefined;

  /** The buckets that take an entry: by default `_Default`, whose sink may be redirected or switched off like any other. */
  function route(project: string, entry: LogEntry): string[] {
    const sinks = store.list(sinkToken).filter(({ state }) => state.project === project);
    const own = sinks.some(({ state }) => state.name === "_Default");
    const targets = sinks.flatMap(({ inputs }) =>
      inputs.disabled === true || !takes(inputs, entry) ? [] : [String(inputs.destination).replace(`${api}/`, "")],
    );
    return [...new Set([...targets, ...(own ? [] : [defaultBucket(project)])])];
  }

  function write(project: string, entry: LogEntry): void {
    for (const bucket of route(project, entry)) logs.add(bucket, entry);
    for (const { state, inputs } of store.list(metricToken)) {
      if (state.project === project && inputs.disabled !== true) measure(project, String(state.name), inputs, entry);
    }
  }

  function measure(project: string, name: string, inputs: Properties, entry: LogEntry): void {
    if (!matches(parseFilter(String(inputs.filter)), (path) => fieldOf(entry, path))) return;
    const extracted = Object.entries(objectOf(inputs.labelExtractors)).map(([label, from]) => [
      label,
      String(extract(String(from), entry) ?? ""),
    ]);
    const labels = labelsOf(
      project,
      { ...Object.fromEntries(extracted), log: entry.logName.split("/").at(-1) ?? "" },
      entry.resource.type,
      entry.resource.labels,
    );
    const metric = `logging.googleapis.com/user/${name}`;
    const at = Date.parse(entry.timestamp);
    const value = inputs.valueExtractor === undefined ? undefined : Number(extract(String(inputs.valueExtractor), entry));
    if (value === undefined) monitoring.count(metric, labels, 1, at);
    else if (Number.isFinite(value)) monitoring.observe(metric, labels, value, at);
  }

  /** Reads on where it stopped; a line that is not finished waits. */
  function follow({ file, project, resource }: LogSource): void {
    if (!existsSync(file)) return;
    const { size, mtime } = statSync(file);
    let from = logs.position(file);
    if (size < from) from = 0;
    if (size === from) return;
    const bytes = Buffer.alloc(Math.min(size - from, longestRead));
    const handle = openSync(file, "r");
    try {
      readSync(handle, bytes, 0, bytes.length, from);
    } finally {
      closeSync(handle);
    }
    const end = bytes.lastIndexOf(10) + 1;
    let at = from;
    for (const line of bytes.subarray(0, end).toString().split("\n").slice(0, -1)) {
      const logName = `projects/${project}/logs/run.googleapis.com%2Fstdout`;
      if (line !== "") write(project, entryOf(line, { logName, resource }, mtime.toISOString(), insertIdOf(file, at)));
      at += Buffer.byteLength(line) + 1;
    }
    logs.setPosition(file, from + end);
  }

  function readAll(): void {
    for (const source of sources()) {
      try {
        follow(source);
      } catch (error) {
        ground.log(`the log ${source.file} could not be read: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  const daysOf = (bucket: string): number => Number(store.get(bucketToken, bucket)?.inputs.retentionDays ?? 30) || 30;

  function expire(): void {
    const projects = new Set([
      ...store.list(bucketToken).map(({ state }) => String(state.project)),
      ...sources().map(({ project }) => project),
    ]);
    for (const project of projects) {
      for (const bucket of logs.buckets(project)) logs.expire(bucket, new Date(Date.now() - daysOf(bucket) * 86_400_000).toISOString());
    }
  }

  return {
    resources: [bucketConfig, sink, metric],
    functions: [],
    async start() {
      expire();
      offline = internet.register(api, loggingApi({ iam, logs, write, readAll }));
      timer = setInterval(readAll, readEveryMs).unref();
    },
    async stop() {
      clearInterval(timer);
      offline();
      readAll();
      logs.close();
    },
    parts() {
      const projects = new Set(sources().map(({ project }) => project));
      return [...projects].flatMap((project) =>
        logs.buckets(project).map((bucket) => ({
          kind: "log bucket",
          name: bucket.replace(/^projects\//, ""),
          state: "running" as const,
          detail: `${logs.count(bucket)} entries, kept for ${daysOf(bucket)} days`,
        })),
      );
    },
  };
}

function takes(sink: Properties, entry: LogEntry): boolean {
  const within = (filter: unknown) =>
    typeof filter !== "string" || filter === "" || matches(parseFilter(filter), (path) => fieldOf(entry, path));
  const excluded = listOf(sink.exclusions).some(({ filter, disabled }) => disabled !== true && within(filter));
  return within(sink.filter) && !excluded;
}

/** What a path of a filter names in an entry. */
export function fieldOf(entry: LogEntry, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined),
    entry,
  );
}

/** `EXTRACT(jsonPayload.ms)`, `REGEXP_EXTRACT(textPayload, "took (\\d+)")` */
function extract(extractor: string, entry: LogEntry): unknown {
  const [, field = "", pattern] = /^(?:REGEXP_)?EXTRACT\(\s*([^,)\s]+)\s*(?:,\s*"(.*)"\s*)?\)$/.exec(extractor) ?? [];
  const value = fieldOf(entry, field.split("."));
  return pattern === undefined ? value : new RegExp(pattern).exec(String(value ?? ""))?.[1];
}

const known = (value: unknown): value is string => typeof value === "string" && !value.includes(UNKNOWN);

function filterFailures(property: string, filter: unknown): Failure[] {
  if (!known(filter)) return [];
  try {
    parseFilter(filter);
    return [];
  } catch (error) {
    if (error instanceof FilterError) return [{ property, reason: error.message }];
    throw error;
  }
}

// It acquires a bucket that is there already, and those of the system cannot be deleted [MM logging_bucket_config].
const bucketConfig: ResourceDefinition = withDeletionPolicy({
  token: bucketToken,
  fidelity: { level: "enforces", how: "holds what sinks route to it for as many days as it says", test },
  replaceOn: ["project", "location", "bucketId"],
  refuse({ retentionDays: days, cmekSettings, enableAnalytics }) {
    const failures: Failure[] = [];
    if (typeof days === "number" && !(days >= 0 && days <= 3650))
      failures.push({ property: "retentionDays", reason: `${days} is not between 1 and 3650` });
    if (cmekSettings !== undefined && enableAnalytics === true)
      failures.push({ property: "cmekSettings", reason: "a key on a bucket with analytics is refused" });
    return failures;
  },
  create(context, inputs) {
    const project = String(inputs.project);
    requireApi(context, project, api);
    const id = `projects/${project}/locations/${inputs.location}/buckets/${inputs.bucketId}`;
    return { id, outputs: { name: id, lifecycleState: "ACTIVE", retentionDays: inputs.retentionDays || 30 } };
  },
  update(_context, old, inputs) {
    if (old.inputs.locked === true) {
      throw new CloudError(
        "failedPrecondition",
        `Error updating Logging Bucket Config: googleapi: Error 400: ${old.id} is locked, and cannot be changed., failedPrecondition`,
      );
    }
    if (old.inputs.cmekSettings !== undefined && inputs.cmekSettings === undefined) {
      throw new CloudError(
        "invalid",
        `Error updating Logging Bucket Config: googleapi: Error 400: CMEK of ${old.id} cannot be removed once it is set., invalid`,
      );
    }
    return { name: old.id, lifecycleState: "ACTIVE", retentionDays: inputs.retentionDays || 30 };
  },
  delete(_context, { id, inputs }) {
    if (inputs.locked === true) {
      throw new CloudError(
        "failedPrecondition",
        `Error deleting Logging Bucket Config: googleapi: Error 400: ${id} is locked, and cannot be deleted., failedPrecondition`,
      );
    }
  },
});

const sink: ResourceDefinition = withDeletionPolicy({
  token: sinkToken,
  fidelity: { level: "enforces", how: "routes entries into log buckets; `_Default` can be redirected", test },
  replaceOn: ["project", "name", "uniqueWriterIdentity"],
  autoname: { property: "name", maxLength: 100 },
  refuse({ destination, filter, exclusions, name }) {
    const failures = filterFailures("filter", filter);
    for (const [index, exclusion] of listOf(exclusions).entries())
      failures.push(...filterFailures(`exclusions[${index}].filter`, exclusion.filter));
    if (known(destination) && !/^logging\.googleapis\.com\/projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+$/.test(destination)) {
      failures.push({
        property: "destination",
        reason: `"${destination}" is not offered here: logging.googleapis.com/projects/P/locations/L/buckets/B is`,
      });
    }
    if (name === "_Required") failures.push({ property: "name", reason: "the sink _Required cannot be changed" });
    return failures;
  },
  create(context, inputs) {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    const id = `projects/${project}/sinks/${inputs.name}`;
    if (inputs.name !== "_Default" && context.store.get(sinkToken, id) && context.orphan?.id !== id) {
      throw new CloudError(
        "alreadyExists",
        `Error creating ProjectSink: googleapi: Error 409: Sink ${inputs.name} already exists, alreadyExists`,
      );
    }
    const destination = String(inputs.destination).replace(`${api}/`, "");
    const [, owner, location, bucket = ""] = /^projects\/([^/]+)\/locations\/([^/]+)\/buckets\/(.+)$/.exec(destination) ?? [];
    if (!(location === "global" && /^_(Default|Required)$/.test(bucket)) && !context.store.get(bucketToken, destination)) {
      throw new CloudError("notFound", `Error creating ProjectSink: googleapi: Error 404: Bucket \`${bucket}\` does not exist, notFound`);
    }
    // Within one project a bucket needs no grant [SDK projectSink].
    const writerIdentity =
      owner === project ? "" : `serviceAccount:service-${projectNumber(context.store, project)}@gcp-sa-logging.iam.gserviceaccount.com`;
    return { id, outputs: { project, writerIdentity } };
  },
  update: (_context, old) => ({ project: old.state.project ?? "", writerIdentity: old.state.writerIdentity ?? "" }),
});

const metric: ResourceDefinition = withDeletionPolicy({
  token: metricToken,
  fidelity: { level: "enforces", how: "every entry that fits its filter counts in Cloud Monitoring", test },
  replaceOn: ["project", "name"],
  autoname: { property: "name", maxLength: 100 },
  refuse({ filter, valueExtractor, metricDescriptor, bucketOptions }) {
    const failures = filterFailures("filter", filter);
    const { valueType } = objectOf(metricDescriptor);
    if (valueExtractor !== undefined && valueType !== "DISTRIBUTION" && valueType !== UNKNOWN) {
      failures.push({ property: "valueExtractor", reason: `needs metricDescriptor.valueType DISTRIBUTION, not ${valueType ?? "INT64"}` });
    }
    if (valueType === "DISTRIBUTION" && bucketOptions === undefined)
      failures.push({ property: "bucketOptions", reason: "required when metricDescriptor.valueType is DISTRIBUTION" }); // [SDK logging/metric]
    if (known(valueExtractor) && !/^(REGEXP_)?EXTRACT\(.+\)$/.test(valueExtractor)) {
      failures.push({
        property: "valueExtractor",
        reason: `"${valueExtractor}" is neither EXTRACT(field) nor REGEXP_EXTRACT(field, "regex")`,
      });
    }
    return failures;
  },
  create(context, inputs) {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    const id = String(inputs.name);
    if (context.store.list(metricToken).some(({ state, urn }) => state.name === id && state.project === project && urn !== context.urn)) {
      throw new CloudError("alreadyExists", `Error creating Metric: googleapi: Error 409: Metric ${id} already exists, alreadyExists`);
    }
    // Unlike the real provider's bare name: two projects may each have a metric of this name. It is one of its import formats.
    return { id: `${project} ${id}`, outputs: { project } };
  },
  update: (_context, old) => ({ project: old.state.project ?? "" }),
});
