// POST /v1/exports: evidence for whoever has to check what was said, and when.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ProblemError } from "../../shared/problem.ts";
import { isSubjectId, type SubjectId } from "../../shared/subject-id.ts";
import type { Variables } from "../through-the-edge.ts";
import { type Keys, ownSubject } from "./authentication.ts";
import { type EvidenceExports, mostEvents, type Wanted } from "./evidence-exports.ts";
import { problems } from "./routes.ts";
import { requireScope } from "./service-clients.ts";

const instant = z.iso.datetime({ offset: true });
const watched = z.string().max(10_000).optional().openapi({
  description:
    "What another region has seen of this log: the signed note that its `GET /v1/log/watched` shows. It is put into the bundle, with the proof that both are one log.",
});
const wanted = z
  .union([
    z.strictObject({ from: instant, to: instant, watched }),
    z.strictObject({
      subject: z.custom<SubjectId>(isSubjectId, "must be a subject id").openapi({ type: "string" }).optional(),
      watched,
    }),
  ])
  .openapi("EvidenceRequest", {
    description: "Everything of one subject (without its id: of one's own), or of a period up to, and without, `to`.",
    example: { subject: "eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE" },
  });

const exportEvidence = createRoute({
  method: "post",
  path: "/v1/exports",
  summary: "Evidence of what was said, for somebody to check alone",
  description: `A tar of files that verify.mjs checks: events, proofs, receipts, notices, the log's checkpoint, a signed manifest. A person gets its own; a service with the scope \`evidence\` any subject's, with what was said as subjects that were merged into it, or a period. A bundle has at most ${mostEvents} events: beyond it, 422 says in \`to\` up to where a first one would reach.`,
  request: { body: { required: true, content: { "application/json": { schema: wanted } } } },
  responses: {
    200: { description: "The bundle", content: { "application/x-tar": { schema: z.string().openapi({ format: "binary" }) } } },
    ...problems,
  },
});

export function addExportRoutes(app: OpenAPIHono<{ Variables: Variables }>, exports: EvidenceExports, keys: Keys): void {
  app.openapi(exportEvidence, async (c) => {
    const asked = c.req.valid("json");
    const service = c.get("service");
    if (service) requireScope(service, "evidence");
    const archive = await exports.tar(service ? ofAnybody(asked) : await ofOneself(c.req.raw.headers, asked), asked.watched);
    return c.body(ReadableStream.from(archive), 200, {
      "content-type": "application/x-tar",
      "content-disposition": 'attachment; filename="evidence.tar"',
    }) as never;
  });

  async function ofOneself(headers: Headers, asked: z.infer<typeof wanted>): Promise<Wanted> {
    const subject = await ownSubject(headers, keys);
    if ("from" in asked || (asked.subject !== undefined && asked.subject !== subject))
      throw new ProblemError({
        status: 403,
        kind: "not-your-subject",
        title: "Not yours",
        detail: "A person gets evidence of their own events only. Send {}.",
      });
    // What was said as a subject that was merged into this one may be another person's, who has used the same browser.
    return { kind: "subject", subject, merged: false };
  }
}

function ofAnybody(asked: z.infer<typeof wanted>): Wanted {
  if (!("from" in asked)) {
    if (asked.subject !== undefined) return { kind: "subject", subject: asked.subject, merged: true };
    throw new ProblemError({
      status: 422,
      kind: "invalid-request",
      title: "The request is not valid",
      detail: "Name a subject, or a period.",
    });
  }
  const [from, to] = [new Date(asked.from), new Date(asked.to)];
  if (from >= to)
    throw new ProblemError({
      status: 422,
      kind: "invalid-request",
      title: "The request is not valid",
      detail: `The period from ${asked.from} to ${asked.to} must begin before it ends.`,
    });
  return { kind: "period", from: from.toISOString(), to: to.toISOString() };
}
