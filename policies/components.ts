// Components and what they are made of: an exemption for a component covers all of it, at any depth.
import type { Exemption } from "./exemptions.ts";
import type { Resource } from "./resource.ts";

export class Components {
  readonly #above = new Map<string, string | undefined>();

  /** A component creates nothing itself; the stack is one too, but an exemption for all of a stack says so by its glob. */
  note({ urn, type, parent, provider }: Pick<Resource, "urn" | "type" | "parent" | "provider">): void {
    if (provider === undefined && !type.startsWith("pulumi:")) this.#above.set(urn, parent);
  }

  /** Whether an exemption is for this resource, or for a component that it is a part of. */
  covered(item: Exemption, { urn, parent }: Pick<Resource, "urn" | "parent">): boolean {
    if (item.matches(urn)) return true;
    const seen = new Set<string>();
    for (let above = parent; above !== undefined && this.#above.has(above) && !seen.has(above); above = this.#above.get(above)) {
      if (item.matches(above)) return true;
      seen.add(above);
    }
    return false;
  }
}
