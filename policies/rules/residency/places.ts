// How a value names a place, and how tables of arguments that name places are judged.
import type { Context } from "../../context.ts";
import { isMadeOf } from "../../relation.ts";
import { isPresent, type Located, type Resource, read, select, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, type Rule } from "../../rule.ts";
import { allowedPlaces, cloudOf, type Demand, nameOf, refuse, those, under } from "./demand.ts";

/** An argument that tells where data goes. */
export type Argument =
  /** Holds a location, a zone, a Spanner configuration or a self-link. */
  | { readonly reads: "place"; readonly path: string; readonly absent?: Absent }
  /** Holds an ARN or an address that names a region. */
  | { readonly reads: "reference"; readonly path: string }
  /** Must not be there, or must have one harmless value: no location could be read from it. */
  | {
      readonly reads: "forbidden";
      readonly path: string;
      readonly harmless?: string | boolean;
      readonly problem: string;
      readonly allowed: string;
    };

/** Where the data goes when nobody says. */
interface Absent {
  readonly place: string;
  /** Only if this property is set, and not false: a database without backups has no place for them. */
  readonly onlyIf?: string;
}

/** Type -> its arguments. Sources: the declarations of @pulumi/aws 7, gcp 9 and cloudflare 6, and the vendors' pages on data location. */
export type Arguments = Readonly<Record<string, readonly Argument[]>>;

export const at = (path: string, absent?: Absent): Argument => ({ reads: "place", path, ...(absent ? { absent } : {}) });
export const reference = (path: string): Argument => ({ reads: "reference", path });
export const forbid = (path: string, problem: string, allowed: string, harmless?: string | boolean): Argument => ({
  reads: "forbidden",
  path,
  problem,
  allowed,
  ...(harmless === undefined ? {} : { harmless }),
});

/** The check of a rule that is a table of arguments: types that it does not name are not its business. */
export const judgeArguments =
  (table: Arguments) =>
  (resource: Resource, context: Context): Outcome => {
    const declared = Object.hasOwn(table, resource.type) ? (table[resource.type] as readonly Argument[]) : [];
    if (!declared.some((argument) => isPresent(resource.props, argument.path) || placeWhenAbsent(resource, argument))) {
      return declared.length > 0 ? "compliant" : "notApplicable";
    }
    return under(resource, context, (demand) => declared.flatMap((argument) => judgeArgument(resource, argument, demand)));
  };

export function judgeArgument(resource: Resource, argument: Argument, demand: Demand): Finding[] {
  if (argument.reads === "forbidden") return judgeForbidden(resource, argument, demand);
  const absent = placeWhenAbsent(resource, argument);
  if (absent) return judgePlace(resource, absent, demand);
  const read = argument.reads === "reference" ? regionNamedIn : regionOf;
  return select(resource.props, argument.path).flatMap((place) => judgePlace(resource, place, demand, read));
}

/**
 * Settles what waits for a reference that is made of this stack's own resources only: each of them is judged where it stands. In the
 * update the reference is known, and judged as well.
 */
export const madeHere =
  (table: Arguments): NonNullable<Rule["settles"]> =>
  ({ property }, resource, resources) => {
    const general = property.replace(/\[\d+\]/g, "[*]");
    const declared = (table[resource.type] ?? []).filter(
      ({ path }) => path === general || path.startsWith(`${general}.`) || path.startsWith(`${general}[`),
    );
    if (declared.length === 0 || declared.some(({ reads }) => reads !== "reference")) return false;
    return isMadeOf(resource, property, resources, (type) => cloudOf(type) !== undefined);
  };

/** Where nobody names a place: the one that the vendor then takes. */
export function placeWhenAbsent(resource: Resource, argument: Argument): Located | undefined {
  const absent = argument.reads === "place" ? argument.absent : undefined;
  if (!absent || isPresent(resource.props, argument.path)) return undefined;
  const condition = absent.onlyIf === undefined ? true : (read(resource.props, absent.onlyIf) ?? false);
  return condition === false ? undefined : { path: `${argument.path} (not set)`, value: absent.place };
}

