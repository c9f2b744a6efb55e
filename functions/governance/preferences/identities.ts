// Who a subject is known as elsewhere, in the caller's transaction: by hash only (`ledger/identity.ts`).
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Transaction } from "../database.ts";
import type { IdentityKind } from "./ledger/identity.ts";

export interface KnownIdentity {
  readonly kind: IdentityKind;
  /** Keyed. */
  readonly hash: Uint8Array;
}

/**
 * Links an identity with a subject, unless it is linked already. Two customers are two persons, of whom one has used the other's browser.
 * @returns the subject that the identity leads to; undefined where there is no such subject
 * @throws ProblemError 409 where the subject is another customer's
 */
export async function linked(transaction: Transaction, subject: SubjectId, { kind, hash }: KnownIdentity): Promise<SubjectId | undefined> {
  if (kind === "customer") await refuseAnotherCustomer(transaction, subject, hash);
  const { rows } = await transaction.query<{ subject: SubjectId }>(
    `INSERT INTO preferences.identity AS known (hash, kind, subject) SELECT $1, $2, id FROM preferences.subject WHERE id = $3
     ON CONFLICT (hash) DO UPDATE SET linked_at = known.linked_at RETURNING subject`,
    [hash, kind, subject],
  );
  return rows[0]?.subject;
}

/** Whoever comes back by what only the other was known by must find what holds. */
export function moveIdentities(transaction: Transaction, other: SubjectId, known: SubjectId): void {
  transaction.send("UPDATE preferences.identity SET subject = $1 WHERE subject = $2", [known, other]);
}

async function refuseAnotherCustomer(transaction: Transaction, subject: SubjectId, hash: Uint8Array): Promise<void> {
  const { rowCount } = await transaction.query("SELECT FROM preferences.identity WHERE subject = $1 AND kind = 'customer' AND hash <> $2", [
    subject,
    hash,
  ]);
  if (!rowCount) return;
  throw new ProblemError({
    status: 409,
    kind: "another-customer",
    title: "Somebody else's subject",
    detail:
      "The subject is known as another customer: two people use one browser. Nothing was changed. Make a new subject with POST /v1/subjects for whoever signs in now, and link that.",
  });
}
