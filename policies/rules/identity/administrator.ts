// AWS's ready-made policies that allow everything, or everything of a service.
import { byType, type Check, mustNot } from "../../arguments.ts";
import { isMadeOf } from "../../relation.ts";
import type { Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

/** Of AWS's own (`arn:aws:iam::aws:policy/...`) those that hand out all there is; docs.aws.amazon.com/aws-managed-policy. */
const handsOutAll = (policy: Value): boolean =>
  typeof policy === "string" &&
  /^arn:[^:]*:iam::aws:policy\//.test(policy) &&
  /\/(AdministratorAccess[\w-]*|PowerUserAccess|SystemAdministrator|\w*FullAccess\w*)$/.test(policy);

const attached = (path: string): Check =>
  mustNot(path, handsOutAll, "a policy of your own that names actions and resources, or one of AWS's that is made for one task");

export const administrator: Rule = {
  id: "identity/administrator",
  title: "No identity gets a ready-made policy that allows everything",
  severity: "critical",
  why: "AdministratorAccess in the hands of one program makes each of its faults a fault of the whole account.",
  remediation: "Attach a policy that names what this identity does; people who administer come in for a time, through the identity centre.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
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
        type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        props: { role: "orders", policyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" },
      },
    ],
    fails: [
      {
        type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        props: { role: "orders", policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
      },
    ],
  },
  check: byType({
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": [
      mustNot(
        "policyArn",
        (policy) => typeof policy === "string" && policy.endsWith("/AmazonEKSClusterAdminPolicy"),
        "a policy for one namespace, or AmazonEKSAdminPolicy with accessScope.type namespace",
      ),
    ],
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": [attached("policyArn")],
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": [attached("policyArns[*]")],
    "aws:iam/policyAttachment:PolicyAttachment": [attached("policyArn")],
    "aws:iam/role:Role": [attached("managedPolicyArns[*]")],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": [attached("policyArn")],
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": [attached("policyArns[*]")],
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": [attached("policyArn")],
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": [attached("policyArns[*]")],
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": [attached("managedPolicyArn")],
  }),
  settles: ({ property }, resource, resources) => {
    // The ARN of a policy that this stack makes is never one of AWS's.
    return isMadeOf(resource, property, resources, (type) => type === "aws:iam/policy:Policy");
  },
};
