// Google gives a role to everyone by two words. They may stand in every form of role binding, and in BigQuery's own lists.
import { byType, type Check, mustNot, parseJson } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { isMadeOf } from "../../relation.ts";
import { type Resource, read, select, UNKNOWN } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule, type Undecided } from "../../rule.ts";

const isEveryone = (value: unknown): boolean =>
  typeof value === "string" && /(^|:)(allUsers|allAuthenticatedUsers)$|^principalSet:\/\/goog\/public:all$/.test(value);
const named = "named service accounts, users or groups";
const members = (path: string): Check => mustNot(path, isEveryone, named);

/** `policyData` of an `...IAMPolicy` is a JSON text. */
const policyData: Check = (resource): readonly Finding[] => {
  if (read(resource.props, "policyData") === UNKNOWN) return [{ kind: "undecided", property: "policyData" }];
  const document = parseJson(resource, "policyData");
  return select({ policyData: document ?? null }, "policyData.bindings[*].members[*]").flatMap(({ path, value }) =>
    isEveryone(value)
      ? [{ kind: "violation", property: "policyData", problem: `${path} is ${JSON.stringify(value)}`, allowed: named } as const]
      : [],
  );
};

const bigQuery = ["specialGroup", "iamMember"];
const others = byType({
  "gcp:bigquery/dataset:Dataset": bigQuery.map((path) => members(`accesses[*].${path}`)),
  "gcp:bigquery/datasetAccess:DatasetAccess": bigQuery.map(members),
});

/** Role bindings come in three forms for every type that has them. */
const forms: readonly (readonly [RegExp, Check])[] = [
  [/^gcp:.*(IAM|Iam)Member$/, members("member")],
  [/^gcp:.*(IAM|Iam)Binding$/, members("members[*]")],
  [/^gcp:.*(IAM|Iam)Policy$/, policyData],
];

function check(resource: Resource, context: Context): Outcome {
  const form = forms.find(([pattern]) => pattern.test(resource.type))?.[1];
  return form ? outcomeOf(form(resource, context)) : others(resource, context);
}

/** Types whose outputs are identities of their own making, never "everyone". */
const identities = new Set([
  "gcp:bigquery/connection:Connection",
  "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
  "gcp:logging/projectSink:ProjectSink",
  "gcp:projects/service:Service",
  "gcp:projects/serviceIdentity:ServiceIdentity",
  "gcp:serviceaccount/account:Account",
  "gcp:sql/databaseInstance:DatabaseInstance",
]);

/** A member that is made only of the outputs of identities. It is not trusted in the update: there it is known, and judged before the role is given. */
function settles({ property }: Undecided, resource: Resource, resources: readonly Resource[]): boolean {
  return /^members?\b/.test(property) && isMadeOf(resource, property, resources, (type) => identities.has(type));
}

/**
 * A Cloud Run service behind a load balancer, which adds no identity that IAM could check, has `invokerIamDisabled` and a closed ingress
 * instead (exposure/ingress-all): a binding of `allUsers` would say nothing of where requests may come from.
 */
export const everyone: Rule = {
  id: "exposure/everyone",
  title: "No role is given to everyone",
  severity: "critical",
  why: "allUsers is the whole internet, and allAuthenticatedUsers is anyone with a Google account: both read what people entrusted to the brand.",
  remediation: "Bind the role to the service account, user or group that needs it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "gcp:storage/bucketIAMMember:BucketIAMMember", props: { member: "serviceAccount:shop@brand-prod.iam.gserviceaccount.com" } },
    ],
    fails: [{ type: "gcp:storage/bucketIAMMember:BucketIAMMember", props: { member: "allUsers" } }],
  },
  check,
  settles,
};
