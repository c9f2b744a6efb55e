// Properties that no provider would accept, standing where rules look: what they look at is learnt from the rules themselves.
import fc from "fast-check";
import { contextOf } from "../../policies/context.ts";
import { type Properties, type Resource, UNKNOWN, type Value } from "../../policies/resource.ts";
import { listedTypes } from "../../policies/resource-types.ts";
import type { Rule } from "../../policies/rule.ts";
import { rules } from "../../policies/rules/index.ts";
import { resource } from "./judging.ts";

const deepest = 8;
const context = contextOf({ stack: "eu", config: {} }, () => undefined);

/** A record that has every property, each a record again, and notes which ones were asked for. */
function noting(path: string, seen: Set<string>, depth = 0): Properties {
  return new Proxy<Record<string, Value>>(
    {},
    {
      get: (_target, key) => {
        if (key in Object.prototype) return Reflect.get(Object.prototype, key);
        if (typeof key === "symbol" || key === "toJSON" || key === "length" || depth === deepest) return undefined;
        const inner = path === "" ? key : `${path}.${key}`;
        seen.add(inner);
        return noting(inner, seen, depth + 1);
      },
    },
  );
}

/** The paths that a rule reads of a type, steps with dots between, `*` for every item of a list. */
function pathsOf(rule: Rule, type: string): Set<string> {
  const seen = new Set<string>();
  try {
    rule.check?.({ ...resource({ type }), props: noting("", seen) }, context);
  } catch {
    // A record that has everything may make a rule stumble: what it read up to there counts.
  }
  return seen;
}

/** Type -> every path that a rule reads of it; types that no rule speaks about have those that all are asked for. */
export const readPaths: ReadonlyMap<string, readonly string[]> = new Map(
  listedTypes.map((type) => [type, [...new Set(rules.flatMap((rule) => [...pathsOf(rule, type)]))]] as const),
);

/** Every scalar that stands in an example of a rule: words that rules know. */
const words = [
  ...new Set(rules.flatMap(({ examples }) => [...examples.passes, ...examples.fails].flatMap(({ props = {} }) => scalars(props)))),
];

function scalars(value: Value): Value[] {
  if (typeof value !== "object" || value === null) return [value];
  return Object.values(value).flatMap((item) => scalars(item as Value));
}

const odd: Value[] = [
  null,
  true,
  false,
  0,
  -1,
  1e21,
  "",
  " ",
  "*",
  "{",
  "[1]",
  '{"Statement":[null,1]}',
  '{"Statement":{"Principal":{"AWS":[1]}}}',
];
const scalar = fc.constantFrom<Value>(...odd, ...words, UNKNOWN);
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.constantFrom("Statement", "name", "value", "type", "key", "0"), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
    },
  ),
})).value;

/** What stands in the way of a path is made a record or a list, or is left as it is, in which case the path ends there. */
function put(props: Record<string, Value>, path: string, item: Value): void {
  let here: Value = props;
  const steps = path.split(".");
  for (const [index, step] of steps.entries()) {
    if (typeof here !== "object" || here === null) return;
    const place = here as Record<string, Value>;
    const key = step === "*" ? "0" : step;
    if (index === steps.length - 1) place[key] = item;
    else {
      if (!Object.hasOwn(place, key)) place[key] = (steps[index + 1] === "*" ? [] : {}) as Value;
      here = place[key] as Value;
    }
  }
}

const built = fc
  .constantFrom(...readPaths)
  .chain(([type, paths]) =>
    fc.tuple(
      fc.constant(type),
      fc.array(fc.tuple(paths.length > 0 ? fc.constantFrom(...paths) : fc.constant("tags"), value), { maxLength: 8 }),
    ),
  )
  .map(([type, items]) => {
    const props: Record<string, Value> = {};
    for (const [path, item] of items) put(props, path, item);
    return { type, props: props as Properties };
  });

/** A resource of an example in which one thing is another than it was. */
const examples = rules.flatMap(({ examples: { passes, fails } }) => [...passes, ...fails]);
const altered = fc.tuple(fc.constantFrom(...examples), fc.nat(), value).map(([{ type, props = {} }, where, item]) => {
  const places = placesIn(props, "");
  const copy = structuredCloneOf(props) as Record<string, Value>;
  if (places.length > 0) put(copy, places[where % places.length] as string, item);
  return { type, props: copy as Properties };
});

function placesIn(its: Value, path: string): string[] {
  if (typeof its !== "object" || its === null) return [];
  return Object.entries(its).flatMap(([key, item]) => {
    const inner = path === "" ? key : `${path}.${key}`;
    return [inner, ...placesIn(item as Value, inner)];
  });
}

/** Symbols cannot be cloned by the platform's own. */
function structuredCloneOf(its: Value): Value {
  if (typeof its !== "object" || its === null) return its;
  if (Array.isArray(its)) return (its as readonly Value[]).map(structuredCloneOf);
  return Object.fromEntries(Object.entries(its).map(([key, item]) => [key, structuredCloneOf(item as Value)]));
}

export interface Shape {
  readonly type: string;
  readonly props: Properties;
  readonly protect: boolean;
}

/** One resource of any shape. */
export const shape: fc.Arbitrary<Shape> = fc
  .tuple(fc.oneof(built, altered), fc.boolean())
  .map(([{ type, props }, protect]) => ({ type, props, protect }));

/** Several, each of which depends on any of the others. */
export const stack: fc.Arbitrary<Resource[]> = fc.array(fc.tuple(shape, fc.nat()), { minLength: 1, maxLength: 5 }).map((all) => {
  const resources = all.map(([each], index) => resource({ ...each, name: `r${index}` }));
  return resources.map((each, index) => {
    const other = resources[(all[index]?.[1] ?? 0) % resources.length]?.urn ?? "";
    return { ...each, propertyDependencies: Object.fromEntries(Object.keys(each.props).map((key) => [key, [other, "urn:none"]])) };
  });
});
