// Laws of the residency map: they hold for every jurisdiction, so also for one that is added tomorrow.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clouds,
  type DataClass,
  dataClasses,
  isJurisdiction,
  type Jurisdiction,
  jurisdictionOfRegion,
  jurisdictions,
  placesFor,
  residencyOf,
} from "../../stacks/residency.ts";

const jurisdiction = fc.constantFrom(...jurisdictions);
const dataClass = fc.constantFrom(...dataClasses);

/** Written down a second time, by hand, from design section 1: a class that loses a demand in the map is noticed here. */
const demanded: Record<DataClass, readonly ("resident" | "immutable" | "ownKey")[]> = {
  public: [],
  operational: ["resident"],
  pseudonymous: ["resident"],
  personal: ["resident"],
  sensitive: ["resident", "ownKey"],
  audit: ["resident", "immutable"],
};

/** The providers' own names of places in a jurisdiction's territory, for those that we know by heart. */
const territory = {
  eu: /^(europe-west(1|3|4|9)|eu-(central-1|west-1|west-3|north-1)|eu)$/,
  us: /^(us-(east|central|west)\d|us-(east|west)-\d|us)$/,
  sg: /^(asia-southeast1|ap-southeast-1)$/,
} as const;

describe("the places of a class", () => {
  it("promise what the class demands", () => {
    fc.assert(
      fc.property(jurisdiction, dataClass, (where, what) => {
        for (const { promises } of placesFor(where, what)) for (const promise of demanded[what]) expect(promises[promise]).toBe(true);
      }),
    );
  });

  it("stand in the territory of the jurisdiction, unless the class may be anywhere", () => {
    for (const [where, names] of Object.entries(territory))
      for (const what of dataClasses)
        for (const { location } of placesFor(where as Jurisdiction, what))
          if (what !== "public" || location !== "global") expect(location, `${what} data of ${where}`).toMatch(names);
  });

  it("exist for every class in at least two clouds, so that one may fail", () => {
    fc.assert(
      fc.property(jurisdiction, dataClass, (where, what) => {
        expect(new Set(placesFor(where, what).map(({ cloud }) => cloud)).size).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  it("grow fewer, never more, as the class grows stricter", () => {
    const key = (place: { cloud: string; location: string }) => `${place.cloud} ${place.location}`;
    fc.assert(
      fc.property(jurisdiction, dataClass, dataClass, (where, a, b) => {
        fc.pre(demanded[a].every((promise) => demanded[b].includes(promise)));
        const wide = placesFor(where, a).map(key);
        for (const place of placesFor(where, b).map(key)) expect(wide).toContain(place);
      }),
    );
  });

  it("are never shared by two jurisdictions where data must stay", () => {
    fc.assert(
      fc.property(jurisdiction, jurisdiction, dataClass, (a, b, what) => {
        fc.pre(a !== b && what !== "public");
        const theirs = placesFor(b, what).map(({ cloud, location }) => `${cloud} ${location}`);
        for (const { cloud, location } of placesFor(a, what)) expect(theirs).not.toContain(`${cloud} ${location}`);
      }),
    );
  });

  it("hold no audit trail at Cloudflare, whose locks a token can lift", () => {
    for (const where of jurisdictions) expect(placesFor(where, "audit").map(({ cloud }) => cloud)).not.toContain("cloudflare");
  });

  it("are of known clouds only", () => {
    for (const where of jurisdictions) for (const { cloud } of placesFor(where, "public")) expect(clouds).toContain(cloud);
  });
});

describe("an entry", () => {
  it("creates resources in a place that may hold even sensitive data", () => {
    fc.assert(
      fc.property(jurisdiction, (where) => {
        const { gcp, aws } = residencyOf(where);
        const allowed = placesFor(where, "sensitive").map(({ cloud, location }) => `${cloud} ${location}`);
        expect(allowed).toContain(`gcp ${gcp.location}`);
        expect(allowed).toContain(`aws ${aws.location}`);
      }),
    );
  });

  it("keeps state at the edge only where Cloudflare can pin it", () => {
    for (const where of jurisdictions) {
      const { edgeState, cloudflare } = residencyOf(where);
      if (edgeState === "durable-objects") expect(cloudflare.jurisdiction, where).not.toBe("none");
    }
  });

  it("has a region that is its own, found back from the region's name, and fit for a hostname", () => {
    const regions = jurisdictions.map((where) => residencyOf(where).region);
    expect(new Set(regions).size).toBe(regions.length);
    for (const where of jurisdictions) {
      const { region } = residencyOf(where);
      expect(region).toMatch(/^[a-z][a-z0-9]{1,15}$/);
      expect(jurisdictionOfRegion(region)).toBe(where);
      // Hostnames that the global stack takes.
      expect(["api", "www", "global"]).not.toContain(region);
    }
  });

  it("names a law and a title for people", () => {
    for (const where of jurisdictions) {
      expect(residencyOf(where).law).not.toBe("");
      expect(residencyOf(where).title).not.toBe("");
    }
  });
});

it("nothing but a mapped name is a jurisdiction, however it looks", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "EU", "apac"), fc.anything()), (value) => {
      expect(isJurisdiction(value)).toBe((jurisdictions as unknown[]).includes(value));
    }),
  );
  expect(jurisdictionOfRegion("global")).toBeUndefined();
});

it("lets nothing wait or be kept at the edge where Cloudflare pins nothing", () => {
  for (const each of jurisdictions) {
    const { cloudflare, edgeQueue, edgeState } = residencyOf(each);
    if (cloudflare.jurisdiction === "none") expect({ edgeQueue, edgeState }).toEqual({ edgeQueue: "none", edgeState: "none" });
  }
});
