// What a plan file says and the event log does not: from which resources each value of a resource comes.
import * as z from "zod";
import type { Previewed } from "./read.ts";

/** As much as is read of apitype.DeploymentPlanV1 (sdk/go/common/apitype/plan.go in pulumi/pulumi, v3.259). */
const planFile = z.object({
  resourcePlans: z.record(
    z.string(),
    z.object({ goal: z.object({ propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).optional() }).optional() }),
  ),
});

export function dependenciesIn(plan: string): NonNullable<Previewed["dependencies"]> {
  const { resourcePlans } = planFile.parse(JSON.parse(plan));
  return new Map(
    Object.entries(resourcePlans).map(([urn, { goal }]) => [
      urn,
      Object.fromEntries(Object.entries(goal?.propertyDependencies ?? {}).map(([property, urns]) => [property, urns ?? []])),
    ]),
  );
}
