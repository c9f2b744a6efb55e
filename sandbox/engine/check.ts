// Compares the inputs that a program gives with the schema: unknown, missing and ill-typed properties, values that are not allowed.
import type { Shape } from "./declarations.ts";
import { type Failure, UNKNOWN, type Value } from "./definition.ts";
import { sameValue } from "./doc-comment.ts";
import { nearest } from "./nearest.ts";
import { formatPath, type Path } from "./property-path.ts";
import type { ObjectSchema, Property, Sdk } from "./schema.ts";
import { ARCHIVE, ASSET, isRecord, isSecret, signatureOf, type WireProperties } from "./wire.ts";

/**
 * Every violation, in the order of the inputs. A value that is not known yet is never refused; a secret one is never printed.
 * @param inputs as they travel, secrets still wrapped
 */
export function checkInputs(sdk: Sdk, schema: ObjectSchema, inputs: WireProperties): Failure[] {
  const failures: Failure[] = [];
  object(schema, inputs, [], false);
  return failures;

  function fail(path: Path, reason: string): void {
    failures.push({ property: formatPath(path), reason });
  }

  function object(members: ObjectSchema, value: { [key: string]: Value }, path: Path, hidden: boolean): void {
    for (const [name, inner] of Object.entries(value)) {
      // Names that begin with two underscores are Pulumi's own bookkeeping.
      if (name.startsWith("__")) continue;
      const property = members[name];
      if (property) check(property.shape, property, inner, [...path, name], hidden);
      else unknownProperty(name, Object.keys(members), path);
    }
    for (const [name, property] of Object.entries(members)) {
      if (!property.required || !isMissing(value[name])) continue;
      fail([...path, name], `this property is required and missing. Give it ${describe(property.shape, sdk)}.`);
    }
  }

  function unknownProperty(name: string, known: readonly string[], path: Path): void {
    const near = nearest(name, known);
    const hint = near ? `Did you mean "${near}"?` : "";
    fail([...path, name], `no such property. ${hint ? `${hint} ` : ""}Allowed here: ${known.join(", ")}.`);
  }

  function check(shape: Shape, property: Property | undefined, value: Value, path: Path, hidden: boolean): void {
    if (isSecret(value)) {
      check(shape, property, value.value, path, true);
      return;
    }
    if (value === UNKNOWN || value === null) return;
    const wrongType = () => fail(path, `expected ${describe(shape, sdk)}, got ${hidden ? `a secret ${typeOf(value)}` : show(value)}.`);

    switch (shape.kind) {
      case "any":
        return;
      case "string":
        if (typeof value !== "string") wrongType();
        else allowed(property?.allowed, value, path, hidden);
        return;
      case "number":
      case "boolean":
        if (typeof value !== shape.kind) wrongType();
        return;
      case "literal":
        if (value !== shape.value) wrongType();
        return;
      case "asset":
      case "archive": {
        const signature = signatureOf(value);
        if (signature !== ARCHIVE && !(shape.kind === "asset" && signature === ASSET)) wrongType();
        return;
      }
      case "list":
        if (!Array.isArray(value)) wrongType();
        else for (const [index, element] of value.entries()) check(shape.of, property, element, [...path, index], hidden);
        return;
      case "map":
        if (!isRecord(value)) wrongType();
        else for (const [key, element] of Object.entries(value)) check(shape.of, undefined, element, [...path, key], hidden);
        return;
      case "named":
        if (shape.name.startsWith("enums.")) {
          if (typeof value !== "string") wrongType();
          else allowed(sdk.enumeration(shape.name), value, path, hidden);
        } else if (!isRecord(value)) wrongType();
        else object(sdk.object(shape.name), value, path, hidden);
        return;
      case "union":
        if (!shape.of.some((option) => accepts(option, value, hidden))) wrongType();
        return;
    }
  }

  function accepts(shape: Shape, value: Value, hidden: boolean): boolean {
    const before = failures.length;
    check(shape, undefined, value, [], hidden);
    return failures.splice(before).length === 0;
  }

  function allowed(values: readonly string[] | undefined, value: string, path: Path, hidden: boolean): void {
    if (!values || values.some((candidate) => sameValue(candidate, value))) return;
    fail(path, `${hidden ? "the secret value" : show(value)} is not allowed. Allowed: ${values.join(", ")}.`);
  }
}

function isMissing(value: Value | undefined): boolean {
  return value === undefined || value === null;
}

function describe(shape: Shape, sdk: Sdk): string {
  switch (shape.kind) {
    case "any":
      return "any value";
    case "literal":
      return JSON.stringify(shape.value);
    case "list":
      return `a list, each ${describe(shape.of, sdk)}`;
    case "map":
      return `an object, each value ${describe(shape.of, sdk)}`;
    case "named":
      if (shape.name.startsWith("enums.")) return `one of ${sdk.enumeration(shape.name).join(", ")}`;
      return `an object with ${Object.keys(sdk.object(shape.name)).join(", ")}`;
    case "union":
      return shape.of.map((option) => describe(option, sdk)).join(" or ");
    case "asset":
    case "archive":
      return `an ${shape.kind}`;
    default:
      return `a ${shape.kind}`;
  }
}

function typeOf(value: Value): string {
  if (Array.isArray(value)) return "list";
  return value === null ? "null" : typeof value;
}

function show(value: Value): string {
  const text = JSON.stringify(value, (_key, inner: Value) => (isSecret(inner) ? "[secret]" : inner));
  return `the ${typeOf(value)} ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}
