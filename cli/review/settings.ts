// Every value of a resource with the path at which it stands.
import { UNKNOWN, type Value } from "../../policies/resource.ts";

export interface Leaf {
  readonly path: string;
  readonly value: Exclude<Value, object | null>;
}

/** Items of a list that name themselves stand under that name: one more item does not change the paths of the others. */
export function leavesOf(value: Value, path = ""): Leaf[] {
  if (value === null) return [];
  if (typeof value !== "object") return [{ path, value }];
  if (Array.isArray(value))
    return (value as readonly Value[]).flatMap((item, index) => leavesOf(item, `${path}[${nameOf(item) ?? index}]`));
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, path === "" ? key : `${path}.${key}`));
}

function nameOf(item: Value): string | undefined {
  const name = typeof item === "object" && item !== null && !Array.isArray(item) ? (item as { name?: Value }).name : undefined;
  return typeof name === "string" ? name : undefined;
}

/** Paths of what only the deployment will tell. */
export const unknownPaths = (props: Value): string[] => leavesOf(props).flatMap(({ path, value }) => (value === UNKNOWN ? [path] : []));

/** A word of the provider (`ENTERPRISE`, `aws:kms`, `30s`), not a text that may be anything. */
const word = /^[A-Za-z0-9][A-Za-z0-9:_.-]{0,39}$/;
/** What the engine makes a name unique with. */
const autoname = /-[0-9a-f]{7}$/;
/** Names what it stands beside. */
const reference = /(Id|Ids|Arn|Arns|id|arn)(\[\d+\])?$/;
/** Longer mixtures of letters and digits are names, ids or worse; an address (RFC 791) is somebody's own. */
const mixed = /^\d+(\.\d+){3}$|[0-9]{5,}|(?=\S*[a-z])(?=\S*[A-Z])(?=\S*[0-9])\S{12,}|[0-9a-f]{8,}/;

/** Numbers, switches and words: what two regions can be compared by. */
export function settingsOf(props: Value): Record<string, number | boolean | string> {
  return Object.fromEntries(
    leavesOf(props).flatMap(({ path, value }): [string, number | boolean | string][] => {
      if (typeof value === "number" || typeof value === "boolean") return [[path, value]];
      if (typeof value !== "string" || reference.test(path)) return [];
      const text = value.replace(autoname, "-*");
      return word.test(text.replace("*", "")) && !mixed.test(text) ? [[path, text]] : [];
    }),
  );
}
