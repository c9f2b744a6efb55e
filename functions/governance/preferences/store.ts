// Subjects, ledger and first answers in PostgreSQL. Every change of a subject is made under a lock on its row, so that epochs,
// idempotency keys and outbox rows of one subject never race.
import { createHash } from "node:crypto";
import type { QueryResultRow } from "pg";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { type ConsentEntry, type ConsentRecord, leastPermissive, type Purpose, type RecordedState } from "../../shared/consent.ts";
import { type DecisionTable, ruleFor } from "../../shared/decision-table.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Database, Queryable } from "../database.ts";
import { log } from "../log.ts";
import { changesOf, checkPrecondition, type Wanted } from "./change.ts";
import { etagOf, type PreferencesDocument, preferencesDocument } from "./document.ts";
import { keptHours } from "./retention.ts";

/** How long the request that wrote an outbox row has to deliver it itself before the background does. */
const ownDeliverySeconds = 2;

export interface ChangeRequest {
  readonly subject: SubjectId;
  readonly purposes: Wanted;
  /** Id of the notice the person was shown. */
  readonly notice?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface Policy {
  readonly table: DecisionTable;
  readonly revision: string;
}

export class PreferencesStore {
  readonly #database: Database;
  readonly #jurisdiction: string;
  readonly #policy: Policy;
  /** Whether an edge must hear of changes. */
  readonly #announce: boolean;

  constructor(database: Database, options: { jurisdiction: string; policy: Policy; announce: boolean }) {
    this.#database = database;
    this.#jurisdiction = options.jurisdiction;
    this.#policy = options.policy;
    this.#announce = options.announce;
  }

  /** Throws unless the tables are there and may be read. */
  async ping(): Promise<void> {
    await this.#database.query("SELECT FROM preferences.subject LIMIT 1");
  }

  async create(subject: SubjectId): Promise<void> {
    await this.#database.query("INSERT INTO preferences.subject (id) VALUES ($1)", [subject]);
  }

  /** What a subject has said, or undefined for one that does not exist. */
  async record(subject: SubjectId): Promise<ConsentRecord | undefined> {
    return readRecord(this.#database, subject);
  }

  async document(subject: SubjectId): Promise<PreferencesDocument> {
    const record = await this.record(subject);
    if (!record) throw unknownSubject();
    return preferencesDocument(subject, this.#jurisdiction, record, new Date());
  }

  /** Writes what is new of a wish, all or nothing, and returns what then holds. Throws a problem where the wish may not be granted. */
  async change(request: ChangeRequest): Promise<PreferencesDocument> {
    const { subject, idempotencyKey } = request;
    return this.#database.transaction(async (client) => {
      const locked = await client.query("SELECT FROM preferences.subject WHERE id = $1 FOR UPDATE", [subject]);
      if (locked.rowCount === 0) throw unknownSubject();
      const digest = createHash("sha256")
        .update(canonicalJson({ purposes: request.purposes, notice: request.notice ?? null }))
        .digest("base64url");
      if (idempotencyKey !== undefined) {
        const first = await firstAnswer(client, subject, idempotencyKey, digest);
        if (first) return first;
      }
      const document = await this.#apply(client, request);
      if (idempotencyKey !== undefined)
        await client.query("INSERT INTO preferences.idempotency (subject, key, digest, answer) VALUES ($1, $2, $3, $4)", [
          subject,
          idempotencyKey,
          digest,
          document,
        ]);
      return document;
    });
  }

