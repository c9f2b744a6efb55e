// Resource types that the sandbox keeps as state only: nothing runs behind them, so their definition is an id and the computed outputs.
import { CloudError, type Context, type Properties, type ResourceDefinition, type Stored } from "./definition.ts";

type Shared = Pick<
  ResourceDefinition,
  "token" | "replaceOn" | "deleteBeforeReplace" | "recomputed" | "unordered" | "autoname" | "defaults" | "refuse" | "import" | "delete"
>;

export interface Recorded extends Shared {
  /** Why state is enough; goes into the fidelity table. */
  readonly why: string;
  /** The id in the provider's own form. Called once, at create. */
  readonly id: (inputs: Properties, context: Context) => string;
  /**
   * What the provider computes, inputs excluded. Called at create and again at every update (with what was there before):
   * it must answer the same for the same inputs, so random values come from `context.store.fact` or from `before`.
   */
  readonly computed?: (inputs: Properties, id: string, context: Context, before?: Stored) => Properties;
  /** Creating what exists is a conflict on most clouds (default). An upsert (an IAM member, a DNS record by name) adopts it. */
  readonly existing?: "conflict" | "adopt";
  /** For the few where semantics hold although no process runs (a binding that others consult): overrides `records`. */
  readonly fidelity?: ResourceDefinition["fidelity"];
}

/**
 * A definition that keeps state only.
 * Its `create` throws `CloudError` (`AlreadyExists`) when the id is taken by another resource.
 */
export function recorded(options: Recorded): ResourceDefinition {
  const { why, id: idOf, computed, existing = "conflict", fidelity, ...shared } = options;
  return {
    ...shared,
    fidelity: fidelity ?? { level: "records", why },
    create(context, inputs) {
      const id = idOf(inputs, context);
      const taken = context.store.get(options.token, id);
      if (taken && existing === "conflict" && context.orphan?.id !== id) {
        throw new CloudError(
          "AlreadyExists",
          `${options.token} "${id}" already exists (made by ${taken.urn}). Choose another name, or adopt it with \`pulumi import\`.`,
        );
      }
      return { id, outputs: computed?.(inputs, id, context) ?? {} };
    },
    update: (context, old, inputs) => computed?.(inputs, old.id, context, old) ?? {},
  };
}
