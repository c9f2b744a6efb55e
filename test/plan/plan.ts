// What a stack would make, as the real engine planned it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Platform } from "../platform.ts";

export interface PlannedResource {
  /** The engine's operation: create, update, same, ... */
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** False for components, which are no cloud's. */
  readonly custom: boolean;
  /** Read, not made, by this stack. */
  readonly external: boolean;
  /** URN of the component (or the stack) that made it; empty for the stack. */
  readonly parent: string;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** As the program gives them; what is known only after the deployment is `unknown`. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** How a value that is known only after the deployment is written here. */
export const unknown = "(known after the deployment)";

/** The SDKs' own word for it. */
const unknownInEvents = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

interface Metadata {
  readonly op: string;
  readonly new: {
    readonly urn: string;
    readonly type: string;
    readonly custom?: boolean;
    readonly external?: boolean;
    readonly parent?: string;
    readonly protect?: boolean;
    readonly retainOnDelete?: boolean;
    readonly inputs: Record<string, unknown>;
  } | null;
}

/** The resources of the last `preview` (or `up`) of a stack, in the engine's order; those that it only deletes left out. */
export function planOf(platform: Platform, stack: string, operation: "preview" | "up" = "preview"): PlannedResource[] {
  const log = join(platform.dir, ".sandbox", "logs", `${stack}-${operation}.events.jsonl`);
  return readFileSync(log, "utf8")
    .replaceAll(unknownInEvents, unknown)
    .split("\n")
    .filter((line) => line.includes('"resourcePreEvent"'))
    .map((line) => (JSON.parse(line) as { resourcePreEvent: { metadata: Metadata } }).resourcePreEvent.metadata)
    .flatMap(({ op, new: made }) =>
      made === null
        ? []
        : [
            {
              op,
              urn: made.urn,
              type: made.type,
              name: made.urn.slice(made.urn.lastIndexOf("::") + 2),
              custom: made.custom ?? false,
              external: made.external ?? false,
              parent: made.parent ?? "",
              protect: made.protect ?? false,
              retainOnDelete: made.retainOnDelete ?? false,
              inputs: made.inputs,
            },
          ],
    );
}

/** Those that stand in a cloud: no component, no provider, nothing that is only read. */
export const cloudResources = (plan: readonly PlannedResource[]) =>
  plan.filter(({ custom, external, type }) => custom && !external && !type.startsWith("pulumi:"));

/** @throws Error that names what there is */
export function resource(plan: readonly PlannedResource[], name: string): PlannedResource {
  const found = plan.find((each) => each.name === name);
  if (found) return found;
  throw new Error(`the plan has no "${name}"; it has ${plan.map((each) => each.name).join(", ")}`);
}
