// First answers, by the key that the client chose: the same request gets the same answer again for a day
// (draft-ietf-httpapi-idempotency-key-header). Read and kept under the lock on the subjects' rows, so that two of the same never both act.
import { createHash } from "node:crypto";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { Queryable, Transaction } from "../database.ts";
import type { Changed } from "./document.ts";
import { keptHours } from "./retention.ts";

/** A request that may come twice. */
export interface Repeatable {
  readonly subject: string;
  /** Chosen by the client. */
  readonly key: string;
  /** Of all that makes two requests the same. */
  readonly digest: string;
}

/** @param request all that makes two requests the same */
export function repeatable(subject: string, key: string | undefined, request: object): Repeatable | undefined {
  if (key === undefined) return undefined;
  return { subject, key, digest: createHash("sha256").update(canonicalJson(request)).digest("base64url") };
}

/** What a key was answered with first. */
export interface FirstAnswer {
  readonly digest: string;
  readonly answer: Changed;
}

/** What was answered first, by subject; requests of which each is of another subject. */
export async function firstAnswers(client: Queryable, asked: readonly Repeatable[]): Promise<Map<string, FirstAnswer>> {
  if (asked.length === 0) return new Map();
  const { rows } = await client.query<FirstAnswer & { subject: string; key: string; over: boolean }>(
    `SELECT subject, key, digest, answer, recorded_at < now() - make_interval(hours => $3) AS over
     FROM preferences.idempotency JOIN unnest($1::text[], $2::text[]) AS asked (subject, key) USING (subject, key)`,
    [asked.map(({ subject }) => subject), asked.map(({ key }) => key), keptHours],
  );
  // What `retention` has not come to yet must not be repeated.
  return new Map(rows.filter(({ over }) => !over).map((row) => [row.subject, row]));
}

/** The answer to give again. @throws ProblemError where the key came with another request */
export function repeated({ key, digest }: Repeatable, first: FirstAnswer): Changed {
  if (first.digest === digest) return first.answer;
  throw new ProblemError({
    status: 422,
    kind: "idempotency-key-reused",
    title: "This key belongs to another request",
    detail: `The Idempotency-Key "${key}" came with another body within the last ${keptHours} hours. Use a new key for a new request.`,
  });
}

/** A first answer, to be kept. */
export interface KeptAnswer extends Repeatable {
  readonly answer: Changed;
}

/** A key whose first answer is over has another one from now on. */
export function keepAnswers(transaction: Transaction, kept: readonly KeptAnswer[]): void {
  transaction.send(
    `INSERT INTO preferences.idempotency (subject, key, digest, answer)
     SELECT subject, key, digest, answer::json FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS kept (subject, key, digest, answer)
     ON CONFLICT (subject, key) DO UPDATE SET digest = excluded.digest, answer = excluded.answer, recorded_at = excluded.recorded_at`,
    [
      kept.map(({ subject }) => subject),
      kept.map(({ key }) => key),
      kept.map(({ digest }) => digest),
      kept.map(({ answer }) => JSON.stringify(answer)),
    ],
  );
}
