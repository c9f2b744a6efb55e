// Pulumi's own protection. The engine refuses to delete a protected resource, and so to replace one: a change of an argument
// that can only be given at creation fails instead of making the data anew, and empty.
import type { Context } from "../../context.ts";
import { type Resource, read, select, UNKNOWN } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { existsOnce, inDurable, isOf } from "./kept.ts";

/** Not stores themselves, but their end is the data's end. */
const holdsLife = new Set([
  "aws:kms/externalKey:ExternalKey",
  "aws:kms/key:Key",
  "aws:kms/replicaKey:ReplicaKey",
  "gcp:bigquery/table:Table",
  "gcp:bigtable/table:Table",
  "gcp:kms/cryptoKey:CryptoKey",
  "gcp:kms/keyRing:KeyRing",
  "gcp:spanner/database:Database",
  "gcp:sql/database:Database",
]);
const workersScript = "cloudflare:index/workersScript:WorkersScript";

/** Whether its end is the end of data that nobody has a second time. */
export function isStateful(resource: Resource, context: Context): boolean {
  if (resource.type === workersScript) return ownsDurableObjects(resource);
  const holds = holdsLife.has(resource.type) || holdingOf(resource.type, resource.provider !== undefined) === "stores";
  return holds && isOf(existsOnce, resource, context);
}

/** A Worker that owns Durable Objects takes them with it. */
function ownsDurableObjects({ props }: Resource): boolean {
  const classes = ["migrations.newSqliteClasses[*]", "migrations.newClasses[*]"].some((path) => select(props, path).length > 0);
  // A class that the script binds without naming another script is its own.
  const bindings = select(props, "bindings[*]").some(({ value }) => {
    if (value === UNKNOWN || typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const binding = value as typeof props;
    const owner = binding.scriptName ?? null;
    return binding.type === "durable_object_namespace" && (owner === null || owner === read(props, "scriptName"));
  });
  return classes || bindings;
}

const check = (resource: Resource, context: Context): Outcome => {
  if (!isStateful(resource, context)) return "notApplicable";
  return resource.options.protect
    ? "compliant"
    : [
        {
          kind: "violation",
          problem: "the resource option protect is not set",
          allowed: "protect: true, so that Pulumi refuses to delete or replace it",
        },
      ];
};

export const protect: Rule = {
  id: "recoverability/protect",
  title: "Pulumi refuses to delete or replace what holds data",
  severity: "high",
  why: "A renamed resource or a changed argument makes a new, empty store and deletes the old one in the same update.",
  remediation: "Set protect: true; take it off in a change of its own (pulumi state unprotect) when the data may really go.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(f)" },
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 9(4)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:kms/key:Key", protect: true }],
    fails: [{ type: "aws:kms/key:Key" }],
  },
  check: inDurable(check),
};
