// First answers, by the key that the client chose: the same request gets the same answer again for a day
// (draft-ietf-httpapi-idempotency-key-header). Read and kept under the lock on the subject's row, so that two of the same never both act.
import { createHash } from "node:crypto";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { Transaction } from "../database.ts";
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

export const repeatable = (subject: string, key: string, request: object): Repeatable => ({
  ...{ subject, key },
  digest: createHash("sha256").update(canonicalJson(request)).digest("base64url"),
});

/** @throws ProblemError where the key came with another request */
export async function firstAnswer(transaction: Transaction, { subject, key, digest }: Repeatable): Promise<Changed | undefined> {
  const { rows } = await transaction.query<{ digest: string; answer: Changed; over: boolean }>(
    `SELECT digest, answer, recorded_at < now() - make_interval(hours => $3) AS over
     FROM preferences.idempotency WHERE subject = $1 AND key = $2`,
    [subject, key, keptHours],
  );
  if (!rows[0]) return undefined;
  // What `retention` has not come to yet must not be repeated, nor stand in the way of the same key.
  if (rows[0].over) {
    transaction.send("DELETE FROM preferences.idempotency WHERE subject = $1 AND key = $2", [subject, key]);
    return undefined;
  }
  if (rows[0].digest === digest) return rows[0].answer;
  throw new ProblemError({
    status: 422,
    kind: "idempotency-key-reused",
    title: "This key belongs to another request",
    detail: `The Idempotency-Key "${key}" came with another body within the last ${keptHours} hours. Use a new key for a new request.`,
  });
}

export function keepAnswer(transaction: Transaction, { subject, key, digest }: Repeatable, answer: Changed): void {
  transaction.send("INSERT INTO preferences.idempotency (subject, key, digest, answer) VALUES ($1, $2, $3, $4)", [
    subject,
    key,
    digest,
    answer,
  ]);
}
