// The S3 API's XML documents of what a program gives as properties.
import type { Properties, Value } from "../../engine/definition.ts";
import { element, s3Document } from "../../runtimes/s3/xml.ts";

// Names whose form in the API is not the property's with a capital letter; lists repeat an element in the singular.
const names: Readonly<Record<string, string>> = {
  id: "ID",
  sseAlgorithm: "SSEAlgorithm",
  kmsMasterKeyId: "KMSMasterKeyID",
  rules: "Rule",
  transitions: "Transition",
  noncurrentVersionTransitions: "NoncurrentVersionTransition",
};

/** A configuration document named `root`; `undefined` and `null` are left out. */
export function configuration(root: string, properties: Properties): string {
  return s3Document(root, children(properties));
}

function children(properties: Properties): string[] {
  return Object.entries(properties).flatMap(([property, value]) => {
    if (property === "tags") return tags(value as Properties);
    const name = names[property] ?? property.charAt(0).toUpperCase() + property.slice(1);
    return (Array.isArray(value) ? value : [value]).flatMap((item) => one(name, item));
  });
}

function one(name: string, value: Value | undefined): string[] {
  if (value === null || value === undefined) return [];
  return [element(name, typeof value === "object" ? children(value as Properties) : value)];
}

const tags = (value: Properties) =>
  Object.entries(value).map(([key, text]) => element("Tag", [element("Key", key), element("Value", String(text))]));
