// To which region of the platform a running part belongs, as far as its name and detail tell. The sandbox knows no regions.
import type { Part } from "../sandbox/engine/cloud.ts";
import { jurisdictions, residencyOf } from "../stacks/residency.ts";

/** What belongs to no region, or to all of them. */
export const shared = "shared";

const words = (text: string) => text.toLowerCase().split(/[^a-z0-9]+/);
const regions = jurisdictions.map((jurisdiction) => residencyOf(jurisdiction));

/**
 * Name of the region stack, or `shared`. A region's name in the part's own name counts before a place, and that before a region's name in
 * the detail. What the stack `global` holds stands in some place as well, and belongs to all.
 */
export function regionOf({ name, detail }: Pick<Part, "name" | "detail">): string {
  if (words(name).includes("global")) return shared;
  const named = regions.filter(({ region }) => words(name).includes(region));
  if (named.length === 1) return (named[0] as (typeof regions)[number]).region;
  const text = `${name} ${detail}`.toLowerCase();
  const placed = regions.filter(({ gcp, aws }) => [gcp.location, aws.location].some((location) => text.includes(location)));
  if (placed.length > 0) return placed.length === 1 ? (placed[0] as (typeof regions)[number]).region : shared;
  const told = regions.filter(({ region }) => words(detail).includes(region));
  return told.length === 1 ? (told[0] as (typeof regions)[number]).region : shared;
}

/** Parts by region, in the order of the map, what is shared last. */
export function byRegion<T extends Pick<Part, "name" | "detail">>(parts: readonly T[]): [string, T[]][] {
  const groups = Map.groupBy(parts, regionOf);
  return [...regions.map(({ region }) => region), shared].flatMap((region): [string, T[]][] => {
    const group = groups.get(region);
    return group ? [[region, group]] : [];
  });
}
