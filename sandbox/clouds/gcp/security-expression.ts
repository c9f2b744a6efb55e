// The expressions of Cloud Armor's rules, as far as they are evaluated here: a part of the Common Expression Language
// (cloud.google.com/armor/docs/rules-language-reference). What is not evaluated is refused, for a rule that is passed over allows too much.
import { inRange } from "./ip-range.ts";

/** What a rule may ask about a request. */
export interface Facts {
  /** The address that the request comes from. */
  readonly ip: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly scheme: string;
  readonly headers: Headers;
}

type Term = (facts: Facts) => string | boolean;

const attributes: Readonly<Record<string, Term>> = {
  "origin.ip": ({ ip }) => ip,
  "request.method": ({ method }) => method,
  "request.path": ({ path }) => path,
  "request.query": ({ query }) => query,
  "request.scheme": ({ scheme }) => scheme,
};

const methods: Readonly<Record<string, (text: string, argument: string) => string | boolean>> = {
  contains: (text, argument) => text.includes(argument),
  startsWith: (text, argument) => text.startsWith(argument),
  endsWith: (text, argument) => text.endsWith(argument),
  matches: (text, argument) => new RegExp(argument).test(text),
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
};

/** [rules-language-reference: "an expression with up to five subexpressions"] */
const mostSubexpressions = 5;
const token = /\s*(?:(&&|\|\||==|!=|[!()[\],.])|([A-Za-z_]\w*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/y;

interface Token {
  readonly kind: "sign" | "name" | "text";
  readonly text: string;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < source.trimEnd().length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw new SyntaxError(`"${source.slice(at).trim()}" is not evaluated here`);
    const [, sign, name, single, double] = match;
    if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else tokens.push({ kind: "text", text: (single ?? double ?? "").replace(/\\(.)/g, "$1") });
  }
  return tokens;
}

/**
 * What tells whether a request matches.
 * @throws SyntaxError that names what is not evaluated here
 */
export function compileExpression(source: string): (facts: Facts) => boolean {
  const tokens = tokensOf(source);
  let at = 0;
  const isNext = (sign: string) => tokens[at]?.kind === "sign" && tokens[at]?.text === sign;
  const take = (sign: string): boolean => isNext(sign) && Boolean(++at);
  const expect = (sign: string): void => {
    if (!take(sign)) throw new SyntaxError(`"${sign}" is missing before "${tokens[at]?.text ?? "the end"}"`);
  };

  function chain(operator: "&&" | "||", next: () => Term): Term {
    const terms = [next()];
    while (take(operator)) terms.push(next());
    if (terms.length === 1) return terms[0] as Term;
    return operator === "&&"
      ? (facts) => terms.every((term) => term(facts) === true)
      : (facts) => terms.some((term) => term(facts) === true);
  }
  const either = (): Term => chain("||", () => chain("&&", negated));
  function negated(): Term {
    if (!take("!")) return compared();
    const term = negated();
    return (facts) => term(facts) !== true;
  }
  function compared(): Term {
    const left = called();
    if (take("==")) {
      const right = called();
      return (facts) => left(facts) === right(facts);
    }
    if (take("!=")) {
      const right = called();
      return (facts) => left(facts) !== right(facts);
    }
    return left;
  }
  function called(): Term {
    let term = primary();
    while (take(".")) {
      const name = tokens[at++]?.text ?? "";
      const method = methods[name];
      if (!method) throw new SyntaxError(`".${name}" is not evaluated here; .${Object.keys(methods).join(", .")} are`);
      expect("(");
      const argument = isNext(")") ? "" : literal();
      expect(")");
      const of = term;
      term = (facts) => method(String(of(facts)), argument);
    }
    return term;
  }
  function literal(): string {
    const next = tokens[at++];
    if (next?.kind !== "text") throw new SyntaxError(`a text in quotes is expected instead of "${next?.text ?? "the end"}"`);
    return next.text;
  }
  function primary(): Term {
    if (take("(")) {
      const inner = either();
      expect(")");
      return inner;
    }
    const next = tokens[at++];
    if (next?.kind === "text") return () => next.text;
    if (next?.kind !== "name") throw new SyntaxError(`a value is expected instead of "${next?.text ?? "the end"}"`);
    if (next.text === "true" || next.text === "false") return () => next.text === "true";
    if (next.text === "has") {
      expect("(");
      const name = header();
      expect(")");
      return ({ headers }) => headers.has(name);
    }
    if (next.text === "inIpRange") {
      expect("(");
      const ip = primary();
      expect(",");
      const range = literal();
      expect(")");
      return (facts) => inRange(String(ip(facts)), range);
    }
    at -= 1;
    if (tokens[at + 2]?.text === "headers") {
      const name = header();
      return ({ headers }) => headers.get(name) ?? "";
    }
    const name = `${tokens[at]?.text}${tokens[at + 1]?.text ?? ""}${tokens[at + 2]?.text ?? ""}`;
    const attribute = attributes[name];
    if (!attribute)
      throw new SyntaxError(`"${name}" is not evaluated here; ${Object.keys(attributes).join(", ")} are, and request.headers['name']`);
    at += 3;
    return attribute;
  }
  function header(): string {
    const path = tokens
      .slice(at, at + 3)
      .map(({ text }) => text)
      .join("");
    if (path !== "request.headers") throw new SyntaxError(`"${path}" is not evaluated here; request.headers['name'] is`);
    at += 3;
    expect("[");
    const name = literal();
    expect("]");
    return name;
  }

  const term = either();
  if (at < tokens.length) throw new SyntaxError(`"${tokens[at]?.text}" is not expected there`);
  if (tokens.filter(({ kind, text }) => kind === "sign" && (text === "&&" || text === "||")).length >= mostSubexpressions)
    throw new SyntaxError(`there are more than ${mostSubexpressions} subexpressions`);
  return (facts) => term(facts) === true;
}
