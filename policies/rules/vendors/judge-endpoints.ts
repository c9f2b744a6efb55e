// What the rules on vendors share: each looks at the same endpoints, and says one thing about them.
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Violation } from "../../rule.ts";
import type { Vendor } from "../../vendors.ts";
import { type Endpoint, hostOf } from "./endpoint.ts";
import { endpointsOf } from "./endpoints.ts";

/** @param verdict is asked once a host and property */
export function judgeEndpoints(
  resource: Resource,
  context: Context,
  verdict: (endpoint: Endpoint) => Omit<Violation, "kind" | "property"> | undefined,
): Outcome {
  const endpoints = endpointsOf(resource, context);
  if (!endpoints) return "notApplicable";
  return outcomeOf(
    endpoints.outside.flatMap((endpoint): Finding[] => {
      const violation = verdict(endpoint);
      return violation ? [{ kind: "violation", property: endpoint.place.path, ...violation }] : [];
    }),
  );
}

/** The same for endpoints whose vendor is registered: one that is not is vendors/registered's to refuse. @param shown the host, or that it is secret */
export const judgeVendors = (
  resource: Resource,
  context: Context,
  verdict: (vendor: Vendor, shown: string) => Omit<Violation, "kind" | "property"> | undefined,
): Outcome =>
  judgeEndpoints(resource, context, (endpoint) => {
    const vendor = context.vendors.at(endpoint.host);
    return vendor && verdict(vendor, hostOf(resource, endpoint));
  });
