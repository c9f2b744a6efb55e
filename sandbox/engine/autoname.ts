// Names that a real provider makes up where a program gives none.
import { createHash } from "node:crypto";
import type { Autoname, Properties } from "./definition.ts";

export interface Naming {
  /** The resource's name in the program. */
  readonly name: string;
  readonly urn: string;
  /** Of the engine; the same in a preview and the update after it. */
  readonly seed: Uint8Array;
  /** The inputs that the resource has now; empty when it is made or replaced. */
  readonly olds: Properties;
}

/** The name to add, or undefined when the program gives one. A resource keeps the name that was made up for it. */
export function autoname(rule: Autoname, inputs: Properties, naming: Naming): string | undefined {
  if (inputs[rule.property] !== undefined) return undefined;
  const before = naming.olds[rule.property];
  const cased = (text: string) => (rule.lowercase ? text.toLowerCase() : text);
  const separator = rule.separator ?? "-";
  const stem = cased(naming.name).slice(0, rule.maxLength - separator.length - SUFFIX);
  if (typeof before === "string" && before.startsWith(stem + separator) && before.length === stem.length + separator.length + SUFFIX) {
    return before;
  }
  const suffix = createHash("sha256").update(naming.urn).update(naming.seed).digest("hex").slice(0, SUFFIX);
  return `${stem}${separator}${suffix}`;
}
const SUFFIX = 7;
