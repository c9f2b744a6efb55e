// Stack rules see a resource's outputs, which repeat its inputs. In a preview the provider leaves unknown what it will work out itself, though
// nobody wrote anything there: to a rule that is absent, not unknown.
import { type Properties, type Resource, UNKNOWN, type Value } from "./resource.ts";

/** The resource without the unknown values that come from no other resource. What another resource will tell stays unknown. */
export function asWritten(resource: Resource): Resource {
  const { props, propertyDependencies = {} } = resource;
  const written = Object.entries(props).flatMap(([name, value]): [string, Value][] => {
    const kept = (propertyDependencies[name]?.length ?? 0) > 0 ? value : withoutUnknown(value);
    return kept === undefined ? [] : [[name, kept]];
  });
  return { ...resource, props: Object.fromEntries(written) };
}

function withoutUnknown(value: Value): Value | undefined {
  if (value === UNKNOWN) return undefined;
  if (typeof value !== "object" || value === null) return value;
  // Places in a list count: an element that is unknown leaves its place empty.
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => withoutUnknown(item) ?? null);
  const entries = Object.entries(value as Properties).flatMap(([name, item]): [string, Value][] => {
    const kept = withoutUnknown(item);
    return kept === undefined ? [] : [[name, kept]];
  });
  return Object.fromEntries(entries);
}
