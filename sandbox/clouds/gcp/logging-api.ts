// logging.googleapis.com, the calls that write and list entries (cloud.google.com/logging/docs/reference/v2/rest).
import { randomUUID } from "node:crypto";
import type { Handler } from "../../engine/internet.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import { FilterError, matches, parseFilter } from "./filter.ts";
import type { Iam } from "./iam.ts";
import type { LogEntry, LogStore } from "./log-store.ts";
import { fieldOf } from "./logging.ts";

export interface LoggingApiOptions {
  readonly iam: Iam;
  readonly logs: LogStore;
  readonly write: (project: string, entry: LogEntry) => void;
  /** Takes in what workloads have written so far. */
  readonly readAll: () => void;
}

export function loggingApi({ iam, logs, write, readAll }: LoggingApiOptions): Handler {
  async function call(request: Request): Promise<unknown> {
    const { pathname } = new URL(request.url);
    const member = iam.caller(request);
    const body = await bodyOf(request);
    if (request.method === "POST" && pathname === "/v2/entries:list") {
      readAll();
      return list(member, body);
    }
    if (request.method === "POST" && pathname === "/v2/entries:write") {
      for (const given of (body.entries ?? []) as Partial<LogEntry>[]) {
        const logName = String(given.logName ?? body.logName ?? "");
        const project = /^projects\/([^/]+)\/logs\/.+$/.exec(logName)?.[1];
        if (project === undefined) throw new ApiError("INVALID_ARGUMENT", `logName "${logName}" is not of the form projects/P/logs/L.`);
        iam.demand(member, "logging.logEntries.create", `projects/${project}`);
        const resource = (given.resource ?? body.resource ?? { type: "global", labels: {} }) as LogEntry["resource"];
        write(project, {
          ...given,
          logName,
          resource: { type: resource.type, labels: { project_id: project, ...resource.labels } },
          timestamp: new Date(given.timestamp ?? Date.now()).toISOString(),
          severity: given.severity ?? "DEFAULT",
          insertId: given.insertId ?? randomUUID(),
        });
      }
      return {};
    }
    throw new ApiError("NOT_FOUND", `${request.method} ${pathname} is not a call of this API that is available here.`);
  }

  function list(member: string, body: Record<string, unknown>): object {
    const filter = read(String(body.filter ?? ""));
    const pageSize = Math.min(Number(body.pageSize ?? 50), 1000);
    const from = Number(Buffer.from(String(body.pageToken ?? ""), "base64url").toString() || 0);
    const names = (body.resourceNames ?? []) as string[];
    const buckets = names.flatMap((name) => {
      const [, project = "", bucket] = /^projects\/([^/]+)(\/locations\/[^/]+\/buckets\/[^/]+)?(?:\/views\/[^/]+)?$/.exec(name) ?? [];
      if (project === "")
        throw new ApiError("INVALID_ARGUMENT", `resourceNames "${name}" is not of the form projects/P, or a bucket or view of it.`);
      iam.demand(member, "logging.logEntries.list", `projects/${project}`);
      return bucket ? [`projects/${project}${bucket}`] : logs.buckets(project);
    });
    const found = new Map<string, LogEntry>();
    for (const bucket of new Set(buckets)) {
      for (const entry of logs.entries(bucket))
        if (matches(filter, (path) => fieldOf(entry, path))) found.set(`${entry.timestamp} ${entry.insertId}`, entry);
    }
    const keys = [...found.keys()].sort();
    if (body.orderBy === "timestamp desc") keys.reverse();
    const page = keys.slice(from, from + pageSize);
    return {
      entries: page.map((key) => found.get(key)),
      ...(from + pageSize < keys.length ? { nextPageToken: Buffer.from(String(from + pageSize)).toString("base64url") } : {}),
    };
  }

  return (request) => answering(() => call(request));
}

function read(filter: string) {
  try {
    return parseFilter(filter);
  } catch (error) {
    if (error instanceof FilterError) throw new ApiError("INVALID_ARGUMENT", error.message);
    throw error;
  }
}