  async #apply(client: Queryable, { subject, purposes, notice, ifMatch }: ChangeRequest): Promise<PreferencesDocument> {
    const now = new Date();
    const before = (await readRecord(rowsOf(client), subject)) as ConsentRecord;
    const current = preferencesDocument(subject, this.#jurisdiction, before, now);
    const changes = changesOf(before, purposes, now);
    checkPrecondition(changes, ifMatch, etagOf(current));
    if (changes.length === 0) return current;

    const epoch = before.epoch + 1;
    const said = Object.fromEntries(changes.map(([purpose, state]) => [purpose, this.#entry(purpose, state, epoch, now)]));
    const after: ConsentRecord = { epoch, purposes: { ...before.purposes, ...said } };
    await this.#write(client, subject, after, { notice });
    if (this.#announce) await enqueue(client, subject, after, ownDeliverySeconds);
    return preferencesDocument(subject, this.#jurisdiction, after, now);
  }

  #entry(purpose: Purpose, state: RecordedState, epoch: number, now: Date): ConsentEntry {
    const days = ruleFor(this.#policy.table, this.#jurisdiction, purpose)?.validDays;
    if (state !== "granted" || days === undefined) return { state, epoch };
    return { state, epoch, validUntil: new Date(now.getTime() + days * 86_400_000).toISOString() };
  }

  /**
   * The edge has refused our record of `epoch` and holds another one. Where a newer record of ours is under way, that one settles it. Where
   * this is our newest, the edge knows what the database has forgotten: it was restored to an earlier moment. On each purpose the later word
   * holds from now on, else the one that permits less; what the ledger lacks of it is written there with the reason, and all is sent again
   * beyond the edge's epoch. So a person may have to grant once more, but never to withdraw once more.
   */
  async reconcile(subject: string, epoch: number, held: ConsentRecord): Promise<void> {
    await this.#database.transaction(async (client) => {
      await client.query("SELECT FROM preferences.subject WHERE id = $1 FOR UPDATE", [subject]);
      const own = await readRecord(rowsOf(client), subject);
      if (own?.epoch !== epoch) return;
      const settled = leastPermissive(own, held, Math.max(epoch, held.epoch) + 1);
      await this.#write(client, subject, settled, { reason: `held by the edge (epoch ${held.epoch}), missing here` });
      await enqueue(client, subject, settled, 0);
      log("WARNING", "The edge knew what the ledger had forgotten; both now hold the least permissive of the two.");
    });
  }

  /** Moves the subject to the record's epoch and writes the words that were said in it. */
  async #write(
    client: Queryable,
    subject: string,
    record: ConsentRecord,
    why: { notice?: string | undefined; reason?: string },
  ): Promise<void> {
    await client.query("UPDATE preferences.subject SET epoch = $2 WHERE id = $1", [subject, record.epoch]);
    for (const [purpose, { state, epoch, validUntil }] of Object.entries(record.purposes))
      if (epoch === record.epoch)
        await client.query(
          `INSERT INTO preferences.consent_ledger (subject, epoch, purpose, state, valid_until, notice, reason, policy_revision)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [subject, epoch, purpose, state, validUntil ?? null, why.notice ?? null, why.reason ?? null, this.#policy.revision],
        );
  }
}

/** Puts a record where the outbox finds it, in the caller's transaction. */
export async function enqueue(client: Queryable, subject: string, record: ConsentRecord, delaySeconds: number): Promise<void> {
  await client.query(
    "INSERT INTO preferences.consent_outbox (subject, epoch, record, due_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4))",
    [subject, record.epoch, record, delaySeconds],
  );
}

interface Rows {
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]>;
}

export function rowsOf(client: Queryable): Rows {
  return { query: async <Row extends QueryResultRow>(text: string, values: unknown[]) => (await client.query<Row>(text, values)).rows };
}

/** The record of a subject from its ledger: the latest word on each purpose. */
export async function readRecord(rows: Rows, subject: string): Promise<ConsentRecord | undefined> {
  // One statement, so that epoch and words are of one moment.
  const found = await rows.query<{ epoch: string; purpose: string | null; said: string; state: RecordedState; valid_until: Date | null }>(
    `SELECT s.epoch, l.purpose, l.epoch AS said, l.state, l.valid_until FROM preferences.subject s
     LEFT JOIN (SELECT DISTINCT ON (purpose) purpose, epoch, state, valid_until, subject FROM preferences.consent_ledger
                WHERE subject = $1 ORDER BY purpose, epoch DESC) l ON l.subject = s.id
     WHERE s.id = $1`,
    [subject],
  );
  const first = found[0];
  if (!first) return undefined;
  const words = found.flatMap(({ purpose, said, state, valid_until }) =>
    purpose === null
      ? []
      : [[purpose, { state, epoch: Number(said), ...(valid_until ? { validUntil: valid_until.toISOString() } : {}) }] as const],
  );
  return { epoch: Number(first.epoch), purposes: Object.fromEntries(words) };
}

async function firstAnswer(client: Queryable, subject: string, key: string, digest: string): Promise<PreferencesDocument | undefined> {
  // What `Retention` has not come to yet must not be repeated, nor stand in the way of the same key.
  await client.query("DELETE FROM preferences.idempotency WHERE subject = $1 AND recorded_at < now() - make_interval(hours => $2)", [
    subject,
    keptHours,
  ]);
  const { rows } = await client.query<{ digest: string; answer: PreferencesDocument }>(
    "SELECT digest, answer FROM preferences.idempotency WHERE subject = $1 AND key = $2",
    [subject, key],
  );
  if (!rows[0]) return undefined;
  if (rows[0].digest === digest) return rows[0].answer;
  throw new ProblemError({
    status: 422,
    kind: "idempotency-key-reused",
    title: "This key belongs to another request",
    detail: `The Idempotency-Key "${key}" came with another body within the last ${keptHours} hours. Use a new key for a new request.`,
  });
}

function unknownSubject(): ProblemError {
  return new ProblemError({
    status: 404,
    kind: "unknown-subject",
    title: "No such subject",
    detail: "There is no subject with this id here. POST /v1/subjects makes a new one.",
  });
}
