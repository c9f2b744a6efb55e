// Role bindings of Google Cloud, in their three forms: `...IAMMember`, `...IAMBinding`, `...IAMPolicy`.
import { parseJson } from "../../arguments.ts";
import { isMadeOf, waitsForNames } from "../../relation.ts";
import { type Located, type Properties, type Resource, read, select, show, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Undecided, type Violation } from "../../rule.ts";

/** How far a role reaches: over one resource, or over all that a project, a folder or an organisation has. */
export type Reach = "resource" | "project" | "folder" | "organisation";

export interface Grant {
  readonly role: Located;
  readonly members: readonly Located[];
  readonly reach: Reach;
  /** Text of the condition, `UNKNOWN` while it is not known; undefined without one. */
  readonly condition: Value | undefined;
}

const bindingType = /^gcp:(\w+)\/(\w*)(IAM|Iam|iAM)(Member|Binding|Policy):/;

const reaches: Readonly<Record<string, Reach>> = { projects: "project", folder: "folder", organizations: "organisation" };

/** The grants of a binding; undefined for what is none, `UNKNOWN` for a whole policy that is not known yet. */
function grantsOf(resource: Resource): readonly Grant[] | typeof UNKNOWN | undefined {
  const [, module = "", of = "", , form] = bindingType.exec(resource.type) ?? [];
  if (form === undefined) return undefined;
  const reach = (of === "" && reaches[module]) || "resource";
  if (form !== "Policy") return [grantOf(resource.props, "", form === "Member" ? "member" : "members[*]", reach)];
  const policy = parseJson(resource, "policyData");
  if (policy === UNKNOWN) return UNKNOWN;
  if (typeof policy !== "object" || policy === null) return [];
  return select(policy as Properties, "bindings[*]").map(({ value }, index) =>
    grantOf(typeof value === "object" ? (value as Properties) : {}, `policyData.bindings[${index}].`, "members[*]", reach),
  );
}

function grantOf(props: Properties, prefix: string, members: string, reach: Reach): Grant {
  const role = select(props, "role")[0];
  return {
    role: { path: `${prefix}role`, value: role?.value ?? "" },
    members: select(props, members).map(({ path, value }) => ({ path: `${prefix}${path}`, value })),
    reach,
    condition: read(props, "condition.expression"),
  };
}

/** Judges each grant by its role. A role that is not known yet leaves the rule undecided. */
export const judgeRoles =
  (verdict: (role: string, grant: Grant) => Omit<Violation, "kind" | "property" | "problem"> | undefined) =>
  (resource: Resource): Outcome =>
    judgeGrants(resource, (grant) => {
      const { role } = grant;
      if (role.value === UNKNOWN) return [{ kind: "undecided", property: role.path }];
      const violation = typeof role.value === "string" ? verdict(role.value, grant) : undefined;
      return violation
        ? [{ kind: "violation", property: role.path, problem: `${role.path} is ${show(resource, role)}${onAllOf(grant)}`, ...violation }]
        : [];
    });

/** Judges each member of each grant. */
export const judgeMembers =
  (verdict: (member: string) => Omit<Violation, "kind" | "property" | "problem"> | undefined) =>
  (resource: Resource): Outcome =>
    judgeGrants(resource, ({ members }) =>
      members.flatMap((member): Finding[] => {
        if (member.value === UNKNOWN) return [{ kind: "undecided", property: member.path }];
        const violation = typeof member.value === "string" ? verdict(member.value) : undefined;
        return violation
          ? [{ kind: "violation", property: member.path, problem: `${member.path} is ${show(resource, member)}`, ...violation }]
          : [];
      }),
    );

function judgeGrants(resource: Resource, findings: (grant: Grant) => readonly Finding[]): Outcome {
  const grants = grantsOf(resource);
  if (grants === undefined) return "notApplicable";
  if (grants === UNKNOWN) return [{ kind: "undecided", property: "policyData" }];
  return outcomeOf(grants.flatMap(findings));
}

const onAllOf = ({ reach }: Grant): string => (reach === "resource" ? "" : `, on all of the ${reach}`);

/** A condition on the resource makes a wide grant narrow. What is not known yet is a condition all the same. */
export const isNarrowed = ({ condition }: Grant): boolean =>
  condition === UNKNOWN || (typeof condition === "string" && /\bresource\./.test(condition));

/**
 * A role that waits only for a custom role of this stack is none of Google's; a whole policy that waits only for resources of this stack
 * waits for its members. The update judges either again, before it takes effect.
 */
export function waitsForRole(undecided: Undecided, resource: Resource, resources: readonly Resource[]): boolean {
  if (undecided.property === "policyData") return waitsForNames(undecided, resource, resources);
  return isMadeOf(resource, undecided.property, resources, (type) => customRoles.has(type));
}

const customRoles = new Set(["gcp:organizations/iAMCustomRole:IAMCustomRole", "gcp:projects/iAMCustomRole:IAMCustomRole"]);

/**
 * A member that waits only for the identity of something in this stack (an account's e-mail address, a sink's writer): those are
 * single identities, never a pool or a default. The update judges it again, before it takes effect.
 */
export function waitsForIdentity(undecided: Undecided, resource: Resource, resources: readonly Resource[]): boolean {
  if (undecided.property === "policyData") return waitsForNames(undecided, resource, resources);
  return isMadeOf(resource, undecided.property, resources, (type) => identities.has(type));
}

const identities = new Set([
  "gcp:logging/projectSink:ProjectSink",
  "gcp:projects/service:Service",
  "gcp:projects/serviceIdentity:ServiceIdentity",
  "gcp:serviceaccount/account:Account",
  "gcp:sql/databaseInstance:DatabaseInstance",
]);
