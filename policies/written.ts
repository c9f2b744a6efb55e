// In a preview the engine tells stack rules a resource's outputs, most of which nobody knows yet. What the program gave no value is no argument
// that will be known later: to a rule it is not there.
import { type Properties, type Resource, UNKNOWN, type Value } from "./resource.ts";

/**
 * The resource without what only its own provider will compute. The engine names the dependencies of each argument, even where there are
 * none; an argument that depends on nothing holds no unknown value but what the provider adds inside it.
 */
export function asWritten(resource: Resource): Resource {
  const { props, propertyDependencies = {} } = resource;
  const written = Object.entries(props).flatMap(([name, value]): [string, Value][] => {
    if (value === UNKNOWN) return Object.hasOwn(propertyDependencies, name) ? [[name, value]] : [];
    const depends = (propertyDependencies[name]?.length ?? 0) > 0;
    return [[name, depends ? value : withoutUnknown(value)]];
  });
  return { ...resource, props: Object.fromEntries(written) };
}

function withoutUnknown(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  // Places in a list count: an element that is unknown leaves its place empty.
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => (item === UNKNOWN ? null : withoutUnknown(item)));
  const entries = Object.entries(value as Properties).filter(([, item]) => item !== UNKNOWN);
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutUnknown(item)]));
}
