// What `remediate` gives: the properties of a resource with its wrong ones set right.
import { type Properties, type Resource, read, UNKNOWN, type Value } from "./resource.ts";

export interface Correction {
  /** Without `[*]`. */
  readonly path: string;
  /** Whether the value may stay. Default: if it is `right`. */
  readonly accepts?: (value: Value | undefined) => boolean;
  /** What it becomes otherwise. */
  readonly right: boolean | string;
}

/** Undefined where there is nothing to correct. A value that is unknown or secret stays what it is. */
export function corrected({ props, secrets }: Resource, corrections: readonly Correction[]): Properties | undefined {
  const due = corrections.filter(({ path, right, accepts = (value) => value === right }) => {
    const found = read(props, path);
    const isSecret = [...secrets].some((secret) => path === secret || path.startsWith(`${secret}.`) || secret.startsWith(`${path}.`));
    return found !== UNKNOWN && !isSecret && !accepts(found) && isReachable(props, path.split("."));
  });
  return due.length === 0 ? undefined : due.reduce((all, { path, right }) => withValue(all, path.split("."), right), props);
}

/** Whether nothing on the way is something else than an object: a list in its place may hold what nobody knows yet. */
function isReachable(props: Properties, [step = "", ...rest]: readonly string[]): boolean {
  const inner = props[step] ?? {};
  return rest.length === 0 || (isObject(inner) && isReachable(inner, rest));
}

const isObject = (value: Value): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);

function withValue(props: Properties, [step = "", ...rest]: readonly string[], value: boolean | string): Properties {
  return { ...props, [step]: rest.length === 0 ? value : withValue((props[step] ?? {}) as Properties, rest, value) };
}
