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

/** Characters that every provider adds. */
const SUFFIX = 7;

/**
 * The name to add, or undefined when the program gives one. A resource keeps the name that was made up for it.
 * @throws NameTooLong in the words of a real provider: it shortens nothing [pulumi/sdk resource.NewUniqueName]
 */
export function autoname(rule: Autoname, inputs: Properties, naming: Naming): string | undefined {
  if (inputs[rule.property] !== undefined) return undefined;
  const before = naming.olds[rule.property];
  const prefix = `${rule.lowercase ? naming.name.toLowerCase() : naming.name}${rule.separator ?? "-"}`;
  if (typeof before === "string" && before.startsWith(prefix) && before.length === prefix.length + SUFFIX) return before;
  if (prefix.length + SUFFIX > rule.maxLength) {
    throw new NameTooLong(`name '${prefix}' plus ${SUFFIX} random chars is longer than maximum length ${rule.maxLength}`);
  }
  return prefix + createHash("sha256").update(naming.urn).update(naming.seed).digest("hex").slice(0, SUFFIX);
}

export class NameTooLong extends Error {}
