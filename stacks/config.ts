// A stack's whole configuration, validated at once: a person sees every error in one go, each with its key and what is allowed.
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { jurisdictions, residencyOf } from "./residency.ts";

const hostname = z.string().regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, "a domain name in lower case, such as brand.example");

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a digest, "sha256:" and 64 hexadecimal digits (./bailiwick build prints them)');

/** Which releases serve, and with how much of the traffic. Oldest first; one, or two that add up to 100. */
const releases = z
  .array(z.strictObject({ digest, percentage: z.number().min(0.01).max(100) }))
  .min(1)
  .max(2)
  .refine((list) => Math.abs(list.reduce((sum, { percentage }) => sum + percentage, 0) - 100) < 0.001, "percentages that add up to 100");

/** What the preference service knows to allow (functions/shared/service-token.ts). */
export const serviceScopes = [
  "preferences:read",
  "preferences:write",
  "consent-events:write",
  "check",
  "export",
  "erase",
  "identities:write",
  "evidence",
] as const;

const common = {
  /** The brand's domain, a zone of the Cloudflare account: regions are served at `<region>.<domain>`. */
  domain: hostname,
  /** `ephemeral` is for previews of pull requests: synthetic data only, no protection against deletion. */
  lifecycle: z.enum(["durable", "ephemeral"]).default("durable"),
  /** Phase of a rollout. In phase 1 the policy pack lets nothing reach personal data. Default: no phases. */
  phase: z.enum(["1", "2"]).optional(),
  cloudflare: z.strictObject({
    accountId: z.string().regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits"),
    zoneId: z.string().regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits"),
  }),
  gcp: z.strictObject({ project: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "a Google Cloud project id") }),
  aws: z.strictObject({ accountId: z.string().regex(/^\d{12}$/, "12 digits") }),
};

const globalSchema = z.strictObject(common);

const regionSchema = z.strictObject({
  ...common,
  jurisdiction: z.enum(jurisdictions as [(typeof jurisdictions)[number], ...typeof jurisdictions]),
  /** The brand's own site, which the edge fetches and personalises. Default: the sample storefront of the global stack. */
  origin: z.httpUrl().optional(),
  /** Releases by artifact name. Default: the newest build at 100 %. */
  releases: z.strictObject({ site: releases.optional(), preferences: releases.optional() }).default({}),
  database: z
    .strictObject({
      tier: z.string().regex(/^db-/, 'a Cloud SQL machine type, such as "db-custom-2-7680"').default("db-custom-2-7680"),
      availability: z.enum(["ZONAL", "REGIONAL"]).default("REGIONAL"),
    })
    .default({ tier: "db-custom-2-7680", availability: "REGIONAL" }),
  /** The brand's own services that may call the region's preference service, each with its public key (Ed25519, SPKI PEM) and the most it may ask for. */
  services: z
    .array(
      z.strictObject({
        // "operator" is the platform's own, which asks for evidence.
        name: z.string().regex(/^(?!operator$)[a-z][a-z0-9-]{1,62}$/, 'lower-case letters, digits and hyphens, and not "operator"'),
        key: z.string().startsWith("-----BEGIN PUBLIC KEY-----", "a public key in PEM"),
        scopes: z.array(z.enum(serviceScopes)).min(1),
      }),
    )
    .default([]),
  /** Who is called when a promise of the region is broken. */
  alerts: z
    .strictObject({
      /** Default: `on-call@` the domain. */
      email: z.email().optional(),
      /** Name of an SNS topic of the AWS account, in the region's location. */
      topic: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,256}$/, "the name of an SNS topic")
        .default("on-call"),
    })
    .default({ topic: "on-call" }),
  /** The region whose transparency log this one watches, or "none". Default: the next one of the residency map. */
  watches: z.enum(["none", ...jurisdictions.map((jurisdiction) => residencyOf(jurisdiction).region)]).optional(),
  /** Instances of each governance service. */
  instances: z
    .strictObject({ min: z.int().min(0).max(100).default(1), max: z.int().min(1).max(1000).default(20) })
    .default({ min: 1, max: 20 }),
});

export type GlobalConfig = z.infer<typeof globalSchema>;
export type RegionConfig = z.infer<typeof regionSchema>;
export type ReleaseShare = z.infer<typeof releases>[number];

/** Thrown for a mistake in the configuration: all of it in one message, and no stack, since the stack is not where the mistake is. */
export class ConfigError extends pulumi.RunError {}

/** The configuration as Pulumi hands it over: `namespace:key` to text, objects as JSON. */
type Raw = Readonly<Record<string, string>>;

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function validate<T extends z.ZodObject>(schema: T, stack: string, raw: Raw): z.infer<T> {
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(raw)) {
    const [namespace, name] = key.split(":", 2) as [string, string];
    // Digits stay text where the schema wants text (an account id), so only JSON objects, lists, booleans and numbers in objects are parsed.
    if (namespace === "bailiwick") values[name] = /^[[{]|^(true|false)$/.test(text) ? parseValue(text) : text;
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => {
    const path = issue.path.join(".");
    if (issue.code === "unrecognized_keys") {
      const inside = path ? `${path}.` : "";
      const allowed = keysAt(schema, issue.path).sort().join(", ");
      return issue.keys.map((key) => `  bailiwick:${inside}${key}: there is no such key; allowed: ${allowed}`);
    }
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], values);
    if (value === undefined) return [`  bailiwick:${path}: is missing; expected ${expectation(issue)}`];
    return [`  bailiwick:${path}: ${JSON.stringify(value)} is not allowed; expected ${expectation(issue)}`];
  });
  const count = lines.length === 1 ? "1 error" : `${lines.length} errors`;
  throw new ConfigError(
    `the configuration of stack "${stack}" has ${count}:\n${lines.join("\n")}\nMend them in stacks/Pulumi.${stack}.yaml.`,
  );
}

/** Keys that an object may have which stands at this path of the configuration, within defaults, options and lists. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return keysAt(schema.unwrap(), path);
  const [key, ...rest] = path;
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Readonly<Record<PropertyKey, z.core.$ZodType>>;
  const inner = key === undefined ? undefined : shape[key];
  return inner ? keysAt(inner, rest) : Object.keys(shape);
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  if (issue.code === "invalid_type") return `a value of type ${issue.expected}`;
  return issue.message;
}

export const parseGlobalConfig = (stack: string, raw: Raw): GlobalConfig => validate(globalSchema, stack, raw);

/** @throws ConfigError with every error of the stack's configuration, the jurisdiction's included */
export function parseRegionConfig(stack: string, raw: Raw): RegionConfig {
  const config = validate(regionSchema, stack, raw);
  const { region } = residencyOf(config.jurisdiction);
  if (region !== stack)
    throw new ConfigError(
      `stack "${stack}" has bailiwick:jurisdiction: ${config.jurisdiction}, but the residency map gives that jurisdiction the region "${region}".\n` +
        `Rename the stack to "${region}", or change the map in stacks/residency.ts.`,
    );
  return config;
}
