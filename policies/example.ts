// A rule's example as a person would write it in a program.
import { type Properties, UNKNOWN, type Value } from "./resource.ts";
import type { Example, ExampleResource } from "./rule.ts";

/** The most columns that a value takes beside its name; a longer one is written over several lines. */
const widest = 100;

/** TypeScript, as it stands in a program that imports the SDKs as `aws`, `gcp` and `cloudflare`. */
export function programOf(example: Example): string {
  const referred = new Set(example.flatMap(({ dependsOn = {} }) => Object.values(dependsOn).flat()));
  return example.map((resource) => statement(resource, referred.has(resource.name ?? ""))).join("\n");
}

function statement(resource: ExampleResource, isReferred: boolean): string {
  const { name = "it", dependsOn = {}, protect, provider } = resource;
  // What comes from another resource need not stand among the properties as well.
  const references: Properties = Object.fromEntries(Object.keys(dependsOn).map((property): [string, Value] => [property, UNKNOWN]));
  const sources = (property: string): string | undefined => dependsOn[property]?.map((source) => `${identifier(source)}.id`).join(", ");
  const props: Properties = { ...references, ...resource.props };
  const args = literal(props, "", sources);
  const options = [
    ...(provider ? [`provider: new ${provided(resource.type)}.Provider("other", ${literal(provider, "")})`] : []),
    ...(protect ? ["protect: true"] : []),
  ];
  const call = `new ${className(resource.type)}(${[JSON.stringify(name), args, ...(options.length > 0 ? [`{ ${options.join(", ")} }`] : [])].join(", ")});`;
  return isReferred ? `const ${identifier(name)} = ${call}` : call;
}

const provided = (type: string): string => type.split(":")[0] ?? "";

/** `aws:s3/bucket:Bucket` is `aws.s3.Bucket`, `cloudflare:index/worker:Worker` is `cloudflare.Worker`. */
function className(type: string): string {
  const [cloud = "", module = "", name = ""] = type.split(":");
  if (cloud === "pulumi" && module === "providers") return `${name}.Provider`;
  const folder = module.split("/")[0] ?? "";
  return [cloud, ...(folder === "index" || folder === "" ? [] : [folder]), name].join(".");
}

const identifier = (name: string): string =>
  name.replace(/[^A-Za-z0-9]+(.)?/g, (_match, next: string | undefined) => next?.toUpperCase() ?? "");

/** @param sources what a property of an example's resource is made of, if of others */
function literal(value: Value, indent: string, sources?: (property: string) => string | undefined): string {
  if (value === UNKNOWN) return "/* known after the deployment */";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? (value as readonly Value[]).map((item) => literal(item, inner))
    : Object.entries(value).map(([key, item]) => `${keyOf(key)}: ${(item === UNKNOWN && sources?.(key)) || literal(item as Value, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  const flat = isList ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
  if (flat.length + indent.length <= widest && !flat.includes("\n")) return flat;
  return `${open}\n${parts.map((part) => `${inner}${part},`).join("\n")}\n${indent}${close}`;
}

const keyOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
