// Regions are made by one program and should be alike. What differs, and whether the residency map says why. Pure.
import { type JurisdictionEntry, residencyOf } from "../../stacks/residency.ts";
import type { ReviewedResource, StackReview } from "./model.ts";

export interface Difference {
  /** Names of the resources, as all regions would call them. */
  readonly what: readonly string[];
  readonly type: string;
  /** The setting that differs; undefined where the resource itself is missing somewhere. */
  readonly path?: string;
  /** By stack; undefined where it is missing. */
  readonly values: readonly (readonly [stack: string, value: string | undefined])[];
  /** Why it may differ, if the map says so. */
  readonly because?: string;
}

interface Region {
  readonly stack: string;
  readonly entry: JurisdictionEntry;
  readonly resources: ReadonlyMap<string, ReviewedResource>;
}

export function differencesOf(stacks: readonly StackReview[]): Difference[] {
  const regions = stacks.flatMap(({ stack, jurisdiction, resources, ok }): Region[] => {
    // The plan of a preview that failed is not whole.
    if (jurisdiction === undefined || jurisdiction === "global" || (!ok && resources.length === 0)) return [];
    const entry = residencyOf(jurisdiction);
    const standing = resources.filter(({ operation }) => operation !== "delete" && operation !== "read");
    return [{ stack, entry, resources: new Map(standing.map((each) => [`${each.type} ${alike(each.name, stack, entry)}`, each])) }];
  });
  if (regions.length < 2) return [];
  const keys = [...new Set(regions.flatMap(({ resources }) => [...resources.keys()]))].sort();
  return [...missing(keys, regions), ...keys.flatMap((key) => settings(key, regions))];
}

/** Those that stand in the same regions only, by their type. */
function missing(keys: readonly string[], regions: readonly Region[]): Difference[] {
  const partly = keys.filter((key) => regions.some(({ resources }) => !resources.has(key)));
  const groups = Map.groupBy(partly, (key) => `${key.split(" ")[0]} ${regions.map(({ resources }) => resources.has(key)).join()}`);
  return [...groups.values()].map((its) => {
    const values = regions.map(({ stack, resources }) => [stack, resources.has(its[0] as string) ? "there" : undefined] as const);
    return { what: its.map(nameIn), type: typeIn(its[0] as string), values, ...reasonFor(values, regions) };
  });
}

function settings(key: string, regions: readonly Region[]): Difference[] {
  const having = regions.filter(({ resources }) => resources.has(key));
  const settingsIn = ({ resources }: Region) => resources.get(key)?.settings ?? {};
  const paths = [...new Set(having.flatMap((region) => Object.keys(settingsIn(region))))].sort();
  return paths.flatMap((path) => {
    const values = having.map((region) => {
      const value = settingsIn(region)[path];
      return [region.stack, value === undefined ? undefined : alike(String(value), region.stack, region.entry)] as const;
    });
    if (new Set(values.map(([, value]) => value)).size < 2) return [];
    return [{ what: [nameIn(key)], type: typeIn(key), path, values, ...reasonFor(values, having) }];
  });
}

const typeIn = (key: string) => key.slice(0, key.indexOf(" "));
const nameIn = (key: string) => key.slice(key.indexOf(" ") + 1);

/** A text without what must differ: names of the region and of its places, digits that a name was made unique by. */
function alike(text: string, stack: string, { region, gcp, aws, cloudflare }: JurisdictionEntry): string {
  const places = [...gcp.locations, ...aws.locations].sort((a, b) => b.length - a.length);
  const placed = places.reduce((left, place) => left.replaceAll(new RegExp(escaped(place), "gi"), "<place>"), text);
  const names = [...new Set([stack, region, cloudflare.jurisdiction, cloudflare.regionKey])].map(escaped).join("|");
  return placed
    .replaceAll(new RegExp(`(?<![A-Za-z0-9])(${names})(?![A-Za-z0-9])`, "g"), "<region>")
    .replace(/-[0-9a-f]{12}$/, "-<version>");
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What a cloud cannot do for a jurisdiction: where it can, and only there, something may stand or be set otherwise. */
const abilities = {
  edgeState: ({ edgeState }: JurisdictionEntry) => edgeState,
  edgeQueue: ({ edgeQueue }: JurisdictionEntry) => edgeQueue,
  "cloudflare.jurisdiction": ({ cloudflare }: JurisdictionEntry) => (cloudflare.jurisdiction === "none" ? "none" : "pinned"),
} as const;

const daySeconds = 86_400;

/** What is locked so long is deleted the day after. */
const keptFor = ({ auditRetention: { days } }: JurisdictionEntry): string[] => [days, days + 1, days * daySeconds].map(String);

function reasonFor(values: Difference["values"], regions: readonly Region[]): { because?: string } {
  if (regions.every(({ entry }, i) => keptFor(entry).includes(values[i]?.[1] ?? "")))
    return { because: "each jurisdiction keeps its audit trail as long as its law asks (residency map: auditRetention)" };
  // Regions with the same ability have the same value, and those with another have another.
  const fits = Object.entries(abilities).filter(([, abilityOf]) => {
    const pairs = regions.map(({ entry }, i) => [abilityOf(entry), values[i]?.[1] ?? ""] as const);
    return pairs.every(([ability, value]) => pairs.every(([other, its]) => (ability === other) === (value === its)));
  });
  if (fits.length === 0) return {};
  const lacking = regions.filter(({ entry }) => fits.some(([, abilityOf]) => abilityOf(entry) === "none"));
  const names = fits.map(([name]) => name).join(", ");
  return { because: `Cloudflare can pin nothing to ${lacking.map(({ entry }) => entry.title).join(", ")} (residency map: ${names})` };
}