/** @param regionIn the place that the value names; undefined where it names none, and so something in the same region */
export function judgePlace(
  resource: Resource,
  place: Located,
  demand: Demand,
  regionIn: (value: Value) => string | undefined = regionOf,
): Finding[] {
  if (place.value === UNKNOWN) return [{ kind: "undecided", property: place.path }];
  const location = regionIn(place.value);
  if (location === undefined || (location === "global" && demand.holding === "none")) return [];
  const allowed = allowedPlaces(demand);
  if (allowed.includes(location)) return [];
  return [
    refuse(demand, { property: place.path, problem: `${is(resource, place)}, outside ${nameOf(demand)}`, allowed: those(allowed, demand) }),
  ];
}

function judgeForbidden(resource: Resource, argument: Argument & { reads: "forbidden" }, demand: Demand): Finding[] {
  if (demand.dataClass === "public") return [];
  const { path, harmless, problem, allowed } = argument;
  const refusal = ({ path: property }: Located) => refuse(demand, { property, problem: `${property} ${problem}`, allowed });
  // Without a harmless value it is the presence that breaks the promise, and unknown is present.
  if (harmless === undefined) return select(resource.props, path).map(refusal);
  return judge(resource, path, (place) => (place.value === harmless ? undefined : refusal(place)));
}

/**
 * `europe-west3-a`, `EUROPE-WEST3`, `eu-central-1a`, `eu-central-1-ham-1a`, `regional-europe-west3` and self-links, as a region of the map.
 * `default` is Cloudflare's word for unpinned.
 */
export function regionOf(value: Value): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const name = (value.split("/").at(-1) ?? "").toLowerCase().replace(/^regional-/, "");
  if (name === "default") return "global";
  const zone = /^([a-z]+-[a-z]+\d+)-[a-z]$/.exec(name) ?? /^([a-z]{2}(?:-[a-z]+)+-\d)(?:-[a-z]+-\d)?[a-z]$/.exec(name);
  return zone?.[1] ?? name;
}

/** Amazon's regions: `eu-central-1`, `us-gov-west-1`. Google's: `europe-west3`. Both may be followed by a zone. */
const amazon =
  "(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]?)?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\\d";
const google =
  "(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)\\d{1,2}";

/** Whether a name is a single region of Amazon or Google, whichever. */
export const isRegion = (name: string): boolean => new RegExp(`^(?:${amazon}|${google})$`).test(name);

const forms = [
  // arn:aws:sqs:us-east-1:123456789012:orders
  new RegExp(`^arn:aws[\\w-]*:[\\w-]+:(${amazon}):`),
  // orders.us-east-1.amazonaws.com, vpce.us-east-1.vpce.amazonaws.com, bucket.s3-us-west-2.amazonaws.com, id.lambda-url.us-east-1.on.aws
  new RegExp(
    `^(?:[a-z][\\w+]*://)?[\\w.%:@-]*?[.-]?(${amazon})\\.(?:[\\w-]+\\.)*(?:amazonaws\\.com(?:\\.cn)?|on\\.aws|awsapprunner\\.com|api\\.aws)(?:[:/?]|$)`,
  ),
  // projects/p/locations/us-east4/keyRings/r, https://www.googleapis.com/compute/v1/projects/p/zones/us-east4-a/disks/d
  new RegExp(`^(?:(?:https:)?//)?(?:[\\w.-]+/)*(?:locations|regions|zones)/(${google})(?:-[a-z])?(?:/|$)`),
  // https://us-east4-project.cloudfunctions.net, https://us-east4-aiplatform.googleapis.com, https://name-123.us-east4.run.app
  new RegExp(`^(?:https?://)?(?:[\\w-]+\\.)*(${google})-[\\w-]+\\.(?:cloudfunctions\\.net|googleapis\\.com)(?:[:/?]|$)`),
  new RegExp(`^(?:https?://)?[\\w.-]+\\.(${google})\\.(?:run\\.app|rep\\.googleapis\\.com)(?:[:/?]|$)`),
  // project:us-east4:instance, the name by which Cloud SQL is connected to
  new RegExp(`^[a-z][\\w-]*:(${google}):[a-z][\\w-]*$`),
];

/** The region that an ARN, a self-link or an address names; undefined for everything else. */
export function regionNamedIn(value: Value): string | undefined {
  if (typeof value !== "string" || value.length > 2048) return undefined;
  for (const form of forms) {
    const found = form.exec(value);
    if (found) return found[1];
  }
  return undefined;
}
