// What the statements of a policy document say.
// Grammar: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
import { parseJson } from "../../arguments.ts";
import { waitsForNames } from "../../relation.ts";
import { type Properties, type Resource, select, show, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule, type Violation } from "../../rule.ts";
import { type Kind, policyDocuments } from "./policy-documents.ts";

/** A statement that allows. Lists as they stand there; what is not known yet is `UNKNOWN`. */
export interface Statement {
  readonly kind: Kind;
  /** Property of the resource that holds the document. */
  readonly property: string;
  /** Sid, or `statement 2`. */
  readonly name: string;
  readonly actions: readonly Value[];
  /** Empty where `NotResource` stands instead. */
  readonly resources: readonly Value[];
  readonly conditions: readonly Condition[];
  /** The whole of it. */
  readonly text: Properties;
}

/** One comparison. `operator` and `key` in lower case, for AWS reads them so. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly Value[];
}

export type Verdict = (statement: Statement, resource: Resource) => Omit<Violation, "kind" | "property"> | undefined;

/** Judges every statement that allows, in documents of these kinds. A document that is not known yet leaves the rule undecided. */
export const judgeStatements =
  (kinds: readonly Kind[], verdict: Verdict) =>
  (resource: Resource): Outcome => {
    const places = (policyDocuments[resource.type] ?? []).filter(({ kind }) => kinds.includes(kind));
    const found = places.flatMap((place) => select(resource.props, place.path).map(({ path }) => ({ ...place, path })));
    if (found.length === 0) return "notApplicable";
    return outcomeOf(
      found.flatMap(({ path, kind }): Finding[] => {
        const undecided: Finding = { kind: "undecided", property: path };
        const document = parseJson(resource, path);
        if (document === UNKNOWN) return [undecided];
        return list(field(document, "Statement")).flatMap((text, index): Finding[] => {
          if (text === UNKNOWN) return [undecided];
          if (!isRecord(text) || text.Effect === "Deny") return [];
          const statement = statementOf(text, { kind, property: path, name: nameOf(resource, path, text, index) });
          if (text.Effect === UNKNOWN || statement.actions.includes(UNKNOWN)) return [undecided];
          const violation = text.Effect === "Allow" ? verdict(statement, resource) : undefined;
          return violation ? [{ kind: "violation", property: path, ...violation }] : [];
        });
      }),
    );
  };

const statementOf = (text: Properties, where: Pick<Statement, "kind" | "property" | "name">): Statement => ({
  ...where,
  actions: list(text.Action),
  resources: list(text.Resource),
  conditions: conditionsOf(text.Condition),
  text,
});

/** Nothing of a secret document is told, its Sids neither. */
function nameOf(resource: Resource, path: string, { Sid: sid }: Properties, index: number): string {
  const isTold = typeof sid === "string" && sid !== "" && show(resource, { path, value: "" }) === '""';
  return isTold ? sid : `statement ${index + 1}`;
}

/** A document that cannot be read cannot be judged. Of those on resources `exposure` says so. */
export function unreadable(resource: Resource): Outcome {
  const places = (policyDocuments[resource.type] ?? []).filter(({ kind }) => kind !== "resource");
  const found = places.flatMap(({ path }) => select(resource.props, path));
  if (found.length === 0) return "notApplicable";
  return outcomeOf(
    found.flatMap(({ path }): Finding[] => {
      const document = parseJson(resource, path);
      return document === UNKNOWN || isRecord(document)
        ? []
        : [
            {
              kind: "violation",
              property: path,
              problem: `${path} is not readable as a policy, so it cannot be judged`,
              allowed: "a JSON policy document",
            },
          ];
    }),
  );
}

function conditionsOf(condition: Value | undefined): Condition[] {
  if (!isRecord(condition)) return [];
  return Object.entries(condition).flatMap(([operator, keys]) =>
    isRecord(keys)
      ? Object.entries(keys).map(([key, value]) => ({ operator: operator.toLowerCase(), key: key.toLowerCase(), values: list(value) }))
      : [],
  );
}

/** Conditions that admit only what they name: no negation, none that is met where its key is absent, no bare wildcard. */
export const narrowing = ({ conditions }: Statement): Condition[] =>
  conditions.filter(
    ({ operator, values }) => !/not|ifexists|null/.test(operator) && values.length > 0 && !values.some((value) => value === "*"),
  );

/** Actions or resources as a finding may show them: `"s3:*", "sqs:*"`. */
export const shown = (resource: Resource, { property }: Statement, values: readonly Value[]): string =>
  [...new Set(values.map((value) => show(resource, { path: property, value })))].join(", ");

/** Texts among values that may be anything. */
export const texts = (values: readonly Value[]): string[] => values.filter((value) => typeof value === "string");

/** The part of a rule over statements that is always the same. */
export const overStatements = (kinds: readonly Kind[], verdict: Verdict): Pick<Rule, "check" | "settles"> => ({
  check: judgeStatements(kinds, verdict),
  settles: waitsForNames,
});

const isRecord = (value: Value | undefined): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);
const field = (value: Value | undefined, name: string): Value | undefined => (isRecord(value) ? value[name] : undefined);
/** IAM takes one value for a list of one. */
export const list = (value: Value | undefined): readonly Value[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? (value as readonly Value[]) : [value];
