// Whether an AWS resource policy lets anyone in. Source: AWS, "The meaning of public" (S3 User Guide), which also names
// the condition keys that make a wildcard principal harmless.
import { textOf, type Value } from "../../resource.ts";
import { isInternet } from "./network.ts";

const restricting = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:sourceorgid",
  "aws:sourceorgpaths",
  "kms:calleraccount",
  "s3:dataaccesspointaccount",
]);
/** Restrict where they are true: a caller inside the VPC (EFS User Guide, "Using IAM to control access"), a service of AWS itself. */
const restrictingIfTrue = new Set(["elasticfilesystem:accessedviamounttarget", "aws:principalisawsservice"]);
const addresses = new Set(["aws:sourceip", "aws:vpcsourceip"]);

type Statement = { readonly [key: string]: Value };

const isObject = (value: Value | undefined): value is Statement => typeof value === "object" && value !== null && !Array.isArray(value);

/** A policy's document; undefined if it is none. */
export function documentOf(policy: Value): Statement | undefined {
  try {
    const document = typeof policy === "string" ? (JSON.parse(policy) as Value) : policy;
    return isObject(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** The statements of a policy's document, whether it lists them or holds one. */
export const statementsOf = ({ Statement: listed }: Statement): Statement[] =>
  (Array.isArray(listed) ? (listed as readonly Value[]) : [listed as Value]).filter(isObject);

/** The statements that allow everyone, by Sid or position; undefined if the text is no policy. */
export function publicStatements(policy: Value): string[] | undefined {
  const document = documentOf(policy);
  return document && statementsOf(document).flatMap((it, index) => (letsAnyoneIn(it) ? [textOf(it.Sid) || `statement ${index + 1}`] : []));
}

function letsAnyoneIn(statement: Statement): boolean {
  if (statement.Effect !== "Allow") return false;
  const anyone = isWildcard(statement.Principal) || statement.NotPrincipal !== undefined;
  return anyone && !isRestricted(statement.Condition);
}

function isWildcard(principal: Value | undefined): boolean {
  if (principal === "*") return true;
  if (Array.isArray(principal)) return principal.some(isWildcard);
  return isObject(principal) && Object.values(principal).some(isWildcard);
}

/** A positive condition on who or from where, without a bare wildcard as its value. `ForAllValues` also holds where the key is absent. */
function isRestricted(condition: Value | undefined): boolean {
  if (!isObject(condition)) return false;
  return Object.entries(condition).some(
    ([operator, keys]) =>
      !/Not|IfExists|Null|ForAllValues/.test(operator) &&
      isObject(keys) &&
      Object.entries(keys).some(([key, value]) => restricts(key.toLowerCase(), [value].flat() as readonly Value[])),
  );
}

function restricts(key: string, values: readonly Value[]): boolean {
  if (restrictingIfTrue.has(key)) return values.every((value) => textOf(value) === "true");
  if (addresses.has(key)) return !values.some(isInternet);
  return restricting.has(key) && !values.includes("*");
}
