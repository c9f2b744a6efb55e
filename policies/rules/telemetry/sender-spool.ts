// While a path stands still, its senders keep what it has not taken. A collector's own queue is lost with its disk, which on most
// platforms is lost with the instance; so the spool is the sender's, and durable (see paths.ts).
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { pathsOf, spoolsOf } from "./paths.ts";

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  if (context.lifecycle !== "durable") return [];
  return pathsOf(resources, context).flatMap((path): StackFinding[] => {
    const spools = spoolsOf(resources, path, context).filter((spool) => !path.sinks.includes(spool));
    const [sink] = path.sinks;
    if (spools.length > 0 || !sink) return [];
    return [
      {
        urn: sink.urn,
        finding: {
          kind: "violation",
          problem: `no store keeps what the path "${path.name}" has not taken yet`,
          allowed: `a queue, stream or database, with telemetry-spool: ${path.name}`,
        },
      },
    ];
  });
}

export const senderSpool: Rule = {
  id: "telemetry/sender-spool",
  title: "Senders keep what a path of telemetry has not taken yet",
  severity: "medium",
  why: "What was sent into an outage is gone, and with it the proof of who saw what, on just the day for which it will be asked.",
  remediation: "Put a durable queue or an outbox before each path, and tag it with telemetry-spool and the paths' names, joined by _.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 17" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "aws:s3/bucket:Bucket", name: "traces", props: { tags: { "telemetry-path": "first" } } },
      { type: "aws:sqs/queue:Queue", name: "outbox", props: { tags: { "telemetry-spool": "first_second" } } },
    ],
    fails: [{ type: "aws:s3/bucket:Bucket", name: "traces", props: { tags: { "telemetry-path": "first" } } }],
  },
  checkStack,
};
