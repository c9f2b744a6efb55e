// Every resource stands in a region that the residency map allows for the stack's jurisdiction.
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { cloudOf, under } from "./demand.ts";
import { isMultiRegion, ownPlaces } from "./own-place.ts";
import { judgePlace } from "./places.ts";

function check(resource: Resource, context: Context): Outcome {
  const places = ownPlaces(resource);
  const holding = holdingOf(resource.type, resource.provider !== undefined);
  if (cloudOf(resource.type) === undefined || (places.length === 0 && holding !== "stores")) return "notApplicable";
  return under(resource, context, (demand) =>
    places.filter((place) => !isMultiRegion(place)).flatMap((place) => judgePlace(resource, place, demand)),
  );
}

/** Provider region, per-resource region, location and zone of any type. Names for several regions are `residency/multi-region`'s. */
export const location: Rule = {
  id: "residency/location",
  title: "Data stays where its law is",
  severity: "critical",
  why: "Personal data that leaves its jurisdiction, even as a replica, a backup or a cached copy, falls under a law that the person was never told about.",
  remediation: "Take the location from the residency map (stacks/residency.ts) instead of writing it by hand.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 30" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.34" },
    { name: "SOC 2", clause: "C1.1" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
    { name: "DORA", clause: "Art. 30(2)(b)" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:s3/bucket:Bucket", props: { region: "eu-central-1", tags: { "data-class": "personal" } } }],
    fails: [{ type: "aws:s3/bucket:Bucket", props: { region: "us-east-1", tags: { "data-class": "personal" } } }],
  },
  check,
};
