// How one resource of a stack is found from another, by values that both know or by what the engine says a property is made of.
import { type Resource, read, UNKNOWN } from "./resource.ts";

const topOf = (property: string): string => /^[^.[]+/.exec(property)?.[0] ?? property;

/** URNs of the resources whose outputs a property is made of. */
export const sourcesOf = ({ propertyDependencies }: Resource, property: string): readonly string[] =>
  propertyDependencies?.[topOf(property)] ?? [];

/**
 * Whether a property leads to another resource.
 * @param names properties of the other that may stand in it: its `arn`, its `name`
 */
export function leadsTo(from: Resource, property: string, to: Resource, names: readonly string[]): boolean {
  if (sourcesOf(from, property).includes(to.urn)) return true;
  const value = read(from.props, property);
  return typeof value === "string" && names.some((name) => isNamed(value, read(to.props, name)));
}

/** Google writes a resource by its name, its path or its URL. */
const isNamed = (value: string, name: unknown): boolean =>
  typeof name === "string" && name !== "" && (value === name || value.endsWith(`/${name}`));

/** Whether the same thing stands at a property of both: the same known value, or one made of the same resource's outputs. */
export function isSame(one: Resource, other: Resource, property: string): boolean {
  const [a, b] = [read(one.props, property), read(other.props, property)];
  if (a !== undefined && a !== UNKNOWN && b !== undefined && b !== UNKNOWN) return a === b;
  return sourcesOf(one, property).some((urn) => sourcesOf(other, property).includes(urn));
}
