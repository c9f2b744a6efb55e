// Containers that a JSON text defines: tasks of ECS and jobs of Batch.
import { parseJson } from "../../arguments.ts";
import { type Properties, type Resource, read, select, UNKNOWN, type Value } from "../../resource.ts";
import type { Finding } from "../../rule.ts";

/** Where a type holds such a text, and where the containers stand in it. */
const documents: Readonly<Record<string, readonly { readonly property: string; readonly containers: readonly string[] }[]>> = {
  "aws:ecs/taskDefinition:TaskDefinition": [{ property: "containerDefinitions", containers: ["all[*]"] }],
  "aws:batch/jobDefinition:JobDefinition": [
    { property: "containerProperties", containers: ["all"] },
    { property: "ecsProperties", containers: ["all.taskProperties[*].containers[*]"] },
    { property: "nodeProperties", containers: ["all.nodeRangeProperties[*].container"] },
  ],
};

export interface Container {
  /** The property that holds the text. */
  readonly property: string;
  /** `containerDefinitions[0]` */
  readonly at: string;
  readonly props: Properties;
}

/** The containers of a resource, and the texts that are not known yet; undefined for a type that has none. */
export function containersOf(
  resource: Resource,
): { readonly containers: readonly Container[]; readonly unknown: readonly Finding[] } | undefined {
  const texts = documents[resource.type]?.filter(({ property }) => read(resource.props, property) !== undefined);
  if (!texts || texts.length === 0) return undefined;
  const containers: Container[] = [];
  const unknown: Finding[] = [];
  for (const { property, containers: paths } of texts) {
    const all = parseJson(resource, property);
    if (all === UNKNOWN) unknown.push({ kind: "undecided", property });
    if (all === UNKNOWN || all === undefined) continue;
    for (const { path, value } of paths.flatMap((each) => select({ all }, each)))
      if (isRecord(value)) containers.push({ property, at: path.replace("all", property), props: value });
  }
  return { containers, unknown };
}

const isRecord = (value: Value): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);
