// Which resources others name: by their dependencies where values are not known yet, else by a value. Read once, asked for many.
import { type Resource, read, type Value } from "../../resource.ts";

/** Whether a resource is named. @param spelt properties that hold its names as providers spell them */
export type Named = (target: Resource, spelt?: readonly string[]) => boolean;

/** @param properties of a resource that name others: top-level, each may hold a structure or a JSON text */
export function namedBy(resources: readonly Resource[], properties: (resource: Resource) => readonly string[]): Named {
  const urns = new Set<string>();
  const names = new Set<string>();
  for (const resource of resources)
    for (const property of properties(resource)) {
      for (const urn of resource.propertyDependencies?.[property] ?? []) urns.add(urn);
      collect(resource.props[property], names);
    }
  return (target, spelt = ["arn", "id", "name"]) =>
    urns.has(target.urn) ||
    spelt.some((path) => {
      const name = read(target.props, path);
      return typeof name === "string" && name !== "" && names.has(name);
    });
}

function collect(value: Value | undefined, into: Set<string>): void {
  if (typeof value === "string") {
    into.add(value);
    // `arn:aws:sqs:eu-central-1:1:orders-dead` names `orders-dead`; `projects/p/topics/dead` names `dead`.
    into.add(value.slice(Math.max(value.lastIndexOf(":"), value.lastIndexOf("/")) + 1));
    collect(parsed(value), into);
  } else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) collect(inner as Value, into);
  }
}

/** Policies are JSON texts: `{"deadLetterTargetArn":"...","maxReceiveCount":5}`. */
function parsed(text: string): Value | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}
