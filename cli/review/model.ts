// What is known of a preview: the model behind every report, and what `--report json` prints. A workflow reads it from a pull request that
// nobody trusts yet, so every text has a length, every list an end, and nothing else gets through.
import * as z from "zod";
import { dataClasses, jurisdictions } from "../../stacks/residency.ts";

const name = z.string().max(300);
const urn = z.string().max(2_000);
const message = z.string().max(8_000);
const stackName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(5_000).readonly();
const count = z.int().min(0).max(1_000_000);

export const operations = ["create", "change", "replace", "delete", "same", "read"] as const;
/** What becomes of a resource. A replacement destroys the old one. */
export type Operation = (typeof operations)[number];

const resource = z.strictObject({
  urn,
  type: name,
  name,
  operation: z.enum(operations),
  /** Paths of the properties that change; for a replacement those that force it. */
  paths: many(name),
  /** Paths of the properties that only the deployment will tell. */
  unknown: many(name),
  /** What its numbers, switches and words are set to, to compare regions by. No text that may be anything. */
  settings: z.record(name, z.union([z.number(), z.boolean(), z.string().max(60)])),
  /** What becomes of the data in a store that is replaced or deleted. */
  loses: z
    .strictObject({
      dataClass: z.enum([...dataClasses, "undeclared"]),
      data: z.enum(["destroyed", "left behind"]),
      /** On purpose: an exemption lets it go. */
      exempted: z.literal(true).optional(),
    })
    .optional(),
});

const finding = z.strictObject({ rule: name, urn, message, mandatory: z.boolean() });

const cloudTitle = z.enum(["AWS", "Google Cloud", "Cloudflare"]);

const holding = z.strictObject({
  name,
  type: name,
  cloud: cloudTitle,
  /** Rests there, or passes through. */
  holding: z.enum(["stores", "carries"]),
  dataClass: z.enum([...dataClasses, "undeclared"]),
  jurisdiction: z.enum([...jurisdictions, "undeclared"]),
  places: many(name),
});

const artifact = z.strictObject({
  name,
  kind: z.enum(["worker", "image"]),
  digest: name,
  /** In the manifest of what was built. */
  known: z.boolean(),
  usedBy: many(name),
});

const telemetryPath = z.strictObject({ cloud: cloudTitle, receivers: many(name), archives: many(name), places: many(name) });

const picture = z.strictObject({
  nodes: many(
    z.strictObject({
      name,
      kind: name,
      cloud: name,
      within: name,
      keeps: z.boolean(),
      open: z.boolean(),
      resources: count,
      /** The gravest operation among its resources. */
      operation: z.enum(operations),
    }),
  ),
  edges: many(z.strictObject({ from: name, to: name, way: z.enum(["calls", "needs"]) })),
});

export const stackReview = z.strictObject({
  stack: stackName,
  /** The jurisdiction that the stack is under, `global`, or undefined when it is none of the map. */
  jurisdiction: z.enum(["global", ...jurisdictions]).optional(),
  /** `ephemeral` stacks hold synthetic data only. */
  lifecycle: z.enum(["durable", "ephemeral"]),
  /** The engine came to the end of the preview and found nothing against it. */
  ok: z.boolean(),
  rules: count,
  errors: many(message),
  findings: many(finding),
  undecided: many(finding),
  exemptions: many(z.strictObject({ urn, message, daysLeft: z.int().optional() })),
  /** Those for several stacks that this one does not need. What no stack needs is without use. */
  unusedExemptions: many(message),
  resources: many(resource),
  holdings: many(holding),
  telemetry: z.strictObject({ paths: many(telemetryPath), spools: many(name) }),
  artifacts: many(artifact),
  picture,
});
export type StackReview = z.infer<typeof stackReview>;
export type ReviewedResource = StackReview["resources"][number];
export type Holding = StackReview["holdings"][number];
export type Picture = StackReview["picture"];

export const reviewVersion = 1;
export const reviewSchema = z.strictObject({ version: z.literal(reviewVersion), stacks: z.array(stackReview).max(50).readonly() });
/** Of one or more stacks. */
export type Review = z.infer<typeof reviewSchema>;
