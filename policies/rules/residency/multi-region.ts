// A name for several regions is no place: some of them may be outside the jurisdiction, and the vendor chooses.
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { under } from "./demand.ts";
import { isMultiRegion, ownPlaces } from "./own-place.ts";
import { type Arguments, at, forbid, judgeArgument, judgePlace } from "./places.ts";

/** Placements that list several regions, each of which is judged. */
export const multiRegionArguments: Arguments = {
  "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": [
    forbid("details", "makes an access point that takes requests in at every region", "an access point in one region"),
  ],
  "aws:sesv2/multiRegionEndpoint:MultiRegionEndpoint": [at("details.routesDetails.region")],
  "gcp:bigquery/reservation:Reservation": [at("secondaryLocation")],
  "gcp:cloudrunv2/service:Service": [at("multiRegionSettings.regions[*]")],
  "gcp:spanner/instanceConfig:InstanceConfig": [at("replicas[*].location")],
  "gcp:storage/bucket:Bucket": [at("customPlacementConfig.dataLocations[*]")],
};

function check(resource: Resource, context: Context): Outcome {
  const places = ownPlaces(resource).filter(isMultiRegion);
  const listed = multiRegionArguments[resource.type] ?? [];
  if (places.length === 0 && listed.length === 0) return "notApplicable";
  return under(resource, context, (demand) => [
    ...places.flatMap((place) => judgePlace(resource, place, demand)),
    ...listed.flatMap((argument) => judgeArgument(resource, argument, demand)),
  ]);
}

/** Multi-regions, dual regions and `global`, wherever a place is named; and placements that list their regions. */
export const multiRegion: Rule = {
  id: "residency/multi-region",
  title: "Nothing stands in several regions at once, unless all of them are the jurisdiction's",
  severity: "critical",
  why: "Within a multi-region the vendor decides where data rests, and may decide anew; for a name such as global nobody can tell an authority where a person's data is.",
  remediation: "Name one region of the residency map; for availability use its zones, or a second region of the same jurisdiction.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "DORA", clause: "Art. 30(2)(b)" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:storage/bucket:Bucket", props: { location: "europe-west3", labels: { "data-class": "personal" } } }],
    fails: [{ type: "gcp:storage/bucket:Bucket", props: { location: "EU", labels: { "data-class": "personal" } } }],
  },
  check,
};
