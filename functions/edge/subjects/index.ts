// The Worker that owns the subjects' Durable Objects. The site reads them through its binding; the preferences service writes them here.
import { Hono } from "hono";
import { type ConsentRecord, parseConsentRecord } from "../../shared/consent.ts";
import { ProblemError, problemResponse } from "../../shared/problem.ts";
import { isSubjectId, type SubjectId } from "../../shared/subject-id.ts";
import { pinned } from "../pinned-namespace.ts";
import { authenticate } from "./caller.ts";
import type { Subject } from "./subject.ts";

export { Subject } from "./subject.ts";

interface Environment {
  readonly SUBJECTS: DurableObjectNamespace<Subject>;
  readonly JURISDICTION: string;
  /** Own https origin; what ID tokens must be made for. */
  readonly AUDIENCE: string;
  /** E-mail of the service account that may write. */
  readonly CALLER: string;
}

const app = new Hono<{ Bindings: Environment }>();

app.put("/v1/subjects/:sid/consent", async (c) => {
  await authenticate(c.req.raw, c.env.AUDIENCE, c.env.CALLER);
  const subject = subjectId(c.req.param("sid"));
  const record = await consentRecord(c.req.raw);
  const answer = await pinned(c.env.SUBJECTS, c.env.JURISDICTION).getByName(subject).apply(record);
  if (answer.outcome === "stale")
    return problemResponse({
      status: 409,
      kind: "stale-record",
      title: "Something newer holds",
      detail: `The subject is at consent epoch ${answer.epoch}. The record of epoch ${record.epoch} is older, or permits what was refused after it was said. Send one that takes "held" into account, with a larger epoch.`,
      extensions: { held: answer.held },
    });
  return c.json({ outcome: answer.outcome, epoch: answer.epoch });
});

app.notFound((c) =>
  problemResponse({
    status: 404,
    kind: "not-found",
    title: "Nothing lives here",
    detail: `There is no ${c.req.method} ${c.req.path}; there is PUT /v1/subjects/{sid}/consent.`,
  }),
);

app.onError((error) => {
  if (error instanceof ProblemError) return problemResponse(error.problem);
  console.error(error);
  return problemResponse({
    status: 500,
    kind: "internal",
    title: "Our mistake",
    detail: "The record was not written. Send the same request again.",
  });
});

function subjectId(value: string): SubjectId {
  if (isSubjectId(value)) return value;
  throw new ProblemError({
    status: 404,
    kind: "unknown-subject",
    title: "No such subject",
    detail: "The path does not hold a subject id.",
  });
}

async function consentRecord(request: Request): Promise<ConsentRecord> {
  try {
    return parseConsentRecord(await request.json());
  } catch (error) {
    throw new ProblemError({
      status: 422,
      kind: "invalid-record",
      title: "Not a consent record",
      detail: `Expected {"epoch": n, "purposes": {"<purpose>": {"state": "granted|denied|withdrawn", "epoch": n, "validUntil": "<instant>"}}}. ${(error as Error).message}`,
    });
  }
}

export default app;
