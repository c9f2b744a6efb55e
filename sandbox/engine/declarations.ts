// Reads the declaration files that Pulumi's SDK generator writes: interface members and the few type forms it uses.

/** A type as a declaration states it. `Input<>`, `Output<>` and `undefined` have dropped out. */
export type Shape =
  | { readonly kind: "string" | "number" | "boolean" | "any" | "asset" | "archive" }
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "list"; readonly of: Shape }
  | { readonly kind: "map"; readonly of: Shape }
  /** A reference such as `inputs.cloudrunv2.ServiceTemplate` or `enums.ec2.InstanceType`. */
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "union"; readonly of: readonly Shape[] };

export interface Member {
  readonly name: string;
  /** The comment above it, with its stars. */
  readonly doc: string;
  readonly readonly: boolean;
  readonly optional: boolean;
  /** The text of its type. */
  readonly type: string;
}

/**
 * The members of one interface or class body, in order; methods and static members are left out.
 * @param indent the white space before each member (the generator's, so exact)
 */
export function readMembers(body: string, indent: string): Member[] {
  const members: Member[] = [];
  let doc = "";
  let lines: string[] = [];
  let state: "between" | "doc" | "type" = "between";
  const column = indent.length;

  for (const line of body.split("\n")) {
    const own = line.startsWith(indent) && line[column] !== " ";
    if (state === "doc") {
      doc += `\n${line}`;
      if (line.endsWith("*/")) state = "between";
    } else if (state === "type") {
      lines.push(line.trim());
      if (own && line.endsWith(";")) state = close();
    } else if (own) {
      const text = line.slice(column);
      if (text.startsWith("/**")) {
        doc = text;
        state = text.endsWith("*/") ? "between" : "doc";
      } else if (MEMBER.test(text)) {
        lines = [text];
        state = text.endsWith(";") ? close() : "type";
      } else {
        doc = "";
      }
    }
  }
  return members;

  function close(): "between" {
    const [, readonly, quoted, plain, optional, type] = MEMBER.exec(lines.join(" ")) as unknown as string[];
    members.push({
      name: (quoted ?? plain) as string,
      doc,
      readonly: readonly !== undefined,
      optional: optional !== undefined,
      type: (type as string).slice(0, -1),
    });
    doc = "";
    return "between";
  }
}
const MEMBER = /^(readonly )?(?:"([^"]+)"|([\w$]+))(\?)?: (.*)$/;

const LEXEME = /"(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$.]*|\S/g;

/** @throws Error when the text has a form that the generator is not known to write. */
export function readShape(type: string): Shape {
  const lexemes = type.match(LEXEME) ?? [];
  let at = 0;
  const shape = union();
  if (at !== lexemes.length) throw new Error(`cannot read the type "${type}": unexpected "${lexemes[at]}"`);
  return shape ?? { kind: "any" };

  function union(): Shape | undefined {
    const options: Shape[] = [];
    do {
      if (lexemes[at] === "|") at++;
      const option = postfix();
      if (option) options.push(option);
    } while (lexemes[at] === "|");
    return options.length > 1 ? { kind: "union", of: options } : options[0];
  }

  function postfix(): Shape | undefined {
    let shape = primary();
    while (lexemes[at] === "[" && lexemes[at + 1] === "]") {
      at += 2;
      shape = { kind: "list", of: shape ?? { kind: "any" } };
    }
    return shape;
  }

  function primary(): Shape | undefined {
    const lexeme = lexemes[at++];
    if (lexeme === undefined) throw new Error(`cannot read the type "${type}": it ends too early`);
    if (lexeme === "(") {
      const inner = union();
      expect(")");
      return inner;
    }
    if (lexeme.startsWith('"')) return { kind: "literal", value: JSON.parse(lexeme) as string };
    if (lexeme === "{") {
      while (lexemes[at++] !== "]") if (at > lexemes.length) throw new Error(`cannot read the type "${type}"`);
      expect(":");
      const of = union() ?? { kind: "any" };
      if (lexemes[at] === ";") at++;
      expect("}");
      return { kind: "map", of };
    }
    let argument: Shape | undefined;
    if (lexemes[at] === "<") {
      at++;
      argument = union();
      expect(">");
    }
    return named(lexeme, argument);
  }

  function expect(wanted: string): void {
    if (lexemes[at++] !== wanted) throw new Error(`cannot read the type "${type}": expected "${wanted}", found "${lexemes[at - 1]}"`);
  }
}

function named(name: string, argument: Shape | undefined): Shape | undefined {
  switch (name) {
    case "undefined":
      return undefined;
    case "string":
    case "number":
    case "boolean":
      return { kind: name };
    case "any":
      return { kind: "any" };
    case "pulumi.Input":
    case "pulumi.Output":
      return argument;
    case "pulumi.asset.Archive":
      return { kind: "archive" };
    case "pulumi.asset.Asset":
      return { kind: "asset" };
  }
  if (/^(inputs|outputs|enums)\./.test(name)) return { kind: "named", name };
  // What is left is another resource's class, `pulumi.ID` or an ARN: each travels as a string.
  return { kind: "string" };
}
