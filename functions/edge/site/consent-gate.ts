// May this request be personalised? Fails closed: whatever is missing, forged, late or broken is a no with its reason.
import { waitUntil } from "cloudflare:workers";
import { within } from "../../shared/budget.ts";
import { decide, factsOf, type PolicyRevision } from "../../shared/decision-table.ts";
import { optedOut } from "../../shared/opt-out-signal.ts";
import { type VerifiedTable, verifySignedTable } from "../../shared/signed-decision-table.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { issueEdgeToken, subjectTokenOf, verifySubjectToken } from "../../shared/tokens.ts";
import { pinned } from "../pinned-namespace.ts";
import signedTable from "./decision-table.jws";
import type { Environment } from "./environment.ts";

/** How long the subject's Durable Object may take, in milliseconds. It is in the jurisdiction, not always in this city. */
const objectBudgetMs = 100;
/** How long the region's `/v1/check` may take where the edge keeps no state. */
const checkBudgetMs = 80;
/** How long the service may take to hear of a signal, for which nobody waits. */
const signalBudgetMs = 5000;

export interface Gate {
  readonly allow: boolean;
  readonly reason: string;
  /** Known only where the answer is yes: nothing else may be done with a subject. */
  readonly subject?: SubjectId;
  readonly policyRevision: PolicyRevision | null;
  readonly consentEpoch: number | null;
}

/** Decides whether the request's subject may be served for the purpose. Never throws. */
export async function consentGate(request: Request, env: Environment, purpose: string): Promise<Gate> {
  const policy = await verifiedTable(env).catch(() => undefined);
  if (!policy) return { allow: false, reason: "invalid-policy", policyRevision: null, consentEpoch: null };
  const no = (reason: string): Gate => ({ allow: false, reason, policyRevision: policy.revision, consentEpoch: null });

  const token = subjectTokenOf(request.headers);
  if (token === undefined) return no("no-token");
  const subject = await verifySubjectToken(env.SUBJECT_TOKEN_KEY, token, env.REGION).catch(() => undefined);
  if (subject === undefined) return no("invalid-token");

  const gpc = request.headers.get("sec-gpc") === "1";
  try {
    const answer = env.SUBJECTS
      ? await askObject(env, env.SUBJECTS, policy, subject, purpose, gpc)
      : await askService(env, subject, purpose, gpc);
    return answer.allow ? { ...answer, subject } : answer;
  } catch {
    return no("unavailable");
  }
}

async function askObject(
  env: Environment,
  subjects: NonNullable<Environment["SUBJECTS"]>,
  policy: VerifiedTable,
  subject: SubjectId,
  purpose: string,
  gpc: boolean,
): Promise<Gate> {
  const object = pinned(subjects, env.JURISDICTION).getByName(subject);
  const record = await within(objectBudgetMs, object.consent());
  const [law, now] = [{ table: policy.table, jurisdiction: env.JURISDICTION }, new Date()];
  // What the browser says counts for the person wherever it is asked about: the service has to know. Once it does there is nothing more to say.
  if (gpc && optedOut(law, record, now).length > 0) waitUntil(tellOfSignal(env, subject, purpose));
  const decision = decide(policy.table, factsOf(record, purpose, { ...law, gpc }, now));
  return { ...decision, policyRevision: policy.revision, consentEpoch: record.epoch };
}

/** Whoever asks under the signal tells of it. What does not arrive is told with the next request. */
async function tellOfSignal(env: Environment, subject: SubjectId, purpose: string): Promise<void> {
  await askService(env, subject, purpose, true, signalBudgetMs).catch((error: Error) =>
    console.error(`The service did not hear of Global Privacy Control. ${error.message}`),
  );
}

async function askService(env: Environment, subject: SubjectId, purpose: string, gpc: boolean, budgetMs = checkBudgetMs): Promise<Gate> {
  const origin = new URL(env.GOVERNANCE_URL).origin;
  const url = new URL("/v1/check", origin);
  url.search = new URLSearchParams({ subject, purpose }).toString();
  const response = await fetch(url, {
    headers: {
      "x-edge-authorization": `Bearer ${await issueEdgeToken(env.EDGE_KEY, env.REGION, origin, "edge")}`,
      ...(gpc ? { "sec-gpc": "1" } : {}),
    },
    signal: AbortSignal.timeout(budgetMs),
  });
  if (!response.ok) throw new Error(`/v1/check answered ${response.status}.`);
  const { allow, reason, policyRevision, epoch } = (await response.json()) as {
    allow: unknown;
    reason: string;
    policyRevision: PolicyRevision;
    epoch: number;
  };
  return { allow: allow === true, reason, policyRevision, consentEpoch: epoch };
}

let table: Promise<VerifiedTable> | undefined;

/** The table is part of this version and its key is bound to it: both are the same for as long as the isolate lives. */
function verifiedTable(env: Environment): Promise<VerifiedTable> {
  table ??= verifySignedTable(signedTable, env.DECISION_TABLE_KEY);
  return table;
}
