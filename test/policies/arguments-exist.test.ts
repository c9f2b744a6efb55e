// A misspelt argument is a rule that never fires: what a rule reads of a type must be something that the type has.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Properties } from "../../policies/resource.ts";
import { identityRules } from "../../policies/rules/identity/index.ts";
import { recoverabilityRules } from "../../policies/rules/recoverability/index.ts";
import { Sdk } from "../../sandbox/engine/schema.ts";
import { context, resource } from "./judging.ts";

type Shape = NonNullable<ReturnType<Sdk["resource"]>>["inputs"][string]["shape"];

const sdks = new Map(
  ["aws", "gcp", "cloudflare"].map((name) => [name, new Sdk(new URL(`../../node_modules/@pulumi/${name}`, import.meta.url).pathname)]),
);
const sdkOf = (type: string): Sdk => sdks.get(type.split(":")[0] as string) as Sdk;

/** Types that the rules of these topics name. */
const named = ["identity", "recoverability"].flatMap((topic) => {
  const folder = new URL(`../../policies/rules/${topic}/`, import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  return sources.flatMap((text) => [...text.matchAll(/"((?:aws|gcp|cloudflare):\w+\/\w+:\w+)"/g)].map(([, type]) => type as string));
});
const types = [...new Set(named)].sort();

/** What may be read of any type: what it declares of its data, and what makes a database a replica. */
const readOfAll =
  /^(tags|tagsAll|labels|resourceLabels|userLabels|settings$|settings\.userLabels|replicateSourceDb|replicationSourceIdentifier|masterInstanceName)\b/;

/** Has whatever it is asked for, and notes it. */
function mirror(path: string, asked: Set<string>): Properties {
  return new Proxy({} as Properties, {
    get: (_target, step) => {
      if (typeof step === "symbol") return undefined;
      if (["toJSON", "toString", "valueOf"].includes(step)) return () => path;
      const at = path === "" ? step : `${path}.${step}`;
      asked.add(at);
      return mirror(at, asked);
    },
  });
}

/** Whether a path leads to something. Below a text or a JSON document there is no saying. */
function leads(sdk: Sdk, shape: Shape, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  if (shape.kind === "union") return shape.of.some((one) => leads(sdk, one, [step, ...rest]));
  if (shape.kind === "list") return /^(\*|\d+)$/.test(step) && leads(sdk, shape.of, rest);
  if (shape.kind === "map") return leads(sdk, shape.of, rest);
  if (shape.kind !== "named") return true;
  const found = sdk.object(shape.name)[step];
  return found !== undefined && leads(sdk, found.shape, rest);
}

it("the rules name many types, and only those that the SDKs have", () => {
  expect(types.length).toBeGreaterThan(100);
  expect(types.filter((type) => !sdkOf(type).resource(type))).toEqual([]);
});

it.each(types)("%s has every argument that a rule asks for", (type) => {
  const sdk = sdkOf(type);
  const asked = new Set<string>();
  for (const rule of [...identityRules, ...recoverabilityRules]) rule.check?.(resource({ type, props: mirror("", asked) }), context());
  const inputs = sdk.resource(type)?.inputs ?? {};
  const missing = [...asked].filter((path) => {
    const [first = "", ...steps] = path.split(".");
    const input = inputs[first];
    return !readOfAll.test(path) && !(input && leads(sdk, input.shape, steps));
  });
  expect(missing).toEqual([]);
});
