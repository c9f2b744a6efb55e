// Data is not deleted by a mistake in a program: every store says so to its provider, and to Pulumi.
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { isPresent, type Resource, read, select, UNKNOWN } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import { type Finding, is, judge, type Outcome, outcomeOf, type Rule } from "../../rule.ts";

/** One argument that decides over deletion. */
interface Guard {
  readonly path: string;
  /** What it must be. */
  readonly must: boolean | string;
  /** What the provider takes when it is not set. */
  readonly otherwise: boolean | string;
}

const on = (path: string, otherwise = false): Guard => ({ path, must: true, otherwise });
const off = (path: string, otherwise = false): Guard => ({ path, must: false, otherwise });

/** Defaults as the declarations of the SDKs give them. */
const guards: Readonly<Record<string, readonly Guard[]>> = {
  "aws:backup/vault:Vault": [off("forceDestroy")],
  "aws:cloudwatch/logGroup:LogGroup": [on("deletionProtectionEnabled")],
  "aws:docdb/cluster:Cluster": [on("deletionProtection"), off("skipFinalSnapshot")],
  "aws:dsql/cluster:Cluster": [on("deletionProtectionEnabled"), off("forceDestroy")],
  "aws:dynamodb/table:Table": [on("deletionProtectionEnabled")],
  "aws:ecr/repository:Repository": [off("forceDelete")],
  "aws:neptune/cluster:Cluster": [on("deletionProtection"), off("skipFinalSnapshot")],
  "aws:rds/cluster:Cluster": [on("deletionProtection"), off("skipFinalSnapshot")],
  "aws:rds/instance:Instance": [on("deletionProtection"), off("skipFinalSnapshot")],
  "aws:redshift/cluster:Cluster": [off("skipFinalSnapshot")],
  "aws:s3/bucket:Bucket": [off("forceDestroy")],
  "aws:s3/directoryBucket:DirectoryBucket": [off("forceDestroy")],
  "gcp:alloydb/cluster:Cluster": [on("deletionProtection", true)],
  "gcp:bigquery/dataset:Dataset": [off("deleteContentsOnDestroy")],
  "gcp:bigquery/table:Table": [on("deletionProtection", true)],
  "gcp:bigtable/instance:Instance": [on("deletionProtection", true), off("forceDestroy")],
  "gcp:cloudrunv2/job:Job": [on("deletionProtection", true)],
  "gcp:cloudrunv2/service:Service": [on("deletionProtection", true)],
  "gcp:cloudrunv2/workerPool:WorkerPool": [on("deletionProtection", true)],
  "gcp:container/cluster:Cluster": [on("deletionProtection", true)],
  "gcp:filestore/instance:Instance": [on("deletionProtectionEnabled")],
  "gcp:firestore/database:Database": [
    { path: "deleteProtectionState", must: "DELETE_PROTECTION_ENABLED", otherwise: "DELETE_PROTECTION_STATE_UNSPECIFIED" },
  ],
  "gcp:memorystore/instance:Instance": [on("deletionProtectionEnabled", true)],
  "gcp:redis/cluster:Cluster": [on("deletionProtectionEnabled", true)],
  "gcp:secretmanager/regionalSecret:RegionalSecret": [on("deletionProtection")],
  "gcp:secretmanager/secret:Secret": [on("deletionProtection")],
  "gcp:spanner/database:Database": [on("deletionProtection", true)],
  "gcp:spanner/instance:Instance": [off("forceDestroy")],
  // The first guards against Pulumi, the second against every other way to Google's API.
  "gcp:sql/databaseInstance:DatabaseInstance": [on("deletionProtection", true), on("settings.deletionProtectionEnabled")],
  "gcp:storage/bucket:Bucket": [off("forceDestroy")],
};

/** Not stores themselves, but their end is the data's end. */
const holdsLife = new Set(["aws:kms/key:Key", "gcp:kms/cryptoKey:CryptoKey", "gcp:sql/database:Database", "gcp:spanner/database:Database"]);
const workersScript = "cloudflare:index/workersScript:WorkersScript";

function check(resource: Resource, context: Context): Outcome {
  const own = guards[resource.type] ?? [];
  const stateful = isStateful(resource, context);
  if ((own.length === 0 && !stateful) || context.lifecycle === "ephemeral") return "notApplicable";
  const unprotected: Finding[] =
    stateful && !resource.options.protect
      ? [
          {
            kind: "violation",
            problem: "the resource option protect is not set",
            allowed: "protect: true, so that Pulumi refuses to delete or replace it",
          },
        ]
      : [];
  return outcomeOf([...own.flatMap((guard) => judgeGuard(resource, guard)), ...windowOf(resource), ...unprotected]);
}

function judgeGuard(resource: Resource, { path, must, otherwise }: Guard): Finding[] {
  const allowed = `${path}: ${must}`;
  if (isPresent(resource.props, path))
    return judge(resource, path, (place) => (place.value === must ? undefined : { problem: is(resource, place), allowed }));
  return otherwise === must
    ? []
    : [{ kind: "violation", property: path, problem: `${path} is not set, which means ${otherwise}`, allowed }];
}

/** AWS secrets: a window of zero days deletes at once. */
function windowOf(resource: Resource): Finding[] {
  if (resource.type !== "aws:secretsmanager/secret:Secret") return [];
  return judge(resource, "recoveryWindowInDays", (place) =>
    place.value === 0 ? { problem: is(resource, place), allowed: "7 to 30 days" } : undefined,
  );
}

/** What is public can be published again; the rest exists once. A Worker that owns Durable Objects takes them with it. */
function isStateful(resource: Resource, { register }: Context): boolean {
  if (holdsLife.has(resource.type)) return true;
  if (resource.type === workersScript) return ownsDurableObjects(resource);
  const declared = dataClassOf(resource, register);
  return (
    holdingOf(resource.type, resource.provider !== undefined) === "stores" && !(declared.kind === "declared" && declared.value === "public")
  );
}

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

/** Stacks of the lifecycle `ephemeral` are exempt: they hold synthetic data only and must be easy to throw away. */
export const deletionProtection: Rule = {
  id: "recoverability/deletion-protection",
  title: "No data is deleted by mistake",
  severity: "high",
  why: "One wrong line, one renamed resource, and consent records or audit trails are gone that the law demands to be kept.",
  remediation:
    "Leave the provider's protection on and set protect: true; take both off in a change of their own when the data may really go.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:dynamodb/table:Table", props: { deletionProtectionEnabled: true }, protect: true }],
    fails: [{ type: "aws:dynamodb/table:Table", props: {}, protect: true }],
  },
  check,
};
