// A misspelt argument is a rule that never fires: every argument that a rule asks a resource for is one that the SDK declares.
import { describe, expect, it } from "vitest";
import type { Properties, Value } from "../../policies/resource.ts";
import { listedTypes } from "../../policies/resource-types.ts";
import { encryptionRules } from "../../policies/rules/encryption/index.ts";
import { exposureRules } from "../../policies/rules/exposure/index.ts";
import { identityRules } from "../../policies/rules/identity/index.ts";
import { recoverabilityRules } from "../../policies/rules/recoverability/index.ts";
import type { Shape } from "../../sandbox/engine/declarations.ts";
import { type ObjectSchema, Sdk } from "../../sandbox/engine/schema.ts";
import { context, resource } from "./judging.ts";

const sdks = ["aws", "gcp", "cloudflare"].map((name) => new Sdk(new URL(`../../node_modules/@pulumi/${name}`, import.meta.url).pathname));
const personal = context("eu", {}, () => ({ dataClass: "personal" }));

/** Properties that have every value there is, and note which were asked for. */
function asked(path: string, paths: Set<string>): Value {
  return new Proxy(
    {},
    {
      get: (_target, key) => {
        if (typeof key === "symbol" || ["toString", "toJSON", "length", "constructor"].includes(key)) return undefined;
        const next = path === "" ? key : `${path}.${key}`;
        paths.add(next);
        return asked(next, paths);
      },
      ownKeys: () => [],
    },
  ) as Value;
}

function declares(sdk: Sdk, shape: Shape, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  switch (shape.kind) {
    case "list":
      return declares(sdk, shape.of, /^(\*|\d+)$/.test(step) ? rest : [step, ...rest]);
    case "union":
      return shape.of.some((each) => declares(sdk, each, [step, ...rest]));
    case "named": {
      if (!shape.name.startsWith("inputs.")) return false;
      const member = sdk.object(shape.name)[step];
      return member !== undefined && declares(sdk, member.shape, rest);
    }
    // A map has any key, and a text may be JSON.
    default:
      return ["map", "any", "string"].includes(shape.kind);
  }
}

/** Read wherever they are, on types that lack some of them. */
const anywhere = [
  /^(tags|tagsAll|labels|userLabels|resourceLabels|settings\.userLabels)\b/,
  /^(type|settings)$/,
  /^launchTemplate$/,
  // What makes a database a replica.
  /^(replicateSourceDb|replicationSourceIdentifier|masterInstanceName)$/,
  /(envs|bindings|environmentVariables|settings|environment)\.\*\.(type|text|json|value)$/,
];

describe.each(
  [...encryptionRules, ...exposureRules, ...identityRules, ...recoverabilityRules].map((rule) => [rule.id, rule] as const),
)("%s", (_id, rule) => {
  it("asks only for arguments that there are", () => {
    const unknown = listedTypes.flatMap((type) => {
      const paths = new Set<string>();
      const all = { ...resource({ type }), props: asked("", paths) as Properties };
      if (rule.check?.(all, personal) === "notApplicable") return [];
      const sdk = sdks.find(({ name }) => type.startsWith(`${name}:`)) as Sdk;
      const schema = sdk.resource(type);
      const declared: ObjectSchema = { ...schema?.outputs, ...schema?.inputs };
      return [...paths]
        .filter((path) => !anywhere.some((pattern) => pattern.test(path)))
        .filter((path) => {
          const [first = "", ...rest] = path.split(".");
          const property = declared[first];
          return property === undefined || !declares(sdk, property.shape, rest);
        })
        .map((path) => `${type} has no ${path}`);
    });
    expect(unknown).toEqual([]);
  });
});
