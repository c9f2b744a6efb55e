import type { Properties, Stored, Value } from "../../engine/definition.ts";

/** What was computed for a resource: its state without what its program gave. */
export function computedOf({ inputs, state }: Stored): Properties {
  return Object.fromEntries(Object.entries(state).filter(([key]) => !(key in inputs)));
}

/** A nested object, empty where there is none. Single nested blocks of the provider arrive as objects. */
export function objectOf(value: Value | undefined): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** A list of nested objects, empty where there is none. */
export function listOf(value: Value | undefined): Properties[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
