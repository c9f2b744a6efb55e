// A location hint says where data would be fast, not where it must be.
import type { Context } from "../../context.ts";
import { isPresent, type Resource, select } from "../../resource.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { allowedPlaces, refuse, those, under } from "./demand.ts";

/** Where a type takes a hint. Beside a jurisdiction it does no harm: the jurisdiction wins. */
export const hints: Readonly<Record<string, string>> = {
  "cloudflare:index/d1Database:D1Database": "primaryLocationHint",
  "cloudflare:index/r2Bucket:R2Bucket": "location",
};

function check(resource: Resource, context: Context): Outcome {
  const path = hints[resource.type];
  const given = path === undefined ? [] : select(resource.props, path);
  if (given.length === 0) return "notApplicable";
  return under(resource, context, (demand) => {
    if (demand.dataClass === "public" || isPresent(resource.props, "jurisdiction")) return [];
    const pins = allowedPlaces(demand).filter((place) => place !== "global");
    return given.map(({ path: property }) =>
      refuse(demand, {
        property,
        problem: `${property} is a location hint, which the vendor does not promise to follow, and there is no jurisdiction`,
        allowed: those(
          pins.map((pin) => `jurisdiction: ${pin}`),
          demand,
        ),
      }),
    );
  });
}

export const locationHint: Rule = {
  id: "residency/location-hint",
  title: "A location hint is not taken for a pin",
  severity: "high",
  why: "A hint is followed when it suits the vendor, and once only; whoever reads weur in a program believes the data to be in Europe, and nothing keeps it there.",
  remediation: "Set jurisdiction at creation; a hint alone is for public data.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 25(1)" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "SOC 2", clause: "C1.1" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/d1Database:D1Database", props: { name: "orders", jurisdiction: "eu" } }],
    fails: [{ type: "cloudflare:index/d1Database:D1Database", props: { name: "orders", primaryLocationHint: "weur" } }],
  },
  check,
};
