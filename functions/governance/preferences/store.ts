// Subjects, ledger and first answers in PostgreSQL. Every change of a subject is made under a lock on its row, so that epochs,
// idempotency keys and outbox rows of one subject never race.
import { randomUUID } from "node:crypto";
import {
  type ConsentEntry,
  type ConsentRecord,
  erasedRecord,
  leastPermissive,
  mergedWords,
  type Purpose,
  type RecordedState,
  refusing,
  stateAt,
} from "../../shared/consent.ts";
import { type DecisionTable, ruleFor } from "../../shared/decision-table.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Database, Transaction } from "../database.ts";
import { log } from "../log.ts";
import { changesOf, checkPhase, checkPrecondition, choicesOf, type Wanted } from "./change.ts";
import { type Changed, etagOf, type PreferencesDocument, preferencesDocument } from "./document.ts";
import { checkSignal, contradicted, type Law, optedOut } from "./gpc.ts";
import { firstAnswer, keepAnswer, repeatable } from "./idempotency.ts";
import { type KnownIdentity, linked, moveIdentities } from "./identities.ts";
import { append, type Circumstances, type Entry, entryOf, history, latest, type Owner, rebuild, type Saying } from "./ledger/ledger.ts";
import { type HeldRow, type Holding, heldIn, holdingOf, isMissing, type Projection, type Read, selectHeld } from "./ledger/projection.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";
import { type ChosenPatches, mergedChoices } from "./preferences-under.ts";
import { type Confirmations, checkConfirmed, optingBackIn } from "./two-step-opt-in.ts";

/** How long the request that wrote an outbox row has to deliver it itself before the background does. */
const ownDeliverySeconds = 2;

/** What a request tells of how something was said; the rest of the circumstances the store knows itself. */
export type Said = Omit<Circumstances, "jurisdiction" | "receivedAt" | "policyRevision">;

export interface ChangeRequest {
  readonly subject: SubjectId;
  readonly purposes?: Wanted | undefined;
  readonly preferences?: ChosenPatches | undefined;
  /** What the person grants although it was told that its browser says no. */
  readonly despiteSignal?: readonly Purpose[] | undefined;
  /** What the person was asked to confirm with, where it wants again what it had opted out of. */
  readonly confirmation?: string | undefined;
  /** How it was said. */
  readonly said: Said;
  readonly ifMatch?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** The purpose whose event the answer must name. */
  readonly about?: Purpose | undefined;
}

/** A subject whose row is locked, and what holds of it. */
interface Locked {
  readonly owner: Owner;
  readonly held: Projection;
  readonly holding: Holding;
}

export interface Policy {
  readonly table: DecisionTable;
  readonly revision: string;
}

export interface StoreOptions {
  readonly jurisdiction: string;
  readonly policy: Policy;
  readonly confirmations: Confirmations;
  /** Whether an edge must hear of changes. */
  readonly announce: boolean;
  /** Phase 1 of a rollout: whatever permits is refused. */
  readonly readOnly?: boolean;
}

export class PreferencesStore {
  readonly #database: Database;
  readonly #keys: () => Promise<SubjectKeys>;
  readonly #jurisdiction: string;
  readonly #policy: Policy;
  readonly #law: Law;
  readonly #confirmations: Confirmations;
  /** Whether an edge must hear of changes. */
  readonly #announce: boolean;
  readonly #readOnly: boolean;

  constructor(database: Database, keys: () => Promise<SubjectKeys>, options: StoreOptions) {
    this.#database = database;
    this.#keys = keys;
    this.#jurisdiction = options.jurisdiction;
    this.#policy = options.policy;
    this.#law = { table: options.policy.table, jurisdiction: options.jurisdiction };
    this.#confirmations = options.confirmations;
    this.#announce = options.announce;
    this.#readOnly = options.readOnly ?? false;
  }

  /** Throws unless the tables are there and may be read, and the subjects' keys can be unwrapped. */
  async ping(): Promise<void> {
    await this.#keys();
    await this.#database.query("SELECT FROM preferences.subject LIMIT 1");
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  async create(subject: SubjectId): Promise<void> {
    const reference = randomUUID();
    await this.#database.query("INSERT INTO preferences.subject (id, reference, key) VALUES ($1, $2, $3)", [
      subject,
      reference,
      (await this.#keys()).make(reference),
    ]);
  }

