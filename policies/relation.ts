// How one resource of a stack is found from another, by values that both know or by what the engine says a property is made of.
import { type Resource, read, UNKNOWN } from "./resource.ts";
import type { Undecided } from "./rule.ts";

const topOf = (property: string): string => /^[^.[]+/.exec(property)?.[0] ?? property;

/** URNs of the resources whose outputs a property is made of. */
export const sourcesOf = ({ propertyDependencies }: Resource, property: string): readonly string[] =>
  propertyDependencies?.[topOf(property)] ?? [];

/** Whether a property is made of the outputs of this stack's resources only, all of them of such types. */
export function isMadeOf(resource: Resource, property: string, resources: readonly Resource[], isOf: (type: string) => boolean): boolean {
  const sources = sourcesOf(resource, property);
  return sources.length > 0 && sources.every((urn) => resources.some((other) => other.urn === urn && isOf(other.type)));
}

/** What clouds make; components and stacks pass on what they were given. */
const isInCloud = (type: string): boolean => /^(aws|gcp|cloudflare):/.test(type);

/**
 * What waits only for what resources of this stack are called: for `settles` of rules about documents. What a document says is written in the
 * program, and is judged in the update as soon as the names are known: before it takes effect.
 */
export const waitsForNames = ({ property }: Undecided, resource: Resource, resources: readonly Resource[]): boolean =>
  isMadeOf(resource, property, resources, isInCloud);

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
