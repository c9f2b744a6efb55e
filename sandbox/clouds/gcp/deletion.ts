// What stands between a resource and its end.
import { CloudError, type Properties, type ResourceDefinition } from "../../engine/definition.ts";

/**
 * Honours `deletionPolicy`, which nearly every type of the provider has: `PREVENT` refuses, `ABANDON` forgets without deleting.
 * [SDK: DELETE is the default]
 */
export function withDeletionPolicy(definition: ResourceDefinition): ResourceDefinition {
  return {
    ...definition,
    async delete(context, stored) {
      const policy = stored.state.deletionPolicy;
      if (policy === "PREVENT") {
        throw new CloudError(
          "failedPrecondition",
          `cannot destroy ${stored.id}: its deletionPolicy is PREVENT. Set it to DELETE, deploy, then try again.`,
        );
      }
      if (policy !== "ABANDON") await definition.delete?.(context, stored);
    },
  };
}

/**
 * The provider's own protection, a field that must be deployed as false before a destroy.
 * @throws CloudError while it is on
 */
export function refuseProtected(state: Properties, what: string, id: string): void {
  if (state.deletionProtection !== true) return;
  throw new CloudError(
    "failedPrecondition",
    `cannot destroy ${what} ${id} without setting deletionProtection=false and running \`pulumi up\`: deletionProtection is set to true`,
  );
}
