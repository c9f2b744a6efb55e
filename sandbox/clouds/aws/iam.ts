// IAM at work: who may do what, by the policies of roles, buckets and keys, worded as AWS words it.
import type { Store } from "../../engine/store.ts";
import { accountIn, deployerOf } from "./account.ts";
import { type Ask, identitySays, type Principal, resourceSays } from "./iam-evaluation.ts";
import { policiesOf, roleToken } from "./iam-roles.ts";
import { AwsError } from "./signed-call.ts";

export interface Demand {
  /** ARN of who asks. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys besides those that every request has. */
  readonly context?: Readonly<Record<string, string>>;
}

const administrator = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

/** `arn:aws:sts::A:assumed-role/R/S`: what a session of a role is called. */
export const sessionArn = (account: string, role: string, session: string): string =>
  `arn:aws:sts::${account}:assumed-role/${role}/${session}`;

export class Iam {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Why S3 or another service with policies on its resources refuses; undefined where it does not. */
  refusal(demand: Demand, resourcePolicy?: string): string | undefined {
    const { ask, own } = this.#judge(demand);
    const theirs = resourcePolicy === undefined ? "none" : resourceSays(resourcePolicy, ask);
    if (own === "deny" || theirs === "deny") return denied(demand, own === "deny" ? "an identity-based policy" : "a resource-based policy");
    return own === "allow" || theirs === "allow" ? undefined : implicit(demand);
  }

  /** Why KMS refuses: the key's policy must let the principal in, or leave it to the account, whose policies then decide. */
  keyRefusal(demand: Demand, keyPolicy: string): string | undefined {
    const { ask, own } = this.#judge(demand);
    const theirs = resourceSays(keyPolicy, ask);
    if (own === "deny" || theirs === "deny") return denied(demand, own === "deny" ? "an identity-based policy" : "a resource-based policy");
    if (theirs === "allow" || (theirs === "delegate" && own === "allow")) return undefined;
    return theirs === "delegate" ? implicit(demand) : implicit(demand, "resource-based");
  }

  /** Whether the trust policy of a role lets this principal assume it. */
  trusts(roleArn: string, principal: Principal, action: string, context: Readonly<Record<string, string>>): boolean {
    const role = this.role(roleArn);
    if (!role) return false;
    return resourceSays(String(role.state.assumeRolePolicy), { principal, action, resource: roleArn, context }) === "allow";
  }

  role(arn: string) {
    return this.#store.list(roleToken).find(({ state }) => state.arn === arn);
  }

  /** @throws AwsError AccessDeniedException, for APIs without policies on their resources */
  require(demand: Demand): void {
    const refusal = this.refusal(demand);
    if (refusal !== undefined) throw new AwsError("AccessDeniedException", refusal);
  }

  #judge(demand: Demand) {
    const principal = this.#principal(demand.principal);
    const ask: Ask = {
      principal,
      action: demand.action,
      resource: demand.resource,
      context: {
        "aws:securetransport": "true",
        "aws:principalarn": principal.roleArn ?? principal.arn,
        "aws:principalaccount": principal.account ?? "",
        // A bucket's ARN names no account: what is asked for is the caller's own.
        "aws:resourceaccount": accountIn(demand.resource) || (principal.account ?? ""),
        "aws:currenttime": new Date().toISOString(),
        ...Object.fromEntries(Object.entries(demand.context ?? {}).map(([key, value]) => [key.toLowerCase(), value])),
      },
    };
    return { ask, own: identitySays(this.#identityPolicies(principal), ask) };
  }

  #principal(arn: string): Principal {
    const [, account = "", role] = /^arn:aws:sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
    if (role === undefined) return { arn, account: /^arn:aws:[a-z]+::(\d+):/.exec(arn)?.[1] };
    const found = this.#store.list(roleToken).find(({ state }) => state.name === role);
    return { arn, account, roleArn: String(found?.state.arn ?? `arn:aws:iam::${account}:role/${role}`) };
  }

  /** The one who deploys holds the account; a role that is gone may do nothing. */
  #identityPolicies({ arn, account = "", roleArn }: Principal): string[] {
    if (arn === deployerOf(account)) return [administrator];
    return roleArn === undefined ? [] : policiesOf(this.#store, roleArn);
  }
}

// docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
const said = ({ principal, action, resource }: Demand) =>
  `User: ${principal} is not authorized to perform: ${action} on resource: ${JSON.stringify(resource)}`;
const implicit = (demand: Demand, kind = "identity-based") =>
  `${said(demand)} because no ${kind} policy allows the ${demand.action} action`;
const denied = (demand: Demand, by: string) => `${said(demand)} with an explicit deny in ${by}`;
