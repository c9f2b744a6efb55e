// Reading the properties of a program, and making what AWS makes up.
import { randomBytes } from "node:crypto";
import { type Failure, type Properties, type Stored, UNKNOWN, type Value } from "../../engine/definition.ts";

/** A nested object, empty where there is none. Single nested blocks of the provider arrive as objects. */
export function objectOf(value: Value | undefined): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** A list of nested objects, empty where there is none. */
export const listOf = (value: Value | undefined): Properties[] => (Array.isArray(value) ? value.map(objectOf) : []);

/** A list of texts, empty where there is none. */
export const textsOf = (value: Value | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/** A text that a preview knows already. */
export const isKnown = (value: Value | undefined): value is string => typeof value === "string" && value !== UNKNOWN;

/** What was computed for a resource: its state without what its program gave. */
export const computedOf = ({ inputs, state }: Stored): Properties =>
  Object.fromEntries(Object.entries(state).filter(([key]) => !(key in inputs)));

/** `vpc-0123456789abcdef0`: a prefix and seventeen hexadecimal digits. */
export const newId = (prefix: string): string => `${prefix}-0${randomBytes(8).toString("hex")}`;

/** Refuses values of one property that are not in the list. */
export function oneOf(property: string, value: Value | undefined, allowed: readonly string[]): Failure[] {
  if (!isKnown(value) || allowed.includes(value)) return [];
  return [{ property, reason: `expected ${property} to be one of [${allowed.map((each) => `"${each}"`).join(" ")}], got ${value}` }];
}

/** Refuses a JSON document that is none. */
export function json(property: string, value: Value | undefined): Failure[] {
  if (!isKnown(value)) return [];
  try {
    JSON.parse(value);
    return [];
  } catch (error) {
    return [{ property, reason: `"${property}" contains an invalid JSON: ${error instanceof Error ? error.message : error}` }];
  }
}