  /** What holds of a subject, or undefined for one that does not exist. */
  async holding(subject: string): Promise<Holding | undefined> {
    const read = heldIn(await this.#database.query<HeldRow>(selectHeld, [subject]));
    if (!read || !isMissing(read)) return read && holdingOf(read);
    return this.#database.transaction(async (transaction) => (await this.#lock(transaction, subject))?.holding);
  }

  async document(subject: SubjectId): Promise<PreferencesDocument> {
    const holding = await this.holding(subject);
    if (!holding) throw unknownSubject();
    return preferencesDocument(subject, this.#jurisdiction, holding);
  }

  /** A page of what a subject has said, in order. @param after position of the last event that the reader has */
  async history(subject: SubjectId, after: number, most: number): Promise<Entry[]> {
    const owner = await this.owner(subject);
    return history(this.#database.statements, owner, after, most);
  }

  /** One event of this very subject; undefined for any other id. */
  async event(subject: SubjectId, id: string): Promise<Entry | undefined> {
    const owner = await this.owner(subject);
    return entryOf(this.#database.statements, owner, id);
  }

  /** The latest of it, newest first. @param before position of the earliest event that the reader has */
  async latest(subject: SubjectId, before: number | undefined, most: number): Promise<Entry[]> {
    const owner = await this.owner(subject);
    return latest(this.#database.statements, owner, before, most);
  }

  /** A subject as the ledger knows it. */
  async owner(subject: SubjectId): Promise<Owner> {
    const [row] = await this.#database.query<{ reference: string; key: Buffer }>(
      "SELECT reference, key FROM preferences.subject WHERE id = $1",
      [subject],
    );
    if (!row) throw unknownSubject();
    return { id: subject, reference: row.reference, key: (await this.#keys()).unwrap(row.reference, row.key) };
  }

  /** The subject's row, locked for the transaction, and what holds of it; undefined for one that does not exist. */
  async #lock(transaction: Transaction, subject: string): Promise<Locked | undefined> {
    const read = async () => heldIn((await transaction.query<HeldRow>(selectHeld, [subject])).rows);
    // The second statement sees what was committed until the lock was there: each has a snapshot of its own.
    const [{ rows }, first] = await Promise.all([
      transaction.query<{ reference: string; key: Buffer }>("SELECT reference, key FROM preferences.subject WHERE id = $1 FOR UPDATE", [
        subject,
      ]),
      read(),
    ]);
    const row = rows[0];
    if (!row || !first) return undefined;
    const owner = { id: subject, reference: row.reference, key: (await this.#keys()).unwrap(row.reference, row.key) };
    let known = first;
    if (isMissing(known)) {
      await rebuild(transaction, owner);
      known = (await read()) as Read;
    }
    return { owner, held: known.held, holding: holdingOf(known) };
  }

  /** Writes what is new of a wish, all or nothing, and returns what then holds. Throws a problem where the wish may not be granted. */
  async change(request: ChangeRequest): Promise<Changed> {
    const { subject, idempotencyKey, about, purposes = {}, preferences, despiteSignal, said } = request;
    const asked = { purposes, ...(preferences && { preferences }), ...(despiteSignal && { despiteSignal }), said };
    const repeated = idempotencyKey === undefined ? undefined : repeatable(subject, idempotencyKey, asked);
    return this.#database.transaction(async (transaction) => {
      const [locked, first] = await Promise.all([this.#lock(transaction, subject), repeated && firstAnswer(transaction, repeated)]);
      if (!locked) throw unknownSubject();
      if (first) return first;
      const holds = await this.#apply(transaction, locked, request);
      const document = about === undefined ? holds : { ...holds, event: await eventOn(transaction, subject, about) };
      if (repeated) keepAnswer(transaction, repeated, document);
      return document;
    });
  }

  async #apply(
    transaction: Transaction,
    locked: Locked,
    { subject, purposes = {}, preferences = {}, despiteSignal = [], confirmation, said, ifMatch }: ChangeRequest,
  ): Promise<PreferencesDocument> {
    const { holding } = locked;
    const now = holding.at;
    const current = preferencesDocument(subject, this.#jurisdiction, holding);
    const changes = changesOf(holding.record, purposes, now);
    const choices = choicesOf(holding.chosen, preferences);
    checkSignal(changes, { gpc: said.gpc, despiteSignal, noticed: said.notice !== undefined }, this.#law);
    if (this.#readOnly) checkPhase(changes, choices);
    const etag = etagOf(current);
    checkPrecondition(changes, choices, ifMatch, etag);
    if (changes.length === 0 && choices.length === 0) return current;
    const back = optingBackIn(changes, holding.record, this.#law, now);
    const asked = back.length > 0 && (await checkConfirmed(back, { subject, etag, confirmation, changes, choices }, this.#confirmations));
    const requestedAt = asked ? Object.fromEntries(back.map((purpose) => [purpose, asked])) : undefined;
    const chosen = Object.fromEntries(choices.map(({ purpose, chosen }) => [purpose, chosen]));
    const after = this.#say(transaction, locked, changes, { chosen, despiteSignal, requestedAt, said, now });
    return preferencesDocument(subject, this.#jurisdiction, after);
  }

  /** Records what Global Privacy Control opts a known subject out of, and says whether there was anything. @param surface where it was sent */
  async heedSignal(subject: SubjectId, surface: string): Promise<boolean> {
    const known = await this.holding(subject);
    if (!known || optedOut(this.#law, known.record, known.at).length === 0) return false;
    return this.#database.transaction(async (transaction) => {
      const locked = await this.#lock(transaction, subject);
      if (!locked) return false;
      const { record, at: now } = locked.holding;
      const changes = optedOut(this.#law, record, now).flatMap((purpose): [Purpose, RecordedState][] => {
        const state = refusing(stateAt(record, purpose, now));
        return state === undefined ? [] : [[purpose, state]];
      });
      if (changes.length === 0) return false;
      const said: Said = { method: "gpc", surface, source: "edge", actor: "subject", gpc: true };
      this.#say(transaction, locked, changes, { chosen: {}, despiteSignal: [], said, now });
      return true;
    });
  }

  /**
   * Forgets a subject (GDPR Art. 17): its key, so that nothing it said can ever be read again, its state and its first answers. What remains are
   * ciphertext and commitments of nobody, over which every proof still verifies. The edge is told to refuse everything.
   * @returns whether there was one
   */
  erase(subject: SubjectId): Promise<boolean> {
    return this.#database.transaction((transaction) => this.#forget(transaction, subject));
  }

  async #forget(transaction: Transaction, subject: string): Promise<boolean> {
    const found = await transaction.query("SELECT FROM preferences.subject WHERE id = $1 FOR UPDATE", [subject]);
    if (found.rowCount === 0) return false;
    transaction.send("DELETE FROM preferences.idempotency WHERE subject = $1", [subject]);
    transaction.send("DELETE FROM preferences.consent_outbox WHERE subject = $1", [subject]);
    transaction.send("DELETE FROM preferences.subject WHERE id = $1", [subject]);
    if (this.#announce) enqueue(transaction, subject, erasedRecord, ownDeliverySeconds);
    return true;
  }

  /**
   * Links an identity with a subject. Where it is linked with another one already, the two are one person: the known one takes over what
   * permits less, and the newer is forgotten.
   * @returns the subject that stands for the person from now on
   */
  link(subject: SubjectId, identity: KnownIdentity): Promise<SubjectId> {
    return this.#database.transaction(async (transaction) => {
      const known = await linked(transaction, subject, identity);
      if (known === undefined) throw unknownSubject();
      if (known !== subject) await this.#merge(transaction, known, subject);
      return known;
    });
  }

  async #merge(transaction: Transaction, known: SubjectId, other: SubjectId): Promise<void> {
    // In one order, so that two merges at once never wait for each other.
    const [first, second] = known < other ? [known, other] : [other, known];
    const locked = new Map([
      [first, await this.#lock(transaction, first)],
      [second, await this.#lock(transaction, second)],
    ]);
    const [own, theirs] = [locked.get(known), locked.get(other)];
    if (!own || !theirs) throw unknownSubject();
    const { record } = own.holding;
    const words = mergedWords(record, theirs.holding.record, record.epoch + 1);
    const chosen = choicesOf(own.holding.chosen, mergedChoices(own.holding.chosen, theirs.holding.chosen));
    if (Object.keys(words).length > 0 || chosen.length > 0) {
      const settled = { epoch: record.epoch + 1, purposes: { ...record.purposes, ...words } };
      const said: Said = { ...byTheService, method: "merge", reason: "said as a subject that turned out to be the same person" };
      const saying = { record: settled, chosen: Object.fromEntries(chosen.map(({ purpose, chosen }) => [purpose, chosen])) };
      this.#write(transaction, own.owner, own.held, saying, said, own.holding.at);
      if (this.#announce) enqueue(transaction, known, settled, ownDeliverySeconds);
    }
    moveIdentities(transaction, other, known);
    await this.#forget(transaction, other);
  }

  /** Writes words and choices in a new epoch, and puts the record that then holds where the outbox finds it. */
  #say(
    transaction: Transaction,
    { owner, held, holding: { record, chosen: before } }: Locked,
    changes: readonly [Purpose, RecordedState][],
    {
      chosen,
      despiteSignal,
      requestedAt,
      said,
      now,
    }: Pick<Saying, "chosen" | "requestedAt"> & {
      despiteSignal: readonly Purpose[];
      said: Said;
      now: Date;
    },
  ): Holding {
    const epoch = record.epoch + 1;
    const despite = contradicted(this.#law).filter((purpose) => despiteSignal.includes(purpose));
    const words = changes.map(([purpose, state]): [Purpose, ConsentEntry] => [
      purpose,
      { ...this.#entry(purpose, state, epoch, now), ...(state === "granted" && despite.includes(purpose) ? { despiteSignal: true } : {}) },
    ]);
    const after: ConsentRecord = { epoch, purposes: { ...record.purposes, ...Object.fromEntries(words) } };
    this.#write(transaction, owner, held, { record: after, chosen, requestedAt }, said, now);
    if (this.#announce) enqueue(transaction, owner.id, after, ownDeliverySeconds);
    return { at: now, record: after, chosen: { ...before, ...chosen } };
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
   * beyond the edge's epoch. So a person may have to grant once more, but never to withdraw once more. What the edge knows as erased is erased again.
   */
  async reconcile(subject: string, epoch: number, held: ConsentRecord): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      const own = await this.#lock(transaction, subject);
      if (own?.holding.record.epoch !== epoch) return;
      if (held.erased) {
        await this.#forget(transaction, subject);
        return log("WARNING", "The edge knew a subject as erased that the ledger still had; it is erased again.");
      }
      const settled = leastPermissive(own.holding.record, held, Math.max(epoch, held.epoch) + 1);
      const reason = `held by the edge (epoch ${held.epoch}), missing here`;
      const said: Said = { ...byTheService, method: "reconcile", reason };
      this.#write(transaction, own.owner, own.held, { record: settled, chosen: {} }, said, own.holding.at);
      enqueue(transaction, subject, settled, 0);
      log("WARNING", "The edge knew what the ledger had forgotten; both now hold the least permissive of the two.");
    });
  }

  /** Moves the subject to the record's epoch and appends what was said in it. */
  #write(transaction: Transaction, owner: Owner, held: Projection, saying: Saying, said: Said, now: Date): void {
    const circumstances = {
      ...said,
      jurisdiction: this.#jurisdiction,
      receivedAt: now.toISOString(),
      policyRevision: this.#policy.revision,
    };
    transaction.send("UPDATE preferences.subject SET epoch = $2 WHERE id = $1", [owner.id, saying.record.epoch]);
    append(transaction, owner, held, saying, circumstances, (purpose) => {
      const rule = ruleFor(this.#policy.table, this.#jurisdiction, purpose);
      // A purpose that the policy does not know can only be refused, and on no other basis than that it was not allowed.
      return { basis: rule?.basis ?? "opt-in", regulation: rule?.law ?? "none" };
    });
  }
}

const byTheService = { surface: "none", source: "preferences", actor: "preferences", gpc: false } as const;

/** Puts a record where the outbox finds it, in the caller's transaction. */
export function enqueue(transaction: Transaction, subject: string, record: ConsentRecord, delaySeconds: number): void {
  transaction.send(
    "INSERT INTO preferences.consent_outbox (subject, epoch, record, due_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4))",
    [subject, record.epoch, record, delaySeconds],
  );
}

async function eventOn(transaction: Transaction, subject: SubjectId, purpose: Purpose): Promise<string> {
  const { rows } = await transaction.query<{ event: string }>(
    "SELECT event FROM preferences.consent_state WHERE subject = $1 AND purpose = $2",
    [subject, purpose],
  );
  return (rows[0] as { event: string }).event;
}

export function unknownSubject(): ProblemError {
  return new ProblemError({
    status: 404,
    kind: "unknown-subject",
    title: "No such subject",
    detail: "There is no subject with this id here. POST /v1/subjects makes a new one.",
  });
}
