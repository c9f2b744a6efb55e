// Which resource of the stack a property names: by what is written there, or by what the engine says it is made of.
import { sourcesOf } from "./relation.ts";
import { type Resource, select, UNKNOWN, type Value } from "./resource.ts";

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
