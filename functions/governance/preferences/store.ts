// Subjects, ledger and first answers in PostgreSQL. Every change of a subject is made under a lock on its row, so that epochs,
// idempotency keys and outbox rows of one subject never race. Changes of several subjects share a transaction where many come at once.
import { randomUUID } from "node:crypto";
import {
  type ConsentEntry,
  type ConsentRecord,
  leastPermissive,
  type Purpose,
  type RecordedState,
  refusing,
  stateAt,
} from "../../shared/consent.ts";
import { type DecisionTable, ruleFor } from "../../shared/decision-table.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { holdLog } from "../audit/erasure.ts";
import type { Database, Transaction } from "../database.ts";
import { GroupCommit, MustWait } from "../group-commit.ts";
import { log } from "../log.ts";
import { changesOf, checkPhase, checkPrecondition, choicesOf, type Wanted } from "./change.ts";
import { type Changeset, write } from "./changeset.ts";
import { type Changed, etagOf, type PreferencesDocument, preferencesDocument } from "./document.ts";
import { erase, type Forgetting, forget, forgetAgain } from "./forgetting.ts";
import { checkSignal, contradicted, type Law, optedOut } from "./gpc.ts";
import { type FirstAnswer, firstAnswers, type Repeatable, repeatable, repeated } from "./idempotency.ts";
import { type KnownIdentity, linked, moveIdentities } from "./identities.ts";
import { appended, broughtBy, type Circumstances, type Entry, entryOf, history, latest, type Owner, type Saying } from "./ledger/ledger.ts";
import { type Holding, holdingOf, isMissing, readHeld } from "./ledger/projection.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";
import { type Locked, lockSubjects } from "./locked-subjects.ts";
import { keepMerged, takenOver } from "./merging.ts";
import type { ChosenPatches } from "./preferences-under.ts";
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
  readonly #changes: GroupCommit<ChangeRequest, Changed>;

  constructor(database: Database, keys: () => Promise<SubjectKeys>, options: StoreOptions) {
    this.#database = database;
    this.#keys = keys;
    this.#jurisdiction = options.jurisdiction;
    this.#policy = options.policy;
    this.#law = { table: options.policy.table, jurisdiction: options.jurisdiction };
    this.#confirmations = options.confirmations;
    this.#announce = options.announce;
    this.#readOnly = options.readOnly ?? false;
    this.#changes = new GroupCommit(database, {
      keyOf: ({ subject }) => subject,
      work: (transaction, requests, wait) => this.#changeAll(transaction, requests, wait),
    });
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
    const read = (await readHeld(this.#database.statements, [subject])).get(subject);
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

  /** One event that this service has reported, of whichever subject that was not erased; undefined for any other id. */
  async reported(service: string, id: string): Promise<Entry | undefined> {
    const keys = await this.#keys();
    return broughtBy(this.#database.statements, service, id, (reference, key) => keys.unwrap(reference, key));
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

  async #lock(transaction: Transaction, subject: string): Promise<Locked | undefined> {
    return (await lockSubjects(transaction, await this.#keys(), [subject])).get(subject);
  }

  /** Writes what is new of a wish, all or nothing, and returns what then holds. Throws a problem where the wish may not be granted. */
  change(request: ChangeRequest): Promise<Changed> {
    return this.#changes.do(request);
  }

  async #changeAll(transaction: Transaction, requests: readonly ChangeRequest[], wait: boolean): Promise<PromiseSettledResult<Changed>[]> {
    const keys = await this.#keys();
    const subjects = requests.map(({ subject }) => subject);
    const repeatables = requests.map(repeatableOf);
    const asked = repeatables.filter((each) => each !== undefined);
    const [locked, first] = await Promise.all([lockSubjects(transaction, keys, subjects, wait), firstAnswers(transaction, asked)]);
    const answers = await Promise.allSettled(
      requests.map(async (request, i) => {
        const own = locked.get(request.subject);
        if (!own) throw locked.has(request.subject) ? new MustWait() : unknownSubject();
        return this.#answer(request, own, repeatables[i], first.get(request.subject));
      }),
    );
    write(
      transaction,
      answers.flatMap((each) => (each.status === "fulfilled" ? [each.value.changeset] : [])),
    );
    return answers.map((each) => (each.status === "fulfilled" ? { status: "fulfilled", value: each.value.answer } : each));
  }

  /** The answer to a wish, and what must be written for it. Throws a problem where the wish may not be granted. */
  async #answer(
    request: ChangeRequest,
    locked: Locked,
    repeatable: Repeatable | undefined,
    first: FirstAnswer | undefined,
  ): Promise<{ readonly answer: Changed; readonly changeset: Partial<Changeset> }> {
    if (repeatable && first) return { answer: repeated(repeatable, first), changeset: {} };
    const { about } = request;
    const { document, changeset } = await this.#wished(locked, request);
    const event = about && (changeset.held?.find(({ purpose }) => purpose === about) ?? locked.held.get(about))?.event;
    const answer = event === undefined ? document : { ...document, event };
    return { answer, changeset: { ...changeset, ...(repeatable && { answers: [{ ...repeatable, answer }] }) } };
  }

  async #wished(
    locked: Locked,
    { subject, purposes = {}, preferences = {}, despiteSignal = [], confirmation, said, ifMatch }: ChangeRequest,
  ): Promise<{ readonly document: PreferencesDocument; readonly changeset: Partial<Changeset> }> {
    const { holding } = locked;
    const now = holding.at;
    const current = preferencesDocument(subject, this.#jurisdiction, holding);
    const changes = changesOf(holding.record, purposes, now);
    const choices = choicesOf(holding.chosen, preferences);
    checkSignal(changes, { gpc: said.gpc, despiteSignal, noticed: said.notice !== undefined }, this.#law);
    if (this.#readOnly) checkPhase(changes, choices);
    const etag = etagOf(current);
    checkPrecondition(changes, choices, ifMatch, etag);
    if (changes.length === 0 && choices.length === 0) return { document: current, changeset: {} };
    const back = optingBackIn(changes, holding.record, this.#law, now);
    const asked = back.length > 0 && (await checkConfirmed(back, { subject, etag, confirmation, changes, choices }, this.#confirmations));
    const requestedAt = asked ? Object.fromEntries(back.map((purpose) => [purpose, asked])) : undefined;
    const chosen = Object.fromEntries(choices.map(({ purpose, chosen }) => [purpose, chosen]));
    const { after, changeset } = this.#say(locked, changes, { chosen, despiteSignal, requestedAt, said, now });
    return { document: preferencesDocument(subject, this.#jurisdiction, after), changeset };
  }

  /** Records what Global Privacy Control opts a known subject out of, and says whether there was anything. @param sent where, and by whom */
  async heedSignal(subject: SubjectId, sent: Pick<Said, "surface" | "source" | "actor">): Promise<boolean> {
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
      const said: Said = { ...sent, method: "gpc", gpc: true };
      write(transaction, [this.#say(locked, changes, { chosen: {}, despiteSignal: [], said, now }).changeset]);
      return true;
    });
  }

  /** Forgets a subject for good (GDPR Art. 17), and has the edge refuse it everything. @returns whether there was one */
  erase(subject: SubjectId): Promise<boolean> {
    return this.#database.transaction((transaction) => erase(transaction, subject, this.#forgetting(ownDeliverySeconds)));
  }

  /** Erases whom the log knows as erased: for a database that was restored. @param lost what the log has taken back */
  eraseAgain(transaction: Transaction, lost: readonly Buffer[]): Promise<void> {
    return forgetAgain(transaction, lost, this.#forgetting(0));
  }

  #forgetting(delaySeconds: number): Forgetting {
    return { announceAfter: this.#announce ? delaySeconds : undefined };
  }

  /**
   * Links an identity with a subject. Where it is linked with another one already, the two are one person: the known one takes over what
   * permits less, and the newer ends (`merging.ts`).
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
    const locked = await lockSubjects(transaction, await this.#keys(), [known, other]);
    const [own, theirs] = [locked.get(known), locked.get(other)];
    if (!own || !theirs) throw unknownSubject();
    const saying = takenOver(own.holding, theirs.holding);
    const said: Said = { ...byTheService, method: "merge", reason: "said as a subject that turned out to be the same person" };
    if (saying) write(transaction, [this.#changeset(own, saying, said, own.holding.at)]);
    moveIdentities(transaction, other, known);
    keepMerged(transaction, other, known);
    await forget(transaction, other, this.#forgetting(ownDeliverySeconds));
  }

  /** Words and choices in a new epoch: what then holds, and what must be written for it. */
  #say(
    locked: Locked,
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
  ): { readonly after: Holding; readonly changeset: Partial<Changeset> } {
    const { record, chosen: before } = locked.holding;
    const epoch = record.epoch + 1;
    const despite = contradicted(this.#law).filter((purpose) => despiteSignal.includes(purpose));
    const words = changes.map(([purpose, state]): [Purpose, ConsentEntry] => [
      purpose,
      { ...this.#entry(purpose, state, epoch, now), ...(state === "granted" && despite.includes(purpose) ? { despiteSignal: true } : {}) },
    ]);
    const after: ConsentRecord = { epoch, purposes: { ...record.purposes, ...Object.fromEntries(words) } };
    return {
      after: { at: now, record: after, chosen: { ...before, ...chosen } },
      changeset: this.#changeset(locked, { record: after, chosen, requestedAt }, said, now),
    };
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
      if (held.erased) await holdLog(transaction);
      const own = await this.#lock(transaction, subject);
      if (own?.holding.record.epoch !== epoch) return;
      if (held.erased) {
        await erase(transaction, subject, this.#forgetting(ownDeliverySeconds));
        return log("WARNING", "The edge knew a subject as erased that the ledger still had; it is erased again.");
      }
      const settled = leastPermissive(own.holding.record, held, Math.max(epoch, held.epoch) + 1);
      const reason = `held by the edge (epoch ${held.epoch}), missing here`;
      const said: Said = { ...byTheService, method: "reconcile", reason };
      write(transaction, [this.#changeset(own, { record: settled, chosen: {} }, said, own.holding.at, 0)]);
      log("WARNING", "The edge knew what the ledger had forgotten; both now hold the least permissive of the two.");
    });
  }

  /** The subject in the record's epoch, what was said in it, and the word to the edge. */
  #changeset(
    { owner, held }: Locked,
    saying: Saying,
    said: Said,
    now: Date,
    delaySeconds = ownDeliverySeconds,
  ): Omit<Changeset, "answers"> {
    const { record } = saying;
    const circumstances = {
      ...said,
      jurisdiction: this.#jurisdiction,
      receivedAt: now.toISOString(),
      policyRevision: this.#policy.revision,
    };
    return {
      reached: [{ subject: owner.id, epoch: record.epoch }],
      ...appended(owner, held, saying, circumstances, (purpose) => {
        const rule = ruleFor(this.#policy.table, this.#jurisdiction, purpose);
        // A purpose that the policy does not know can only be refused, and on no other basis than that it was not allowed.
        return { basis: rule?.basis ?? "opt-in", regulation: rule?.law ?? "none" };
      }),
      announced: this.#announce ? [{ subject: owner.id, record, delaySeconds }] : [],
    };
  }
}

const byTheService = { surface: "none", source: "preferences", actor: "preferences", gpc: false } as const;

function repeatableOf({ subject, idempotencyKey, purposes = {}, preferences, despiteSignal, said }: ChangeRequest): Repeatable | undefined {
  if (idempotencyKey === undefined) return undefined;
  const asked = { purposes, ...(preferences && { preferences }), ...(despiteSignal && { despiteSignal }), said };
  return repeatable(subject, idempotencyKey, asked);
}

export function unknownSubject(): ProblemError {
  return new ProblemError({
    status: 404,
    kind: "unknown-subject",
    title: "No such subject",
    detail: "There is no subject with this id here. POST /v1/subjects makes a new one.",
  });
}
