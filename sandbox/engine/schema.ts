// Schemas of resource types, read lazily, one type at a time, from the declarations of an installed Pulumi SDK.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { type Member, readMembers, readShape, type Shape } from "./declarations.ts";
import { allowedValues } from "./doc-comment.ts";

export interface Property {
  readonly shape: Shape;
  readonly required: boolean;
  /** Values that the declaration's comment allows, as it spells them; compare with `sameValue`. Of a list: of its elements. */
  readonly allowed?: readonly string[];
}
export type ObjectSchema = Readonly<Record<string, Property>>;

export interface ResourceSchema {
  readonly token: string;
  readonly inputs: ObjectSchema;
  /** Every property of the resource class, inputs included. `required`: the provider always sets it. */
  readonly outputs: ObjectSchema;
  /** Outputs that the SDK keeps encrypted. */
  readonly secretOutputs: readonly string[];
}

/** The declarations of one SDK package (`@pulumi/gcp`). Everything read is kept in memory. */
export class Sdk {
  /** `gcp` */
  readonly name: string;
  readonly version: string;
  readonly #directory: string;
  readonly #resources = new Map<string, ResourceSchema | undefined>();
  readonly #objects = new Map<string, ObjectSchema>();
  readonly #interfaces = new Map<string, InterfaceFile>();

