// One workload, one identity: else neither's rights can be least, and no log tells them apart.
import { sourcesOf } from "../../relation.ts";
import { type Resource, read, UNKNOWN } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";

/** Where a workload names the identity that its own code acts as. */
const identityOf: Readonly<Record<string, string>> = {
  "aws:apprunner/service:Service": "instanceConfiguration.instanceRoleArn",
  "aws:ecs/taskDefinition:TaskDefinition": "taskRoleArn",
  "aws:lambda/function:Function": "role",
  "aws:sfn/stateMachine:StateMachine": "roleArn",
  "gcp:cloudfunctions/function:Function": "serviceAccountEmail",
  "gcp:cloudfunctionsv2/function:Function": "serviceConfig.serviceAccountEmail",
  "gcp:cloudrun/service:Service": "template.spec.serviceAccountName",
  "gcp:cloudrunv2/job:Job": "template.template.serviceAccount",
  "gcp:cloudrunv2/service:Service": "template.serviceAccount",
  "gcp:cloudrunv2/workerPool:WorkerPool": "template.serviceAccount",
  "gcp:workflows/workflow:Workflow": "serviceAccount",
};
const identityTypes = new Set(["aws:iam/role:Role", "gcp:serviceaccount/account:Account"]);

/** The identity's own name, or the URN of the resource that makes it while its name is not known; undefined if nobody can tell. */
function identity(resource: Resource, resources: readonly Resource[]): string | undefined {
  const path = identityOf[resource.type];
  if (path === undefined) return undefined;
  const value = read(resource.props, path);
  if (typeof value === "string") return value;
  if (value !== UNKNOWN) return undefined;
  const sources = sourcesOf(resource, path);
  const makers = resources.filter(({ urn, type }) => sources.includes(urn) && identityTypes.has(type));
  return makers.length === 1 ? makers[0]?.urn : undefined;
}

function checkStack(resources: readonly Resource[]): StackFinding[] {
  const first = new Map<string, Resource>();
  return resources.flatMap((resource): StackFinding[] => {
    const who = identity(resource, resources);
    if (who === undefined) return [];
    const other = first.get(who);
    if (!other) first.set(who, resource);
    return other
      ? [
          {
            urn: resource.urn,
            finding: {
              kind: "violation",
              property: identityOf[resource.type] as string,
              problem: `acts as the same identity as ${other.type} "${other.name}"`,
              allowed: "an identity of its own",
            },
          },
        ]
      : [];
  });
}

export const sharedIdentity: Rule = {
  id: "identity/shared-identity",
  title: "Two workloads do not act as one identity",
  severity: "medium",
  why: "What one of them may do, the other may do as well, and after an incident nobody can say which of them did it.",
  remediation: "Give each workload a role or service account of its own, with the rights that its own work needs.",
  frameworks: [
    { name: "ISO 27001", clause: "A.5.16" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: { advisory: "Two functions of one purpose over one data set may share an identity; only people can tell whether they do." },
  examples: {
    passes: [
      { type: "aws:lambda/function:Function", name: "orders", props: { role: "arn:aws:iam::123456789012:role/orders" } },
      { type: "aws:lambda/function:Function", name: "newsletter", props: { role: "arn:aws:iam::123456789012:role/newsletter" } },
    ],
    fails: [
      { type: "aws:lambda/function:Function", name: "orders", props: { role: "arn:aws:iam::123456789012:role/shop" } },
      { type: "aws:lambda/function:Function", name: "newsletter", props: { role: "arn:aws:iam::123456789012:role/shop" } },
    ],
  },
  checkStack,
};
