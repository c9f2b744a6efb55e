// The same rules as the pack, bound the way `pulumi policy new` sets a TypeScript pack up: with @pulumi/policy, compiled by ts-node at
// every start. Copied into a pack folder by usual-setup.ts; only the benchmark uses it.
import { join } from "node:path";
import { PolicyPack, type ResourceValidationArgs } from "@pulumi/policy";
import { type Context, contextOf, domainKey } from "../../policies/context.ts";
import { stackOf } from "../../policies/glob.ts";
import { loadKnowledge } from "../../policies/knowledge.ts";
import { loadRegister } from "../../policies/register.ts";
import type { Properties, Resource } from "../../policies/resource.ts";
import { rules } from "../../policies/rules/index.ts";

const folder = join(process.cwd(), "policies");
const register = loadRegister(folder);
const known = loadKnowledge(folder, new Date());
const contexts = new Map<string, Context>();

function contextFor(urn: string): Context {
  const stack = stackOf(urn) ?? "";
  const context = contexts.get(stack) ?? contextOf({ stack, config: { [domainKey]: "brand.example" } }, register, known);
  contexts.set(stack, context);
  return context;
}

const resourceOf = ({ urn, type, name, props, opts, provider }: ResourceValidationArgs): Resource => ({
  urn,
  type,
  name,
  props: props as Properties,
  secrets: new Set(),
  options: { protect: opts.protect },
  ...(provider && { provider: { type: provider.type, name: provider.name, urn: provider.urn, props: provider.props as Properties } }),
});

new PolicyPack("usual", {
  enforcementLevel: "mandatory",
  policies: rules.map((rule) => ({
    name: rule.id,
    description: rule.title,
    validateResource: (args, report) => {
      const outcome = rule.check?.(resourceOf(args), contextFor(args.urn)) ?? "notApplicable";
      if (typeof outcome === "string") return;
      for (const finding of outcome) if (finding.kind === "violation") report(finding.problem);
    },
  })),
});
