// The ids of all rules, in the catalogue's order. Exemptions, reports and tickets refer to them: one that is here stays as it is.
export const ruleIds = {
  residency: ["location"],
  "data-class": [],
  encryption: [],
  exposure: ["public-access", "workers-dev"],
  identity: [
    "wildcard-actions",
    "wildcard-resources",
    "not-action",
    "administrator",
    "privilege-escalation",
    "pass-role",
    "open-trust",
    "federated-subject",
    "primitive-roles",
    "broad-scope",
    "default-service-account",
    "long-lived-keys",
    "token-expiry",
    "token-scope",
    "shared-identity",
  ],
  recoverability: ["deletion-protection"],
  telemetry: [],
  delivery: ["digest-pinned"],
  vendors: [],
} as const satisfies Record<string, readonly string[]>;

export const allRuleIds: readonly string[] = Object.entries(ruleIds).flatMap(([topic, names]) => names.map((name) => `${topic}/${name}`));
