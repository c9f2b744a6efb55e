// The ids of all rules, in the catalogue's order. Exemptions, reports and tickets refer to them: one that is here stays as it is.
export const ruleIds = {
  residency: [
    "location",
    "multi-region",
    "replication",
    "multi-region-key",
    "secret-replication",
    "backup-copies",
    "log-destination",
    "message-storage",
    "reference",
    "declared-jurisdiction",
    "jurisdiction-pin",
    "binding-jurisdiction",
    "location-hint",
    "smart-placement",
    "unpinnable",
    "tls-termination",
    "transfer",
    "network-peering",
    "cross-region-inference",
  ],
  "data-class": ["listed-type", "declared", "personal-in-cache", "sensitive-own-key", "audit-locked", "copy-keeps-class", "phase-one"],
  encryption: [],
  exposure: ["public-access", "workers-dev"],
  identity: [],
  recoverability: ["deletion-protection"],
  telemetry: [],
  delivery: ["digest-pinned"],
  vendors: [],
} as const satisfies Record<string, readonly string[]>;

export const allRuleIds: readonly string[] = Object.entries(ruleIds).flatMap(([topic, names]) => names.map((name) => `${topic}/${name}`));
