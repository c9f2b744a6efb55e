// What telemetry may say: the one list of attributes, and the form of each value. Nothing personal has a place in it: no subject, no
// address, no query, no free text. Senders drop what is not on it, and the collectors drop it again.
import * as z from "zod/mini";

const word = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/));
const count = z.int().check(z.minimum(0));

/** Why a span did not reach a path's spool. */
export const dropReasons = ["unavailable", "too-large", "aborted"] as const;
export type DropReason = (typeof dropReasons)[number];

/**
 * Who emits. Names are those of opentelemetry.io/docs/specs/semconv where it has one; `service.instance.id` is drawn at random by
 * each process or isolate. The counts of what was dropped grow for as long as the emitter lives.
 */
export const resourceSchema = z.strictObject({
  "service.name": word,
  "service.version": z.string().check(z.regex(/^[0-9a-f]{0,64}$/)),
  "service.instance.id": z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  "bailiwick.region": word,
  "bailiwick.jurisdiction": word,
  "bailiwick.dropped.unavailable": z.optional(count),
  "bailiwick.dropped.too-large": z.optional(count),
  "bailiwick.dropped.aborted": z.optional(count),
});

/** What a full spool may drop: `bulk`, the oldest first. `audit` tells of a change that was made, and is never dropped there. */
export const signalClasses = ["bulk", "audit"] as const;
export type SignalClass = (typeof signalClasses)[number];

/** `bailiwick.sequence` counts an emitter's spans on one path, from 1. A span that names no class is bulk. */
export const spanSchema = z.strictObject({
  "bailiwick.class": z.optional(z.enum(signalClasses)),
  "bailiwick.sequence": z.int().check(z.minimum(1)),
  "bailiwick.policy.revision": z.optional(z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/))),
  "bailiwick.decision.reason": z.optional(word),
  "bailiwick.variation": z.optional(word),
  "db.operation.name": z.optional(word),
  "db.system.name": z.optional(z.literal("postgresql")),
  "error.type": z.optional(z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,80}$/))),
  "http.request.method": z.optional(z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "_OTHER"])),
  "http.response.status_code": z.optional(z.int().check(z.minimum(100), z.maximum(599))),
  // A template such as `/v1/subjects/{sid}/preferences`, never a path.
  "http.route": z.optional(z.string().check(z.regex(/^\/[a-z0-9/{}*._-]{0,99}$/))),
});

export type ResourceAttributes = z.infer<typeof resourceSchema>;
export type SpanAttributes = z.infer<typeof spanSchema>;

/** The class of a span with these attributes. */
export const classOf = (attributes: Readonly<Record<string, unknown>>): SignalClass =>
  attributes["bailiwick.class"] === "audit" ? "audit" : "bulk";

/** A span's name: a method with a route, or a word with dots. */
export const spanName = /^(?:(?:[A-Z]{3,7}|_OTHER) \/[a-z0-9/{}*._-]{0,99}|[a-z][a-z0-9.-]{0,59})$/;

/** Every attribute that may be, of resource and span. */
export const allowedAttributes: readonly string[] = [...Object.keys(resourceSchema.shape), ...Object.keys(spanSchema.shape)].sort();

/** The part of what is given that the schema knows, each value in its form. */
export function withinSchema(schema: typeof spanSchema, attributes: Readonly<Record<string, unknown>>): Partial<SpanAttributes> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const form = Object.hasOwn(schema.shape, name) ? schema.shape[name as keyof typeof schema.shape] : undefined;
    if (form && value !== undefined && z.safeParse(form, value).success) kept[name] = value;
  }
  return kept as Partial<SpanAttributes>;
}
