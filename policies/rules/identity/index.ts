// Who may do what.
import type { Rule } from "../../rule.ts";
import { administrator } from "./administrator.ts";
import { broadScope } from "./broad-scope.ts";
import { defaultServiceAccount } from "./default-service-account.ts";
import { federatedSubject } from "./federated-subject.ts";
import { longLivedKeys } from "./long-lived-keys.ts";
import { notAction } from "./not-action.ts";
import { openTrust } from "./open-trust.ts";
import { passRole } from "./pass-role.ts";
import { primitiveRoles } from "./primitive-roles.ts";
import { privilegeEscalation } from "./privilege-escalation.ts";
import { sharedIdentity } from "./shared-identity.ts";
import { tokenExpiry } from "./token-expiry.ts";
import { tokenScope } from "./token-scope.ts";
import { wildcardActions } from "./wildcard-actions.ts";
import { wildcardResources } from "./wildcard-resources.ts";

export const identityRules: readonly Rule[] = [
  wildcardActions,
  wildcardResources,
  notAction,
  administrator,
  privilegeEscalation,
  passRole,
  openTrust,
  federatedSubject,
  primitiveRoles,
  broadScope,
  defaultServiceAccount,
  longLivedKeys,
  tokenExpiry,
  tokenScope,
  sharedIdentity,
];
