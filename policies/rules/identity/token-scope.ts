// A token of Cloudflare names the zones and accounts that it is for.
import { byType, type Check, parseJson } from "../../arguments.ts";
import { select, show, UNKNOWN, type Value } from "../../resource.ts";
import type { Finding, Rule } from "../../rule.ts";

/**
 * The resources of a policy: `{"com.cloudflare.api.account.zone.<id>": "*"}`, or zones below their account. `*` in a key is all there are
 * (developers.cloudflare.com/fundamentals/api/how-to/create-via-api). The `*` of a value is the scope of one resource, and harmless.
 */
function unboundedKeys(resources: Value): string[] {
  if (typeof resources !== "object" || resources === null || Array.isArray(resources)) return [];
  return Object.entries(resources as Record<string, Value>).flatMap(([key, value]) => [
    ...(key.endsWith(".*") || key === "*" ? [key] : []),
    ...unboundedKeys(value),
  ]);
}

const bounded: Check = (resource): readonly Finding[] =>
  select(resource.props, "policies[*]").flatMap(({ path, value }): Finding[] => {
    const policy = value as { readonly [key: string]: Value };
    if (value !== UNKNOWN && policy.effect === "deny") return [];
    const at = value === UNKNOWN ? path : `${path}.resources`;
    const resources = value === UNKNOWN ? UNKNOWN : parseJson(resource, at);
    if (resources === UNKNOWN) return [{ kind: "undecided", property: at }];
    const wide = unboundedKeys(resources ?? null);
    return wide.length === 0
      ? []
      : [
          {
            kind: "violation",
            property: at,
            problem: `${at} reaches all of ${wide.map((key) => show(resource, { path: at, value: key })).join(" and ")}`,
            allowed: "com.cloudflare.api.account.<id> and com.cloudflare.api.account.zone.<id>, by their ids",
          },
        ];
  });

export const tokenScope: Rule = {
  id: "identity/token-scope",
  title: "A token names the zones and accounts it is for",
  severity: "high",
  why: "A token for all zones, lost by one campaign's page, changes the DNS of every brand in the account.",
  remediation: "Write a policy per zone or account, with the id of each.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "cloudflare:index/apiToken:ApiToken",
        props: { name: "dns", policies: [{ effect: "allow", resources: '{"com.cloudflare.api.account.zone.fedcba98":"*"}' }] },
      },
    ],
    fails: [
      {
        type: "cloudflare:index/apiToken:ApiToken",
        props: { name: "dns", policies: [{ effect: "allow", resources: '{"com.cloudflare.api.account.zone.*":"*"}' }] },
      },
    ],
  },
  check: byType({
    "cloudflare:index/accountToken:AccountToken": [bounded],
    "cloudflare:index/apiToken:ApiToken": [bounded],
  }),
};
