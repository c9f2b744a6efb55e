// What the resources of Compute Engine share: names, references between them, and what the API answers to a conflict.
import { randomInt } from "node:crypto";
import {
  CloudError,
  type Context,
  type Created,
  type Properties,
  type ResourceDefinition,
  type Stored,
  type Value,
} from "../../engine/definition.ts";
import { withDeletionPolicy } from "./deletion.ts";
import { computedOf } from "./outputs.ts";
import { projectOf, regionOf } from "./projects.ts";
import { requireApi } from "./services.ts";

export const computeApi = "compute.googleapis.com";
export const autoname = { property: "name", maxLength: 63, lowercase: true } as const;

export const selfLink = (id: string) => `https://www.googleapis.com/compute/v1/${id}`;
export const numericId = () => `${randomInt(1, 9)}${Array.from({ length: 18 }, () => randomInt(10)).join("")}`;

/** A reference as `projects/...`, whether a program gives the id, the self link or the full resource name. */
export const nameOf = (reference: unknown): string =>
  String(reference)
    .replace(/^https:\/\/(www|compute)\.googleapis\.com\/compute\/(v1|beta)\//, "")
    .replace(/^\/\/[a-z]+\.googleapis\.com\//, "");

export function refuseTaken(context: Context, token: string, id: string): void {
  if (!context.store.get(token, id) || context.orphan?.id === id) return;
  throw new CloudError("alreadyExists", `googleapi: Error 409: The resource '${id}' already exists, alreadyExists`);
}

export function refuseInUse(id: string, users: readonly Stored[]): void {
  const [user] = users;
  if (!user) return;
  throw new CloudError(
    "resourceInUseByAnotherResource",
    `googleapi: Error 400: The resource '${id}' is already being used by '${user.id}', resourceInUseByAnotherResource`,
  );
}

export function notFound(id: string): CloudError {
  return new CloudError("notFound", `googleapi: Error 404: The resource '${id}' was not found, notFound`);
}

export function invalid(field: string, value: unknown, reason: string): CloudError {
  return new CloudError("invalid", `googleapi: Error 400: Invalid value for field 'resource.${field}': '${value}'. ${reason}, invalid`);
}

/** Whether any text in a value refers to this resource. */
export function mentions(value: Value, id: string): boolean {
  if (typeof value === "string") return nameOf(value) === id;
  if (Array.isArray(value)) return value.some((inner) => mentions(inner, id));
  return typeof value === "object" && value !== null && Object.values(value).some((inner) => mentions(inner, id));
}

/** Where a resource is made. */
export interface Place {
  readonly project: string;
  readonly region: string;
  readonly id: string;
}

export interface Regional extends Omit<ResourceDefinition, "create" | "update" | "delete" | "autoname"> {
  /** As in its name: `backendServices`. */
  readonly collection: string;
  /** References that its inputs make, as they are given, each with the type it must be of. Empty ones are ignored. */
  readonly references?: (inputs: Properties) => readonly { readonly token: string; readonly to: Value | undefined }[];
  /** Types whose resources refer to it: it cannot go while one does. */
  readonly users?: readonly string[];
  /** Another text by which resources refer to it: an address's number. */
  readonly alias?: (state: Properties) => Value | undefined;
  /** Throws a CloudError for what the API refuses on account of other resources. */
  readonly admit?: (context: Context, inputs: Properties, place: Place) => void;
  /** Computed beyond what all have. Called at create and at update, then with what was computed before. */
  readonly computed: (context: Context, inputs: Properties, place: Place, before: Properties) => Properties;
  /** After it was made or changed, and before it is unmade. */
  readonly changed?: (place: Place, outputs: Properties | undefined) => void;
}

/** The definition of a type whose resources stand in a region: `projects/P/regions/R/<collection>/<name>`. */
export function regional({ collection, references, users = [], alias, admit, computed, changed, ...shared }: Regional): ResourceDefinition {
  function check(context: Context, inputs: Properties, place: Place): void {
    for (const { token, to } of references?.(inputs) ?? []) {
      if (to === undefined || to === null || to === "") continue;
      const target = nameOf(to);
      if (!context.store.get(token, target)) throw notFound(target);
      const region = target.split("/")[3];
      if (region !== place.region)
        throw new CloudError(
          "invalid",
          `googleapi: Error 400: The resource '${target}' is not in the region '${place.region}' of '${place.id}', which refers to it, invalid`,
        );
    }
    admit?.(context, inputs, place);
  }
  const placeOf = (context: Context, inputs: Properties): Place => {
    const [project, region] = [projectOf(context, inputs), regionOf(context, inputs)];
    return { project, region, id: `projects/${project}/regions/${region}/${collection}/${inputs.name}` };
  };
  return withDeletionPolicy({
    ...shared,
    autoname,
    create(context, inputs): Created {
      const place = placeOf(context, inputs);
      requireApi(context, place.project, computeApi);
      refuseTaken(context, shared.token, place.id);
      check(context, inputs, place);
      const common = { project: place.project, region: place.region, selfLink: selfLink(place.id) };
      const outputs = { ...common, creationTimestamp: new Date().toISOString(), ...computed(context, inputs, place, {}) };
      changed?.(place, outputs);
      return { id: place.id, outputs };
    },
    update(context, old, inputs): Properties {
      const place = placeOf(context, { ...inputs, project: old.state.project ?? null, region: old.state.region ?? null });
      check(context, inputs, place);
      const before = computedOf(old);
      const outputs = { ...before, ...computed(context, inputs, place, before) };
      changed?.(place, outputs);
      return outputs;
    },
    delete(context, { id, state }) {
      const other = alias?.(state);
      const refers = ({ inputs }: Stored) => mentions(inputs, id) || (typeof other === "string" && mentions(inputs, other));
      refuseInUse(id, users.flatMap((token) => context.store.list(token)).filter(refers));
      changed?.({ id, project: String(state.project), region: String(state.region) }, undefined);
    },
  });
}
