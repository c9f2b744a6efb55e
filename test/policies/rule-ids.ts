// The ids of all rules, in the catalogue's order. Exemptions, reports and tickets refer to them: one that is here stays as it is.
export const ruleIds = {
  residency: ["location"],
  "data-class": [],
  encryption: [],
  exposure: [
    "public-bucket",
    "public-bucket-domain",
    "everyone",
    "open-resource-policy",
    "shared-image",
    "public-database",
    "public-address",
    "open-ingress",
    "control-plane",
    "dashboard",
    "instance-metadata",
    "function-url",
    "open-api",
    "ingress-all",
    "unguarded-entry",
    "workers-dev",
    "preview-domain",
    "wildcard-cors",
  ],
  identity: [],
  recoverability: ["deletion-protection"],
  telemetry: [],
  delivery: ["digest-pinned"],
  vendors: [],
} as const satisfies Record<string, readonly string[]>;

export const allRuleIds: readonly string[] = Object.entries(ruleIds).flatMap(([topic, names]) => names.map((name) => `${topic}/${name}`));
