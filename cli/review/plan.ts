// A plan as the engine's event log tells it: one entry a resource, whatever steps it takes, without a secret in it.
import type { Properties } from "../../policies/resource.ts";
import { decode } from "../../policies/wire.ts";
import type { EngineEvent, EngineStep } from "../pulumi/events.ts";
import type { Operation } from "./model.ts";
import { masked } from "./secrets.ts";

export interface Planned {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly operation: Operation;
  /** Made by a provider; a component is not. */
  readonly custom: boolean;
  readonly parent: string;
  /** URN of its provider; empty where it has none. */
  readonly provider: string;
  /** As the program gives them; of a deletion, as they were. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly props: Properties;
  /** Paths of the properties that change; for a replacement those that force it. */
  readonly paths: readonly string[];
}

export interface Plan {
  readonly resources: readonly Planned[];
  /** Configuration of the stack. */
  readonly config: Readonly<Record<string, string>>;
  /** What the log itself marked as secret and still tells. */
  readonly secrets: ReadonlySet<string>;
}

/** The engine's words (deploy.StepOp in pulumi/pulumi) for the steps that are no replacement. */
const steps: Readonly<Record<string, Operation>> = {
  create: "create",
  import: "create",
  update: "change",
  delete: "delete",
  same: "same",
  refresh: "same",
  read: "read",
  // What was only read is forgotten, and stands as it did.
  "read-replacement": "read",
  discard: "read",
  "discard-replaced": "read",
};
const replacing = new Set(["replace", "create-replacement", "delete-replaced", "import-replacement"]);

export function planOf(events: readonly EngineEvent[]): Plan {
  const secrets = new Set<string>();
  const all = events.flatMap(({ resourcePreEvent }) => (resourcePreEvent ? [resourcePreEvent.metadata] : []));
  const resources = [...Map.groupBy(all, ({ urn }) => urn)].map(([urn, its]) => planned(urn, its, secrets));
  for (const { old } of all) masked(old, secrets);
  const config = events.find(({ preludeEvent }) => preludeEvent)?.preludeEvent?.config ?? {};
  return { resources, config, secrets };
}

function planned(urn: string, its: readonly EngineStep[], secrets: Set<string>): Planned {
  const replaced = its.some(({ op }) => replacing.has(op));
  const last = its.findLast((step) => step.new) ?? (its.at(-1) as EngineStep);
  const resource = last.new ?? last.old;
  masked(resource, secrets);
  const inputs = masked(resource?.inputs ?? {}, secrets) as Record<string, unknown>;
  const keys = its.flatMap((step) => step.keys ?? []);
  const changed = its.flatMap(({ detailedDiff, diffs }) => (detailedDiff ? Object.keys(detailedDiff) : (diffs ?? [])));
  return {
    urn,
    type: last.type,
    name: urn.slice(urn.lastIndexOf("::") + 2),
    operation: replaced ? "replace" : (steps[last.op] ?? "change"),
    custom: resource?.custom ?? false,
    parent: resource?.parent ?? "",
    provider: resource?.provider?.split("::").slice(0, -1).join("::") ?? "",
    inputs,
    props: decode(inputs).props,
    paths: [...new Set(replaced && keys.length > 0 ? keys : changed)].sort(),
  };
}

/** Those that stand in a cloud: no component, no provider. */
export const inClouds = ({ custom, type }: Pick<Planned, "custom" | "type">) => custom && !type.startsWith("pulumi:");
