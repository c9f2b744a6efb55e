// Which rights are rights to have more rights.
import { covers } from "./patterns.ts";

/**
 * Actions of IAM by which a holder changes what it, or what it can become, may do (Rhino Security Labs, "AWS IAM Privilege Escalation
 * Methods"; the same list stands in the AWS Security Blog on permissions boundaries).
 */
const changesRights = [
  "AddUserToGroup",
  "AttachGroupPolicy",
  "AttachRolePolicy",
  "AttachUserPolicy",
  "CreateAccessKey",
  "CreateLoginProfile",
  "CreatePolicyVersion",
  "DeleteRolePermissionsBoundary",
  "DeleteUserPermissionsBoundary",
  "PutGroupPolicy",
  "PutRolePermissionsBoundary",
  "PutRolePolicy",
  "PutUserPermissionsBoundary",
  "PutUserPolicy",
  "SetDefaultPolicyVersion",
  "UpdateAssumeRolePolicy",
  "UpdateLoginProfile",
].map((action) => `iam:${action}`);

/** An action of a policy, maybe with wildcards. `iam:*` is more than this question, and another rule's. */
export const escalates = (action: string): boolean => !isWhole(action) && changesRights.some((right) => covers(action, right));

export const passesRoles = (action: string): boolean => !isWhole(action) && covers(action, "iam:PassRole");

const isWhole = (action: string): boolean => /^([^:]*:)?[*?]+$/.test(action);