  /**
   * @param directory the installed package: `node_modules/@pulumi/gcp`
   * @throws Error when it holds no Pulumi SDK
   */
  constructor(directory: string) {
    const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
      version: string;
      pulumi?: { name?: string };
    };
    if (!manifest.pulumi?.name) throw new Error(`${directory} is not a Pulumi SDK: its package.json has no "pulumi.name"`);
    this.name = manifest.pulumi.name;
    this.version = manifest.version;
    this.#directory = directory;
  }

  /** The schema of a resource type or, for `pulumi:providers:<name>`, of the provider's configuration; undefined when the SDK has no such type. */
  resource(token: string): ResourceSchema | undefined {
    if (!this.#resources.has(token)) this.#resources.set(token, this.#readResource(token));
    return this.#resources.get(token);
  }

  /** What a `named` shape stands for: the members of an object, or the values of an enumeration. */
  object(name: string): ObjectSchema {
    const known = this.#objects.get(name);
    if (known) return known;
    const [file, ...path] = name.split(".");
    const source = this.#interfaceFile(file === "outputs" ? "output" : "input").find(path.join("."));
    if (source === undefined) throw new Error(`@pulumi/${this.name} ${this.version} declares no ${name}`);
    const object = objectOf(readMembers(source.body, source.indent));
    this.#objects.set(name, object);
    return object;
  }

  /** The values of an enumeration: `enums.lambda.Runtime`. */
  enumeration(name: string): string[] {
    const path = name.split(".").slice(1);
    const type = path.pop();
    const text = readFileSync(join(this.#directory, "types/enums", ...path, "index.d.ts"), "utf8");
    const body = new RegExp(`const ${type}: \\{([^}]*)\\}`).exec(text)?.[1] ?? "";
    return [...body.matchAll(/: "([^"]*)"/g)].map((match) => match[1] as string);
  }

  #interfaceFile(name: "input" | "output"): InterfaceFile {
    let file = this.#interfaces.get(name);
    if (!file) {
      file = new InterfaceFile(join(this.#directory, "types", `${name}.d.ts`));
      this.#interfaces.set(name, file);
    }
    return file;
  }

  #readResource(token: string): ResourceSchema | undefined {
    const file = this.#fileOf(token);
    if (!file) return undefined;
    const script = readFileSync(`${file}.js`, "utf8");
    const declaration = readFileSync(`${file}.d.ts`, "utf8");
    const className = /^class (\w+) extends/m.exec(script)?.[1];
    const inputs = bodyOf(declaration, `export interface ${className}Args {`);
    const outputs = bodyOf(declaration, `export declare class ${className} extends`);
    const secrets = /additionalSecretOutputs: (\[[^\]]*\])/.exec(script)?.[1] ?? "[]";
    return {
      token,
      inputs: objectOf(inputs),
      outputs: objectOf(outputs.filter((member) => member.readonly)),
      secretOutputs: JSON.parse(secrets) as string[],
    };
  }

  /** The file of a type, without extension. Names of files and tokens differ for acronyms (`iAMMember` is in `iammember.js`). */
  #fileOf(token: string): string | undefined {
    if (token === `pulumi:providers:${this.name}`) return join(this.#directory, "provider");
    const match = /^([^:]+):([^/:]+)(?:\/([^:]+))?:(\w+)$/.exec(token);
    if (!match || match[1] !== this.name) return undefined;
    const [, , module, member, type] = match as unknown as [string, string, string, string | undefined, string];
    const folder = module === "index" ? this.#directory : join(this.#directory, module);
    const holds = (file: string) => existsSync(`${file}.js`) && readFileSync(`${file}.js`, "utf8").includes(`__pulumiType = '${token}'`);
    const likely = [member ?? type, type, type.toLowerCase(), type[0]?.toLowerCase() + type.slice(1)].map((name) => join(folder, name));
    return likely.find(holds) ?? scripts(folder).find(holds) ?? scripts(this.#directory).find(holds);
  }
}

function scripts(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .map((name) => join(folder, name.slice(0, -3)));
}

function bodyOf(declaration: string, opening: string): Member[] {
  const start = declaration.indexOf(`\n${opening}`);
  if (start < 0) return [];
  const end = declaration.indexOf("\n}", start + 1);
  return readMembers(declaration.slice(declaration.indexOf("\n", start + 1), end + 1), "    ");
}

function objectOf(members: readonly Member[]): ObjectSchema {
  const object: Record<string, Property> = {};
  for (const member of members) {
    const shape = readShape(member.type);
    const required = member.readonly ? !/\| undefined>$/.test(member.type) : !member.optional;
    const allowed = takesText(shape) ? allowedValues(member.doc) : undefined;
    object[member.name] = allowed ? { shape, required, allowed } : { shape, required };
  }
  return object;
}

function takesText(shape: Shape): boolean {
  return shape.kind === "string" || (shape.kind === "list" && shape.of.kind === "string");
}

/** `types/input.d.ts`: megabytes of interfaces. Only where each begins is kept; a body is read from the file when it is asked for. */
class InterfaceFile {
  readonly #path: string;
  readonly #places = new Map<string, { start: number; end: number; indent: string }>();

  constructor(path: string) {
    this.#path = path;
    // Latin-1 makes one character of every byte, so that positions in the text are positions in the file.
    const text = readFileSync(path, "latin1");
    let namespace = "";
    let last: { start: number; end: number } | undefined;
    for (const match of text.matchAll(/^export declare namespace (\w+) \{$|^(export | {4})interface (\w+) \{$/gm)) {
      if (last) last.end = match.index;
      last = undefined;
      if (match[1] !== undefined) {
        namespace = `${match[1]}.`;
        continue;
      }
      const nested = match[2] === "    ";
      last = { start: match.index + match[0].length, end: text.length };
      this.#places.set(`${nested ? namespace : ""}${match[3]}`, Object.assign(last, { indent: nested ? "        " : "    " }));
    }
  }

  find(name: string): { body: string; indent: string } | undefined {
    const place = this.#places.get(name);
    if (!place) return undefined;
    const bytes = Buffer.alloc(place.end - place.start);
    const file = openSync(this.#path, "r");
    try {
      readSync(file, bytes, 0, bytes.length, place.start);
    } finally {
      closeSync(file);
    }
    const body = bytes.toString("utf8");
    const close = body.indexOf(`\n${place.indent.slice(4)}}`);
    return { body: body.slice(0, close + 1), indent: place.indent };
  }
}
