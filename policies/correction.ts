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
    return found !== UNKNOWN && !isSecret && !accepts(found);
  });
  return due.length === 0 ? undefined : due.reduce((all, { path, right }) => withValue(all, path.split("."), right), props);
}

function withValue(props: Properties, [step = "", ...rest]: readonly string[], value: boolean | string): Properties {
  if (rest.length === 0) return { ...props, [step]: value };
  const inner = props[step];
  const isObject = typeof inner === "object" && inner !== null && !Array.isArray(inner);
  return { ...props, [step]: withValue(isObject ? (inner as Properties) : {}, rest, value) };
}
