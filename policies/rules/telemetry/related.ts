// Whether one resource names another: by its dependencies where values are not known yet, else by a value.
import { type Resource, read, UNKNOWN, type Value } from "../../resource.ts";

/** @param property top-level; its value may be a structure @param names of the target as the provider spells them: ARN, name, id */
export function names(from: Resource, property: string, target: Resource, names: readonly string[] = ["arn", "id", "name"]): boolean {
  if (from.propertyDependencies?.[property]?.includes(target.urn)) return true;
  if (from.props[property] === undefined) return false;
  const own = names.map((name) => read(target.props, name)).filter((value): value is string => typeof value === "string" && value !== "");
  return own.length > 0 && mentions(from.props[property], own);
}

function mentions(value: Value | undefined, wanted: readonly string[]): boolean {
  if (typeof value === "string") return wanted.some((name) => value === name || endsWith(value, name) || parsedMentions(value, wanted));
  if (value === undefined || value === null || value === UNKNOWN || typeof value !== "object") return false;
  return Object.values(value).some((inner) => mentions(inner as Value, wanted));
}

/** `arn:aws:sqs:eu-central-1:1:orders-dead` names `orders-dead`; `projects/p/topics/dead` names `dead`. */
const endsWith = (value: string, name: string) => value.endsWith(`:${name}`) || value.endsWith(`/${name}`);

/** Policies are JSON texts: `{"deadLetterTargetArn":"...","maxReceiveCount":5}`. */
function parsedMentions(text: string, wanted: readonly string[]): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    return mentions(JSON.parse(text) as Value, wanted);
  } catch {
    return false;
  }
}
