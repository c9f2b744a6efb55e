// Roles and what they may: inline policies, managed policies, attachments.
import { randomBytes } from "node:crypto";
import { CloudError, type Failure, type Properties, type ResourceDefinition, type Value } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, tagsAll } from "./account.ts";
import { isKnown, json } from "./values.ts";

export const roleToken = "aws:iam/role:Role";
const rolePolicyToken = "aws:iam/rolePolicy:RolePolicy";
const policyToken = "aws:iam/policy:Policy";
const attachmentToken = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const test = "test/sandbox/aws/iam.test.ts";

/**
 * AWS's own policies that programs here attach.
 * Source: docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
 */
const managed: Readonly<Record<string, string>> = {
  "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy": JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: [
          "ecr:GetAuthorizationToken",
          "ecr:BatchCheckLayerAvailability",
          "ecr:GetDownloadUrlForLayer",
          "ecr:BatchGetImage",
          "logs:CreateLogStream",
          "logs:PutLogEvents",
        ],
        Resource: "*",
      },
    ],
  }),
};

/** The documents of all policies of a role. */
export function policiesOf(store: Store, roleArn: string): string[] {
  const role = store.list(roleToken).find(({ state }) => state.arn === roleArn);
  if (!role) return [];
  const inline = store.list(rolePolicyToken).filter(({ state }) => state.role === role.id);
  const attached = store.list(attachmentToken).filter(({ state }) => nameOf(state.role) === role.id);
  return [
    ...inline.map(({ state }) => text(state.policy)),
    ...attached.map(({ state }) => managedPolicy(store, String(state.policyArn)) ?? ""),
  ];
}

const managedPolicy = (store: Store, arn: string): string | undefined =>
  managed[arn] ?? (store.get(policyToken, arn) && text(store.get(policyToken, arn)?.state.policy));

/** A document as text, whichever way the program gave it. */
const text = (value: Value | undefined): string => (typeof value === "string" ? value : JSON.stringify(value ?? {}));
/** A role's name is also its id; some programs give its ARN. */
const nameOf = (role: Value | undefined): string => String(role).split("/").at(-1) ?? "";

function document(property: string, value: Value | undefined): Failure[] {
  const broken = json(property, value);
  if (broken.length > 0 || !isKnown(value)) return broken;
  const { Version, Statement } = JSON.parse(value) as { Version?: string; Statement?: unknown };
  if (Statement === undefined) return [{ property, reason: "api error MalformedPolicyDocument: a policy needs at least one Statement" }];
  return Version === undefined || ["2012-10-17", "2008-10-17"].includes(Version)
    ? []
    : [{ property, reason: `api error MalformedPolicyDocument: The policy must contain a valid version string, and "${Version}" is none` }];
}

function named(property: string, value: Value | undefined, most: number): Failure[] {
  if (!isKnown(value) || (/^[\w+=,.@-]+$/.test(value) && value.length <= most)) return [];
  return [{ property, reason: `"${value}" may have letters, digits and +=,.@-_ only, ${most} at most` }];
}

/** @throws CloudError as the API says it */
function requireRole(store: Store, reference: Value | undefined): string {
  const name = nameOf(reference);
  if (store.get(roleToken, name)) return name;
  throw new CloudError("NoSuchEntity", `api error NoSuchEntity: The role with name ${name} cannot be found.`);
}

const uniqueId = (prefix: string) =>
  `${prefix}${[...randomBytes(17)].map((byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("")}`;

