// Whether an AWS resource policy lets anyone in. Source: AWS, "The meaning of public" (S3 User Guide), which also names
// the condition keys that make a wildcard principal harmless.
import type { Value } from "../../resource.ts";

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
  "kms:calleraccount",
  "s3:dataaccesspointaccount",
]);

type Statement = { readonly [key: string]: Value };

/** The statements that allow everyone, by Sid or position; undefined if the text is no policy. */
export function publicStatements(policy: Value): string[] | undefined {
  let document: Value;
  try {
    document = typeof policy === "string" ? (JSON.parse(policy) as Value) : policy;
  } catch {
    return undefined;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
  const listed = (document as Statement).Statement;
  const statements = (Array.isArray(listed) ? listed : [listed]) as Statement[];
  return statements.flatMap((statement, index) =>
    statement && letsAnyoneIn(statement) ? [String(statement.Sid ?? `statement ${index + 1}`)] : [],
  );
}

function letsAnyoneIn(statement: Statement): boolean {
  if (statement.Effect !== "Allow") return false;
  const anyone = isWildcard(statement.Principal) || statement.NotPrincipal !== undefined;
  return anyone && !isRestricted(statement.Condition);
}

function isWildcard(principal: Value | undefined): boolean {
  if (principal === "*") return true;
  if (Array.isArray(principal)) return principal.some(isWildcard);
  if (typeof principal !== "object" || principal === null) return false;
  return Object.values(principal as Statement).some(isWildcard);
}

/** A positive condition on who or from where, without a bare wildcard as its value. */
function isRestricted(condition: Value | undefined): boolean {
  if (typeof condition !== "object" || condition === null) return false;
  return Object.entries(condition as Statement).some(
    ([operator, keys]) =>
      !/Not|IfExists|Null/.test(operator) &&
      Object.entries((keys ?? {}) as Statement).some(([key, value]) => restricting.has(key.toLowerCase()) && ![value].flat().includes("*")),
  );
}
