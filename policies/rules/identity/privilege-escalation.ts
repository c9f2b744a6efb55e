// Rights by which a holder gives itself more rights.
import { byType, type Check, together } from "../../arguments.ts";
import { waitsForNames } from "../../relation.ts";
import { read } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";
import { escalates } from "./escalation.ts";
import { isNarrowed, judgeRoles, waitsForRole } from "./grants.ts";
import { isAnyIdentity } from "./patterns.ts";
import { judgeStatements, narrowing, type Statement, shown, texts } from "./statements.ts";

/** What is given is bounded, or named: `iam:PermissionsBoundary` is how AWS delegates administration (IAM User Guide, "permissions boundaries"). */
const isBounded = (statement: Statement): boolean =>
  narrowing(statement).some(({ key }) => key === "iam:permissionsboundary" || key === "iam:policyarn");

const documents = judgeStatements(["identity"], (statement, resource) => {
  const rights = texts(statement.actions).filter(escalates);
  // The role that an inline policy belongs to, which it must not be allowed to change.
  const own = resource.type === "aws:iam/role:Role" ? read(resource.props, "name") : read(resource.props, "role");
  const isItself = (name: string) => typeof own === "string" && own !== "" && name.startsWith("arn:") && name.endsWith(`role/${own}`);
  const reaches = statement.resources.some(isAnyIdentity) || texts(statement.resources).some(isItself);
  if (rights.length === 0 || !reaches || isBounded(statement)) return undefined;
  return {
    problem: `${statement.property} lets its holder give itself more rights: ${shown(resource, statement, rights)} (${statement.name})`,
    allowed: "these actions on identities of another kind by their ARN, or under a condition on iam:PermissionsBoundary",
  };
});

/**
 * Permissions that change who may do what, or that make credentials of another identity
 * (cloud.google.com/iam/docs/best-practices-service-accounts, "privilege escalation").
 */
const escalatingPermission =
  /^(resourcemanager\.(projects|folders|organizations)\.setIamPolicy|iam\.serviceAccounts\.(setIamPolicy|getAccessToken|implicitDelegation|signBlob|signJwt|actAs)|iam\.serviceAccountKeys\.create|iam\.roles\.(create|update)|orgpolicy\.policy\.set|deploymentmanager\.deployments\.(create|update))$/;

const customRole: Check = (resource) =>
  judge(resource, "permissions[*]", (place) =>
    typeof place.value === "string" && escalatingPermission.test(place.value)
      ? { problem: `${is(resource, place)}, by which its holder gets more rights`, allowed: "permissions that change no rights" }
      : undefined,
  );

const administersAccess = new Set(
  [
    "iam.organizationRoleAdmin",
    "iam.roleAdmin",
    "iam.securityAdmin",
    "iam.serviceAccountAdmin",
    "iam.serviceAccountKeyAdmin",
    "iam.workloadIdentityPoolAdmin",
    "orgpolicy.policyAdmin",
    "resourcemanager.folderAdmin",
    "resourcemanager.folderIamAdmin",
    "resourcemanager.organizationAdmin",
    "resourcemanager.projectIamAdmin",
  ].map((role) => `roles/${role}`),
);

const grants = judgeRoles((role, grant) =>
  grant.reach !== "resource" &&
  administersAccess.has(role) &&
  !isNarrowed(grant) &&
  !(typeof grant.condition === "string" && grant.condition.includes("modifiedGrantsByRole"))
    ? { allowed: "a condition that limits which roles may be granted (iam.googleapis.com/modifiedGrantsByRole), or no such role" }
    : undefined,
);

export const privilegeEscalation: Rule = {
  id: "identity/privilege-escalation",
  title: "Nobody can give themselves more rights",
  severity: "critical",
  why: "A program that may write its own policy has every right already: it only has not taken it yet.",
  remediation: "Let people grant rights, through a reviewed deployment; where a program must, bound what it may grant.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.5.3" },
    { name: "ISO 27001", clause: "A.8.2" },
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
        type: "gcp:projects/iAMCustomRole:IAMCustomRole",
        props: { roleId: "reader", title: "Reads orders", permissions: ["datastore.entities.get", "datastore.entities.list"] },
      },
    ],
    fails: [
      {
        type: "gcp:projects/iAMCustomRole:IAMCustomRole",
        props: { roleId: "deployer", title: "Deploys", permissions: ["resourcemanager.projects.setIamPolicy"] },
      },
    ],
  },
  check: together(
    documents,
    grants,
    byType({
      "gcp:organizations/iAMCustomRole:IAMCustomRole": [customRole],
      "gcp:projects/iAMCustomRole:IAMCustomRole": [customRole],
    }),
  ),
  settles: (undecided, resource, resources) =>
    undecided.property === "role" ? waitsForRole(undecided, resource, resources) : waitsForNames(undecided, resource, resources),
};