const role: ResourceDefinition = {
  ...recorded({
    token: roleToken,
    why: "",
    fidelity: {
      level: "enforces",
      how: "what a task or a federated caller does is done as the role, and its trust policy says who may be it",
      test,
    },
    autoname: { property: "name", maxLength: 64 },
    replaceOn: ["name", "namePrefix", "path"], // [iam role.go: ForceNew]
    recomputed: ["tagsAll"],
    refuse(inputs) {
      const failures = [...document("assumeRolePolicy", inputs.assumeRolePolicy), ...named("name", inputs.name, 64)];
      if (isKnown(inputs.assumeRolePolicy) && /"(Not)?Resource"/.test(inputs.assumeRolePolicy)) {
        failures.push({ property: "assumeRolePolicy", reason: "api error MalformedPolicyDocument: Has prohibited field Resource" });
      }
      const { maxSessionDuration: seconds } = inputs;
      if (typeof seconds === "number" && (seconds < 3600 || seconds > 43_200)) {
        failures.push({
          property: "maxSessionDuration",
          reason: `expected maxSessionDuration to be in the range (3600 - 43200), got ${seconds}`,
        });
      }
      for (const property of ["inlinePolicies", "managedPolicyArns"]) {
        if (inputs[property] !== undefined)
          failures.push({ property, reason: "deprecated and not offered here: use aws.iam.RolePolicy or aws.iam.RolePolicyAttachment" });
      }
      if (inputs.permissionsBoundary !== undefined)
        failures.push({ property: "permissionsBoundary", reason: "boundaries are not evaluated here" });
      return failures;
    },
    id: (inputs) => String(inputs.name),
    computed(inputs, id, context, before) {
      return {
        arn: `arn:aws:iam::${accountOf(context)}:role${inputs.path ?? "/"}${id}`,
        uniqueId: before?.state.uniqueId ?? uniqueId("AROA"),
        createDate: before?.state.createDate ?? new Date().toISOString(),
        path: inputs.path ?? "/",
        maxSessionDuration: inputs.maxSessionDuration ?? 3600,
        forceDetachPolicies: inputs.forceDetachPolicies ?? false,
        inlinePolicies: [],
        managedPolicyArns: [],
        namePrefix: inputs.namePrefix ?? "",
        tagsAll: tagsAll(inputs, context),
      };
    },
  }),
  delete({ store }, { id, inputs }) {
    const left = [rolePolicyToken, attachmentToken].flatMap((token) => store.list(token)).filter(({ state }) => nameOf(state.role) === id);
    if (left.length === 0) return;
    if (inputs.forceDetachPolicies === true) {
      for (const row of left) store.remove(row.token, row.id);
      return;
    }
    throw new CloudError(
      "DeleteConflict",
      `deleting IAM Role (${id}): api error DeleteConflict: Cannot delete entity, must ${left[0]?.token === attachmentToken ? "detach" : "delete"} all policies first.`,
    );
  },
};

const rolePolicy = recorded({
  token: rolePolicyToken,
  why: "",
  fidelity: { level: "enforces", how: "without its statement the call is refused", test },
  autoname: { property: "name", maxLength: 128 },
  replaceOn: ["name", "namePrefix", "role"],
  refuse: ({ policy, name }) => [...document("policy", policy), ...named("name", name, 128)],
  id: (inputs, { store }) => `${requireRole(store, inputs.role)}:${inputs.name}`,
  computed: (inputs) => ({ role: nameOf(inputs.role), namePrefix: inputs.namePrefix ?? "" }),
});

const policy: ResourceDefinition = {
  ...recorded({
    token: policyToken,
    why: "",
    fidelity: { level: "enforces", how: "counts for the roles that it is attached to", test },
    autoname: { property: "name", maxLength: 128 },
    replaceOn: ["name", "namePrefix", "path", "description"],
    recomputed: ["tagsAll"],
    refuse: (inputs) => [...document("policy", inputs.policy), ...named("name", inputs.name, 128)],
    id: (inputs, context) => `arn:aws:iam::${accountOf(context)}:policy${inputs.path ?? "/"}${inputs.name}`,
    computed: (inputs, id, context, before) => ({
      arn: id,
      path: inputs.path ?? "/",
      policyId: before?.state.policyId ?? uniqueId("ANPA"),
      attachmentCount: attachedTo(context.store, id).length,
      namePrefix: inputs.namePrefix ?? "",
      tagsAll: tagsAll(inputs, context),
    }),
  }),
  delete({ store }, { id }) {
    if (attachedTo(store, id).length === 0) return;
    throw new CloudError(
      "DeleteConflict",
      `deleting IAM Policy (${id}): api error DeleteConflict: Cannot delete a policy attached to entities.`,
    );
  },
};

const attachedTo = (store: Store, policyArn: string) => store.list(attachmentToken).filter(({ state }) => state.policyArn === policyArn);

const attachment = recorded({
  token: attachmentToken,
  why: "",
  fidelity: { level: "enforces", how: "gives the role what the policy says", test },
  replaceOn: ["role", "policyArn"],
  existing: "adopt",
  id(inputs: Properties, { store }) {
    const arn = String(inputs.policyArn);
    if (managedPolicy(store, arn) === undefined) {
      throw new CloudError(
        "NoSuchEntity",
        `attaching IAM Policy (${arn}) to IAM Role (${inputs.role}): api error NoSuchEntity: Policy ${arn} does not exist or is not attachable.${arn.includes("::aws:") ? ` Of AWS's own policies there are here: ${Object.keys(managed).join(", ")}` : ""}`,
      );
    }
    return `${requireRole(store, inputs.role)}/${arn}`;
  },
});

export const iamDefinitions: readonly ResourceDefinition[] = [role, rolePolicy, policy, attachment];
