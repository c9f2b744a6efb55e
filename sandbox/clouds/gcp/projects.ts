// Projects: every project that is named exists, with a number of its own, and belongs to the account's owner.
import { randomInt } from "node:crypto";
import { CloudError, type Context, type FunctionDefinition, type Properties } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";

/** Twelve digits, the same for ever. */
export function projectNumber(store: Store, project: string): string {
  return store.fact(`gcp/project/${project}/number`, () => {
    const number = String(randomInt(100_000_000_000, 281_474_976_710_655)).slice(0, 12);
    store.setFact(`gcp/project-number/${number}`, project);
    return number;
  });
}

/** The project that has this number, if one has. */
export function projectWithNumber(store: Store, number: string): string | undefined {
  return /^\d+$/.test(number) ? (store.fact<string | null>(`gcp/project-number/${number}`, () => null) ?? undefined) : undefined;
}

/**
 * The resource's own project, else the provider's.
 * @throws CloudError when neither is set
 */
export function projectOf(context: Context, inputs: Properties): string {
  const project = inputs.project ?? context.config.project;
  if (typeof project === "string" && project !== "") return project;
  throw new CloudError(
    "invalid",
    "project: required field is not set. Set it on the resource or on the provider: pulumi config set gcp:project <project>",
  );
}

/**
 * The resource's own region, else the provider's.
 * @throws CloudError when neither is set
 */
export function regionOf(context: Context, inputs: Properties): string {
  const region = inputs.region ?? context.config.region;
  if (typeof region === "string" && region !== "") return region;
  throw new CloudError(
    "invalid",
    "Cannot determine region: set in this resource, or set provider-level 'region' or 'zone': pulumi config set gcp:region <region>",
  );
}

export const getProject: FunctionDefinition = {
  token: "gcp:organizations/getProject:getProject",
  call(context, args) {
    const project = projectOf(context, { project: args.projectId ?? null });
    return {
      id: `projects/${project}`,
      projectId: project,
      name: project,
      number: projectNumber(context.store, project),
      autoCreateNetwork: true,
      billingAccount: "",
      deletionPolicy: "PREVENT",
      effectiveLabels: {},
      folderId: "",
      labels: {},
      orgId: "",
      pulumiLabels: {},
      tags: {},
    };
  },
};
