// The residency map: which place of which cloud may hold which class of data of which jurisdiction, and what each place
// can promise. Components, rules, docs and tests derive every location from here; nobody writes one by hand.
//
// Sources of the promises: developers.cloudflare.com/r2/reference/data-location, /durable-objects/reference/data-location,
// /queues/configuration/data-location, /kv/concepts/how-kv-works, /data-localization; cloud.google.com/about/locations;
// docs.aws.amazon.com/global-infrastructure/latest/regions.

export const dataClasses = ["public", "operational", "pseudonymous", "personal", "sensitive", "audit"] as const;
/** What a store may hold at most. Every store declares exactly one. */
export type DataClass = (typeof dataClasses)[number];

export const clouds = ["aws", "gcp", "cloudflare"] as const;
export type CloudName = (typeof clouds)[number];

/** Cloudflare's create-time pin of R2, Durable Objects and Queues. There is none for Singapore or the United Kingdom. */
export type CloudflareJurisdiction = "eu" | "us";

interface Entry {
  /** For people and for documents. */
  readonly title: string;
  /** Name of the region stack, first label of the region's hostname and prefix of its subjects' ids. */
  readonly region: string;
  /** The law that keeps the data there; printed by findings. */
  readonly law: string;
  readonly gcp: {
    /** Where a regional resource is created. */
    readonly location: string;
    /** Every region inside the jurisdiction that may hold its data (backups, a second site). */
    readonly locations: readonly string[];
  };
  readonly aws: { readonly location: string; readonly locations: readonly string[] };
  readonly cloudflare: {
    /** Pin for R2, Queues and Durable Objects; "none" where Cloudflare offers none. */
    readonly jurisdiction: CloudflareJurisdiction | "none";
    /** Regional Services key: where TLS is ended (needs the Data Localization Suite). */
    readonly regionKey: string;
  };
  /** Whether the edge may keep a subject's consent state: pinned Durable Objects, or nothing at all. */
  readonly edgeState: "durable-objects" | "none";
  /** Whether messages may wait at the edge: in queues pinned to the jurisdiction, or not at all (then a service of the region keeps them). */
  readonly edgeQueue: "pinned" | "none";
  /** How long the audit trail is locked, and why so long. Changing it binds new entries only: a lock cannot be shortened. */
  readonly auditRetention: { readonly days: number; readonly why: string };
}

const map = {
  eu: {
    title: "European Union",
    region: "eu",
    law: "GDPR Art. 44",
    gcp: { location: "europe-west3", locations: ["europe-west3", "europe-west4", "europe-west1", "europe-west9"] },
    aws: { location: "eu-central-1", locations: ["eu-central-1", "eu-west-1", "eu-west-3", "eu-north-1"] },
    cloudflare: { jurisdiction: "eu", regionKey: "eu" },
    edgeState: "durable-objects",
    edgeQueue: "pinned",
    auditRetention: { days: 1462, why: "claims over consent end three years after their year's end (BGB ss. 195, 199; GDPR Art. 7(1))" },
  },
  us: {
    title: "United States",
    region: "us",
    law: "CCPA/CPRA Cal. Civ. Code 1798.100",
    gcp: { location: "us-east4", locations: ["us-east4", "us-east1", "us-central1", "us-west1"] },
    aws: { location: "us-east-1", locations: ["us-east-1", "us-east-2", "us-west-2"] },
    cloudflare: { jurisdiction: "us", regionKey: "us" },
    edgeState: "durable-objects",
    edgeQueue: "pinned",
    auditRetention: { days: 731, why: "records of consumers' requests are kept for 24 months (11 CCR s. 7101(a))" },
  },
  sg: {
    title: "Singapore",
    region: "apac",
    law: "PDPA 2012 s. 26",
    gcp: { location: "asia-southeast1", locations: ["asia-southeast1"] },
    aws: { location: "ap-southeast-1", locations: ["ap-southeast-1"] },
    // The key is not confirmed: Cloudflare offers Singapore and documents no keys. Before a first deployment compare it with your account's
    // list, GET /accounts/{id}/addressing/regional_hostnames/regions; a wrong one is refused there, and nothing is served.
    cloudflare: { jurisdiction: "none", regionKey: "sg" },
    edgeState: "none",
    edgeQueue: "none",
    auditRetention: { days: 2192, why: "claims end after six years (Limitation Act 1959 s. 6)" },
  },
} as const satisfies Record<string, Entry>;

export type Jurisdiction = keyof typeof map;
export const jurisdictions = Object.keys(map) as Jurisdiction[];
export type JurisdictionEntry = Entry;

export function isJurisdiction(value: unknown): value is Jurisdiction {
  return typeof value === "string" && Object.hasOwn(map, value);
}

/** The map's entry. Total over `Jurisdiction`; validate foreign input with `isJurisdiction` first. */
export function residencyOf(jurisdiction: Jurisdiction): Entry {
  return map[jurisdiction];
}

/** The jurisdiction whose region stack has this name, or undefined (`global`, a name nobody mapped). */
export function jurisdictionOfRegion(region: string): Jurisdiction | undefined {
  return jurisdictions.find((jurisdiction) => map[jurisdiction].region === region);
}

/** What a place promises about the data it holds. */
export interface Promises {
  /** Data at rest stays in the jurisdiction. */
  readonly resident: boolean;
  /** Objects can be made undeletable for a time, for everyone. */
  readonly immutable: boolean;
  /** Our own key can encrypt, so that destroying it destroys the data. */
  readonly ownKey: boolean;
}

/** A place of a cloud that may hold data. `location` is what the provider's argument takes; "global" = not pinned. */
export interface Place {
  readonly cloud: CloudName;
  readonly location: string;
  readonly promises: Promises;
}

/** What a class of data demands of the place that holds it. */
const demands: Record<DataClass, Partial<Promises>> = {
  public: {},
  operational: { resident: true },
  pseudonymous: { resident: true },
  personal: { resident: true },
  sensitive: { resident: true, ownKey: true },
  audit: { resident: true, immutable: true },
};

function places(entry: Entry): Place[] {
  const pin = entry.cloudflare.jurisdiction;
  return [
    ...entry.gcp.locations.map((location) => ({
      cloud: "gcp" as const,
      location,
      promises: { resident: true, immutable: true, ownKey: true },
    })),
    ...entry.aws.locations.map((location) => ({
      cloud: "aws" as const,
      location,
      promises: { resident: true, immutable: true, ownKey: true },
    })),
    // R2 locks can be edited by whoever holds the token: no compliance mode, so `immutable` is false.
    ...(pin === "none"
      ? []
      : [{ cloud: "cloudflare" as const, location: pin, promises: { resident: true, immutable: false, ownKey: false } }]),
    // Unpinned products (Workers KV, R2 and Queues without a jurisdiction) are everywhere at once.
    { cloud: "cloudflare", location: "global", promises: { resident: false, immutable: false, ownKey: false } },
  ];
}

/** The places that may hold data of this class for this jurisdiction: those whose promises meet what the class demands. */
export function placesFor(jurisdiction: Jurisdiction, dataClass: DataClass): Place[] {
  const wanted = Object.entries(demands[dataClass]) as [keyof Promises, boolean][];
  return places(map[jurisdiction]).filter((place) => wanted.every(([promise, value]) => place.promises[promise] === value));
}
