// The ids of all rules, in the catalogue's order. Exemptions, reports and tickets refer to them: one that is here stays as it is.
export const ruleIds = {
  residency: ["location"],
  "data-class": [],
  encryption: [],
  exposure: ["public-access", "workers-dev"],
  identity: [],
  recoverability: ["deletion-protection"],
  telemetry: [],
  delivery: [
    "digest-pinned",
    "known-artifact",
    "pinned-source",
    "no-remote-script",
    "immutable-tags",
    "image-scan",
    "runtime-supported",
    "compatibility-date",
    "previous-revision",
    "migration-alone",
    "health-check",
    "unprivileged",
    "no-interactive-access",
    "instance-ceiling",
    "cost-ceiling",
  ],
  vendors: [],
} as const satisfies Record<string, readonly string[]>;

export const allRuleIds: readonly string[] = Object.entries(ruleIds).flatMap(([topic, names]) => names.map((name) => `${topic}/${name}`));
