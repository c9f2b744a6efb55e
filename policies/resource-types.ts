// Which resource types hold data. A type that is not listed here is a finding that names it: a rule must not guess.
//
// The lists stand in resource-types/, one a provider. Types that make others which no rule can see (CloudFormation, Deployment
// Manager, Cloud Control) are listed nowhere on purpose.
//
// - stores: data rests in it, so it must declare a data class (tag, label or register) and stand where that class may.
// - carries: data passes through it, or it is a key or a network to data; it must stand in the jurisdiction, without declaring a class.
// - none: settings, identities, bindings, and parts of a store that is judged itself (an object's policy, a database of an instance).
import * as aws from "./resource-types/aws.ts";
import * as cloudflare from "./resource-types/cloudflare.ts";
import * as gcp from "./resource-types/gcp.ts";

export type Holding = "stores" | "carries" | "none";

/** The types of one provider, in the spelling of the SDK's folders. */
function tokens(provider: string, lines: string): string[] {
  return lines
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [module = "", names = ""] = line.split(":").map((part) => part.trim());
      return names.split(/\s+/).map((name) => `${provider}:${module}/${name}:${name[0]?.toUpperCase()}${name.slice(1)}`);
    });
}

/** In the order in which they were listed, each as often as it was: a test sees to it that it is once. */
const entries = Object.entries({ aws, gcp, cloudflare }).flatMap(([provider, lists]) =>
  Object.entries(lists).flatMap(([holding, lines]) => tokens(provider, lines).map((type) => [type, holding as Holding] as const)),
);
const listed: ReadonlyMap<string, Holding> = new Map(entries);

/** Every listed type, for the test that compares the list with the SDKs. */
export const listedTypes: readonly string[] = entries.map(([type]) => type);

/** Google's role bindings come in three forms for every type that has them. */
const isRoleBinding = (type: string): boolean => /^gcp:\w+\/\w*(IAM|Iam|iAM)(Member|Binding|Policy):/.test(type);
/** Pulumi's own (stack, providers, references) and packages that only compute values on the deployer's machine. */
const isLocal = (type: string): boolean => /^(pulumi|random|tls|time):/.test(type);

/**
 * What a type holds; undefined if nobody has said.
 * @param managed whether a provider manages the resource: what has none is a component and creates nothing itself
 */
export function holdingOf(type: string, managed: boolean): Holding | undefined {
  const known = listed.get(type);
  if (known) return known;
  return isRoleBinding(type) || isLocal(type) || !managed ? "none" : undefined;
}
