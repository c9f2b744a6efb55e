// Traffic may go to the revision that an update makes and to those that were deployed, and to no other: Cloud Run refuses a name that no
// revision has, in the middle of the update, when the migration has already run.
import * as pulumi from "@pulumi/pulumi";

/** Inputs of a Cloud Run service, as the engine hands them to a hook; what is not known yet is no string. */
interface ServiceInputs {
  readonly template?: { readonly revision?: unknown };
  readonly traffics?: readonly { readonly revision?: unknown }[];
}

/** The revisions that are to get traffic although neither this update makes them nor the last deployment left them. */
export function undeployed(wanted: ServiceInputs, before: ServiceInputs = {}): string[] {
  const there = [wanted, before].map(({ template }) => template?.revision);
  // A name that is not known yet may be the one that is made.
  if (typeof wanted.template?.revision !== "string") return [];
  there.push(...(before.traffics ?? []).map(({ revision }) => revision));
  return (wanted.traffics ?? []).flatMap(({ revision }) => (typeof revision === "string" && !there.includes(revision) ? [revision] : []));
}

/**
 * Refuses such an update in its preview already. A revision's name carries the hash of its whole template, so an older release has another
 * name, and no revision, as soon as what all releases share has changed (environment, secrets, limits).
 */
export function onlyDeployedRevisions(name: string, service: string): NonNullable<pulumi.CustomResourceOptions["hooks"]> {
  const refuse = ({ newInputs, oldInputs }: pulumi.ResourceHookArgs) => {
    const missing = undeployed(newInputs as ServiceInputs, oldInputs as ServiceInputs | undefined);
    if (missing.length === 0) return;
    throw new Error(
      `the service "${service}" would send traffic to ${missing.join(", ")}, which was never deployed. An older release keeps its revision only while what releases share (environment, secrets, limits) stays as it is.\n` +
        "Finish the rollout first: give one release all of the traffic (./bailiwick release <stack> <artifact> --newest 100, or --back) and deploy. Then change what they share, or split.",
    );
  };
  const hook = new pulumi.ResourceHook(`${name}-only-deployed-revisions`, refuse, { onDryRun: true });
  return { beforeCreate: [hook], beforeUpdate: [hook] };
}
