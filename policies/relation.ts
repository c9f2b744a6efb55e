// How one resource of a stack is found from another, by values that both know or by what the engine says a property is made of.
import { type Resource, read, select, UNKNOWN, type Value } from "./resource.ts";
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

/** Where providers keep the names by which others refer to a resource. */
const names = [
  "arn",
  "bucket",
  "databaseId",
  "datasetId",
  "endpoint",
  "hostname",
  "id",
  "identifier",
  "name",
  "queueName",
  "scriptName",
  "secretId",
  "selfLink",
  "tableName",
  "topicArn",
  "url",
];

/**
 * The resources among `candidates` that the values at `path` name. An unknown value names all those that the engine says its property is
 * made of: a list of several cannot be told apart, so any of them may be meant.
 */
export function namedBy(resource: Resource, path: string, candidates: readonly Resource[]): Resource[] {
  const sources = sourcesOf(resource, path);
  return candidates.filter(
    (candidate) =>
      candidate.urn !== resource.urn &&
      select(resource.props, path).some(({ value }) => (value === UNKNOWN ? sources.includes(candidate.urn) : isNameOf(value, candidate))),
  );
}

/** Full names are compared as they are, and by their last part: `arn:aws:s3:::uploads`, `projects/p/topics/orders`, `gs://uploads`. */
function isNameOf(value: Value, { props }: Resource): boolean {
  if (typeof value !== "string" || value === "") return false;
  return names.some((name) => {
    const own = props[name];
    return typeof own === "string" && own !== "" && (own === value || tail(own) === tail(value));
  });
}

const tail = (name: string): string => name.replace(/\/+$/, "").split(/[/:]/).at(-1) ?? name;

/** Whether a property leads to another resource: it is made of it, or names it. */
export const leadsTo = (from: Resource, property: string, to: Resource): boolean =>
  sourcesOf(from, property).includes(to.urn) || namedBy(from, property, [to]).length > 0;

/** Whether the same thing stands at a property of both: the same known value, or one made of the same resource's outputs. */
export function isSame(one: Resource, other: Resource, property: string): boolean {
  const [a, b] = [read(one.props, property), read(other.props, property)];
  if (a !== undefined && a !== UNKNOWN && b !== undefined && b !== UNKNOWN) return a === b;
  return sourcesOf(one, property).some((urn) => sourcesOf(other, property).includes(urn));
}
