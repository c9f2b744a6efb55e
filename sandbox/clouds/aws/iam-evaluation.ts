// What a policy says of a request. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import { contains } from "./cidr.ts";

/** Who asks: each name by which a policy may mean it. */
export interface Principal {
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, `arn:aws:iam::ACCOUNT:user/NAME`, ... */
  readonly arn: string;
  /** Of the role behind a session. */
  readonly roleArn?: string;
  readonly account?: string;
  /** `logs.eu-central-1.amazonaws.com` */
  readonly service?: string;
  /** `accounts.google.com`, or the ARN of an identity provider. */
  readonly federated?: string;
}

export interface Ask {
  readonly principal: Principal;
  /** `s3:PutObject` */
  readonly action: string;
  readonly resource: string;
  /** Condition keys, in lower case. */
  readonly context: Readonly<Record<string, string>>;
}

/**
 * - `allow`: to this principal (an identity's own policy is always to it);
 * - `delegate`: to the account, whose own policies then decide;
 * - `none`: nothing is said.
 */
export type Saying = "allow" | "delegate" | "deny" | "none";

interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | Readonly<Record<string, string | string[]>>;
  readonly NotPrincipal?: unknown;
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
  readonly Resource?: string | string[];
  readonly NotResource?: string | string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const list = (value: unknown): string[] => (value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)]);

/** The statements of a document; none where it is not readable. */
function statementsOf(document: string): Statement[] {
  try {
    return [(JSON.parse(document) as { Statement?: Statement | Statement[] }).Statement ?? []].flat();
  } catch {
    return [];
  }
}

/** What an identity's own policies say together. */
export const identitySays = (documents: readonly string[], ask: Ask): Saying => say(documents, ask, () => "allow");

/** What the policy of a resource says: of a bucket, a key, or a role that is to be assumed. */
export const resourceSays = (document: string, ask: Ask): Saying =>
  say([document], ask, (statement) => (statement.NotPrincipal === undefined ? named(statement.Principal, ask.principal) : "none"));

function say(documents: readonly string[], ask: Ask, whom: (statement: Statement) => Saying): Saying {
  const sayings = documents.flatMap(statementsOf).map((statement): Saying => {
    const to = whom(statement);
    if (to === "none" || !isAbout(statement, ask)) return "none";
    if (statement.Effect === "Deny") return holds(statement, ask, true) ? "deny" : "none";
    return statement.Effect === "Allow" && holds(statement, ask, false) ? to : "none";
  });
  return (["deny", "allow", "delegate"] as const).find((saying) => sayings.includes(saying)) ?? "none";
}

function named(element: Statement["Principal"], principal: Principal): Saying {
  if (element === undefined) return "none";
  if (element === "*") return "allow";
  if (typeof element === "string") return "none";
  if (list(element.Service).includes(principal.service ?? "-") || list(element.Federated).includes(principal.federated ?? "-"))
    return "allow";
  const accounts = list(element.AWS);
  if (accounts.some((each) => each === "*" || each === principal.arn || each === principal.roleArn)) return "allow";
  const own = [principal.account ?? "-", `arn:aws:iam::${principal.account}:root`];
  return accounts.some((each) => own.includes(each)) ? "delegate" : "none";
}

function isAbout({ Action, NotAction, Resource, NotResource }: Statement, { action, resource }: Ask): boolean {
  const acts =
    Action === undefined ? !list(NotAction).some((each) => like(each, action, "i")) : list(Action).some((each) => like(each, action, "i"));
  // A trust policy names no resource: it is the role's own.
  if (Resource === undefined && NotResource === undefined) return acts;
  return (
    acts &&
    (Resource === undefined ? !list(NotResource).some((each) => like(each, resource)) : list(Resource).some((each) => like(each, resource)))
  );
}

/** `*` stands for any text, `?` for one character. */
export function like(pattern: string, text: string, flags = ""): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, `s${flags}`).test(text);
}

/** @param otherwise what an operator that is not known here counts as: a refusal stays, a permission falls */
function holds({ Condition = {} }: Statement, { context }: Ask, otherwise: boolean): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => test(operator, context[key.toLowerCase()], list(wanted), otherwise)),
  );
}

const comparisons: Readonly<Record<string, (given: string, wanted: string) => boolean>> = {
  StringEquals: (given, wanted) => given === wanted,
  StringEqualsIgnoreCase: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
  StringLike: (given, wanted) => like(wanted, given),
  ArnEquals: (given, wanted) => like(wanted, given),
  ArnLike: (given, wanted) => like(wanted, given),
  Bool: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (given, wanted) => Number(given) === Number(wanted),
  NumericLessThan: (given, wanted) => Number(given) < Number(wanted),
  NumericLessThanEquals: (given, wanted) => Number(given) <= Number(wanted),
  NumericGreaterThan: (given, wanted) => Number(given) > Number(wanted),
  NumericGreaterThanEquals: (given, wanted) => Number(given) >= Number(wanted),
  DateLessThan: (given, wanted) => Date.parse(given) < Date.parse(wanted),
  DateGreaterThan: (given, wanted) => Date.parse(given) > Date.parse(wanted),
  IpAddress: (given, wanted) => contains(wanted, given),
};

function test(operator: string, given: string | undefined, wanted: readonly string[], otherwise: boolean): boolean {
  if (operator === "Null") return wanted.some((each) => (each === "true") === (given === undefined));
  const base = operator.replace(/IfExists$/, "");
  const negated = /^(String|Arn|Numeric|Date)Not|^NotIpAddress$/.test(base);
  const compare = comparisons[base === "NotIpAddress" ? "IpAddress" : base.replace(/^(String|Arn|Numeric|Date)Not/, "$1")];
  if (!compare) return otherwise;
  if (given === undefined) return negated || operator.endsWith("IfExists");
  return wanted.some((each) => compare(given, each)) !== negated;
}
