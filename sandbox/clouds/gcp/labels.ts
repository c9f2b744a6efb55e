// Labels as the provider shows them: its own defaults under the resource's.
import type { Context, Properties } from "../../engine/definition.ts";
import { objectOf } from "./outputs.ts";

/** The computed label properties, for types that take `labels`. [SDK: `pulumiLabels`, `effectiveLabels`] */
export function labelOutputs(context: Context, inputs: Properties): Properties {
  const pulumiLabels = { ...objectOf(context.config.defaultLabels), ...objectOf(inputs.labels) };
  return { pulumiLabels, effectiveLabels: { "goog-pulumi-provisioned": "true", ...pulumiLabels } };
}
