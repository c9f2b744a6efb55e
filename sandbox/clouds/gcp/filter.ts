// The filters of Cloud Monitoring and Cloud Logging, as far as they are read here: comparisons joined by AND, each of them perhaps
// with NOT before it (cloud.google.com/monitoring/api/v3/filters, cloud.google.com/logging/docs/view/logging-query-language).

export interface Comparison {
  /** `resource.labels.service_name`, taken apart; names in quotes may hold dots. */
  readonly path: readonly string[];
  readonly operator: "=" | "!=" | ">" | ">=" | "<" | "<=" | ":" | "=~" | "!~";
  /** One value, or those of `one_of(...)`. */
  readonly values: readonly string[];
  /** `starts_with`, `ends_with`, `has_substring`, `one_of`. */
  readonly call?: string;
  readonly negated: boolean;
}

/** The filter uses something that is not read here, or is none. */
export class FilterError extends Error {
  constructor(filter: string, why: string) {
    super(`The filter ${JSON.stringify(filter)} cannot be read: ${why}`);
    this.name = "FilterError";
  }
}

const token = /\s*(?:"((?:[^"\\]|\\.)*)"|(!=|>=|<=|=~|!~|[=<>:(),])|([^\s"=<>!:(),]+))/gy;
const comparing = new Set(["=", "!=", ">", ">=", "<", "<=", ":", "=~", "!~"]);

/** @throws FilterError */
export function parseFilter(filter: string): Comparison[] {
  const words: { readonly text: string; readonly kind: "quoted" | "sign" | "plain" }[] = [];
  token.lastIndex = 0;
  const trimmed = filter.trim();
  while (token.lastIndex < trimmed.length) {
    const match = token.exec(trimmed);
    if (!match) throw new FilterError(filter, "it has a character that belongs to nothing");
    const [, quoted, sign, plain] = match;
    if (quoted !== undefined) words.push({ text: quoted.replace(/\\(.)/g, "$1"), kind: "quoted" });
    else words.push(sign !== undefined ? { text: sign, kind: "sign" } : { text: plain ?? "", kind: "plain" });
  }
  let at = 0;
  const comparisons: Comparison[] = [];
  while (at < words.length) {
    if (isWord("AND")) at++;
    if (isWord("OR") || words[at]?.text === "(") throw new FilterError(filter, "OR and parentheses are not read here");
    const negated = isWord("NOT");
    if (negated) at++;
    comparisons.push(comparison(negated));
  }
  return comparisons;

  function isWord(word: string): boolean {
    return words[at]?.kind === "plain" && words[at]?.text === word;
  }

  function comparison(negated: boolean): Comparison {
    // LOG_ID("x") is short for the log name that ends so (cloud.google.com/logging/docs/view/logging-query-language#log_id).
    if (isWord("LOG_ID") && words[at + 1]?.text === "(" && words[at + 2]?.kind === "quoted" && words[at + 3]?.text === ")") {
      const id = encodeURIComponent((words[at + 2] as { text: string }).text);
      at += 4;
      return { path: ["logName"], operator: "=", values: [`/logs/${id}`], call: "ends_with", negated };
    }
    const path: string[] = [];
    // `labels."k8s.io/name"` arrives as two words without white space between; a plain word may end in the dot.
    while (words[at] && words[at]?.kind !== "sign") {
      const { text, kind } = words[at++] as (typeof words)[number];
      path.push(...(kind === "quoted" ? [text] : text.split(".").filter(Boolean)));
      if (kind === "plain" && !text.endsWith(".")) break;
    }
    const operator = words[at]?.text as Comparison["operator"];
    if (path.length === 0 || !comparing.has(operator)) throw new FilterError(filter, `a comparison is missing at word ${at + 1}`);
    at++;
    const first = words[at++];
    if (!first || first.kind === "sign") throw new FilterError(filter, `a value is missing after ${path.join(".")}${operator}`);
    if (first.kind === "quoted" || words[at]?.text !== "(") return { path, operator, values: [first.text], negated };
    const call = first.text;
    if (!/^(starts_with|ends_with|has_substring|one_of)$/.test(call)) throw new FilterError(filter, `${call}(...) is not read here`);
    const values: string[] = [];
    for (at++; words[at] && words[at]?.text !== ")"; at++)
      if (words[at]?.kind !== "sign") values.push((words[at] as { text: string }).text);
    if (words[at++]?.text !== ")") throw new FilterError(filter, `${call}( is not closed`);
    return { path, operator, values, call, negated };
  }
}

const severities = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

/** @param read what stands at a path; undefined where nothing does */
export function matches(comparisons: readonly Comparison[], read: (path: readonly string[]) => unknown): boolean {
  return comparisons.every((each) => holds(each, read(each.path)) !== each.negated);
}

function holds({ operator, values, call, path }: Comparison, found: unknown): boolean {
  const [wanted = ""] = values;
  if (call !== undefined) {
    const text = String(found ?? "");
    const fits =
      call === "one_of"
        ? values.includes(text)
        : call === "starts_with"
          ? text.startsWith(wanted)
          : call === "ends_with"
            ? text.endsWith(wanted)
            : text.includes(wanted);
    return fits !== (operator === "!=");
  }
  if (found === undefined) return operator === "!=" || operator === "!~";
  const text = String(found);
  // Logging compares without regard to case; labels of metrics are exact in practice, and differ in more than case.
  const same = text.toLowerCase() === wanted.toLowerCase();
  if (operator === "=") return same;
  if (operator === "!=") return !same;
  if (operator === ":") return text.toLowerCase().includes(wanted.toLowerCase());
  if (operator === "=~") return new RegExp(wanted).test(text);
  if (operator === "!~") return !new RegExp(wanted).test(text);
  const [a, b] = path.at(-1) === "severity" ? [severities.indexOf(text), severities.indexOf(wanted)] : ordered(text, wanted);
  return { ">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b }[operator];
}

/** Numbers by their size, times by theirs. */
function ordered(a: string, b: string): [number, number] {
  const number = (text: string) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text));
  return [number(a), number(b)];
}
