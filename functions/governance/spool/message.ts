// What the spool takes: OTLP traces as the edge says them. What telemetry has no place for is left out at the door.
import * as z from "zod";
import type { OtlpTraces } from "../../shared/telemetry/otlp.ts";
import { allowedAttributes, spanName } from "../../shared/telemetry/schema.ts";

const attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z.union([
        z.object({ stringValue: z.string().max(200) }),
        z.object({ intValue: z.union([z.string().regex(/^\d{1,19}$/), z.int()]) }),
      ]),
    }),
  )
  .max(50)
  .transform((all) => all.filter(({ key }) => allowedAttributes.includes(key)));
const hexadecimal = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const nanoseconds = z.string().regex(/^\d{19}$/);

const span = z.object({
  traceId: hexadecimal(32),
  spanId: hexadecimal(16),
  parentSpanId: hexadecimal(16).optional(),
  name: z.string().regex(spanName),
  kind: z.int().min(0).max(5),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status: z.object({ code: z.int().min(0).max(2).optional() }).optional(),
});

export const traces: z.ZodType<OtlpTraces> = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }),
        scopeSpans: z
          .array(z.object({ scope: z.object({ name: z.string().max(100) }).optional(), spans: z.array(span).min(1).max(100) }))
          .min(1),
      }),
    )
    .min(1),
});
