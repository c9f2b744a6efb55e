// What can be killed: every kind of process that a region stands on.
import type { SandboxFile } from "../../sandbox/main.ts";
import { regionOf } from "../regions.ts";
import { sandboxStatus } from "../sandbox.ts";
import type { RunningPart } from "./region.ts";

export interface KillTarget {
  readonly name: string;
  /** What it is, for people. */
  readonly what: string;
  /** Whether a running part is it. */
  readonly is: (part: RunningPart, stack: string) => boolean;
}

const inRegion = (kind: string, name: string) => (part: RunningPart, stack: string) =>
  part.kind === kind && part.name.startsWith(name) && regionOf(part) === stack;

/** Parts of which a region has one process or more. The job and the sandbox itself are in no list of parts that stay. */
export const killTargets: readonly KillTarget[] = [
  { name: "edge", what: "workerd, with every Worker and Durable Object", is: inRegion("worker", "") },
  { name: "service", what: "the preference service", is: inRegion("Cloud Run service", "preferences") },
  { name: "spool", what: "the service that keeps the edge's telemetry where no queue can", is: inRegion("Cloud Run service", "spool") },
  { name: "database", what: "PostgreSQL", is: inRegion("Cloud SQL", "") },
  {
    name: "objects",
    what: "the object server, which is the sink in AWS",
    is: ({ kind, name }) => kind === "object storage" && name === "s3",
  },
  { name: "collector-gcp", what: "the collector in Google Cloud", is: inRegion("Cloud Run service", "collector") },
  { name: "collector-aws", what: "the collectors in AWS", is: inRegion("Fargate task", "collector") },
];

export const jobTarget = { name: "job", what: "the migration job, while it runs" } as const;
export const sandboxTarget = { name: "sandbox", what: "the gateway, Cloud Storage, queues, balancers and all" } as const;

export const targetNames = [...killTargets, jobTarget, sandboxTarget].map(({ name }) => name);

/** Those that the region has: not every one has a service that spools. */
export async function targetsOf(sandbox: SandboxFile, stack: string): Promise<string[]> {
  const { parts } = await sandboxStatus(sandbox);
  const there = killTargets.filter((target) => parts.some((part) => part.pid !== undefined && target.is(part, stack)));
  return [...there, jobTarget, sandboxTarget].map(({ name }) => name);
}

/** Processes of a target that run now. */
export async function pidsOf(sandbox: SandboxFile, stack: string, target: KillTarget): Promise<number[]> {
  const { parts } = await sandboxStatus(sandbox);
  return [...new Set(parts.flatMap((part) => (part.pid !== undefined && target.is(part, stack) ? [part.pid] : [])))];
}
