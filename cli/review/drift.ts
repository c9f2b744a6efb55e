// What a refresh found to stand otherwise than it was deployed. Pure. Names only: a value that drifted may be anything.
import type { EngineEvent, EngineStep } from "../pulumi/events.ts";

export interface Drifted {
  readonly stack: string;
  readonly resource: string;
  readonly type: string;
  readonly gone: boolean;
  /** Paths of the properties that differ. */
  readonly properties: readonly string[];
}

export function driftIn(stack: string, events: readonly EngineEvent[]): Drifted[] {
  const steps = events.flatMap(({ resOutputsEvent }) => (resOutputsEvent ? [resOutputsEvent.metadata] : []));
  const things = Map.groupBy(steps, ({ type, old }) => `${type} ${old?.id ?? ""}`);
  return steps.flatMap((step): Drifted[] => {
    const { op, urn, type, old } = step;
    const properties = differing(step);
    const gone = op === "delete";
    if (!(gone || (op === "update" && properties.length > 0))) return [];
    // Two resources of one thing in a cloud, such as a script's classes and its code: it stands as the other says.
    const others = (things.get(`${type} ${old?.id ?? ""}`) ?? []).filter((other) => other.urn !== urn);
    if (others.some((other) => other.op === "same")) return [];
    return [{ stack, resource: urn.slice(urn.lastIndexOf("::") + 2), type, gone, properties }];
  });
}

/** What a cloud or another resource (a bucket's versioning) adds to what the program says nothing about is no difference. */
const differing = ({ detailedDiff, diffs, old }: EngineStep): string[] =>
  (detailedDiff ? Object.keys(detailedDiff) : [...(diffs ?? [])])
    .filter((path) => old?.inputs?.[/^[^.[]+/.exec(path)?.[0] ?? path] !== undefined)
    .sort();
