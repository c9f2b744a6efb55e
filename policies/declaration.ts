// What a resource declares about the data it holds: by AWS tag or Google label (`data-class`, `jurisdiction`), its
// provider's default tags or labels, or an entry in the register.
import { type DataClass, dataClasses, isJurisdiction, type Jurisdiction } from "../stacks/residency.ts";
import type { Register } from "./register.ts";
import { type Located, type Resource, read, show, UNKNOWN, type Value } from "./resource.ts";

/** A declared value; `unknown` until the deployment, `invalid` if it is not one of the allowed. */
export type Declared<T> =
  | { readonly kind: "declared"; readonly value: T }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown"; readonly property: string }
  | { readonly kind: "invalid"; readonly property: string; readonly shown: string };

/** Where providers keep free-form key and value pairs. Cloud SQL and GKE name theirs differently. */
const tagProperties = ["tags", "tagsAll", "labels", "settings.userLabels", "resourceLabels", "userLabels"];
const providerTagProperties = ["defaultTags.tags", "defaultLabels"];

export function dataClassOf(resource: Resource, register: Register): Declared<DataClass> {
  const isDataClass = (value: unknown): value is DataClass => dataClasses.includes(value as DataClass);
  return declared(resource, "data-class", isDataClass, register(resource.urn)?.dataClass);
}

export function jurisdictionOf(resource: Resource, register: Register): Declared<Jurisdiction> {
  return declared(resource, "jurisdiction", isJurisdiction, register(resource.urn)?.jurisdiction);
}

function declared<T>(resource: Resource, key: string, accepts: (value: unknown) => value is T, registered: T | undefined): Declared<T> {
  const place = tagOf(resource, key);
  if (place === undefined) return registered === undefined ? { kind: "absent" } : { kind: "declared", value: registered };
  if (place.value === UNKNOWN) return { kind: "unknown", property: place.path };
  if (accepts(place.value)) return { kind: "declared", value: place.value };
  return { kind: "invalid", property: place.path, shown: show(resource, place) };
}

/** Every value of a tag that the resource itself carries. */
export function ownTagsOf(resource: Resource, key: string): Located[] {
  return tagProperties.flatMap((property) => {
    // The key is no path: it may hold dots.
    const tags = read(resource.props, property);
    if (tags === UNKNOWN) return [{ path: property, value: UNKNOWN }];
    const value = entryOf(tags, key);
    return value === undefined ? [] : [{ path: `${property}.${key}`, value }];
  });
}

/** The tag's value wherever it stands; the resource's own wins over the provider's default. */
export function tagOf(resource: Resource, key: string): Located | undefined {
  const [own] = ownTagsOf(resource, key);
  if (own) return own;
  for (const property of providerTagProperties) {
    const [first = "", ...rest] = property.split(".");
    const own = resource.provider?.props[first];
    // Provider configuration that is not a string reaches the engine as JSON text.
    const tags = rest.reduce<Value | undefined>((value, step) => entryOf(value, step), typeof own === "string" ? parsed(own) : own);
    const value = entryOf(tags, key);
    if (value !== undefined) return { path: `provider ${property}.${key}`, value };
  }
  return undefined;
}

function entryOf(value: Value | undefined, key: string): Value | undefined {
  const found = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, Value>)[key] : undefined;
  return found ?? undefined;
}

function parsed(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}
