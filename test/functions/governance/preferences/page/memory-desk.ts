// A desk without a ledger: what the port promises, kept in memory, for one subject. The rules of change are the service's own.
import { createHash } from "node:crypto";
import { changesOf, checkPrecondition, choicesOf, type Wanted } from "../../../../../functions/governance/preferences/change.ts";
import type {
  DeskChange,
  DeskDocument,
  Held,
  HistoryEntry,
  PreferenceDesk,
  Wish,
} from "../../../../../functions/governance/preferences/page/desk.ts";
import type { Chosen } from "../../../../../functions/governance/preferences/preferences-under.ts";
import {
  type ConsentRecord,
  isRestricting,
  nothingSaid,
  type Purpose,
  purposes,
  type RecordedState,
  stateAt,
} from "../../../../../functions/shared/consent.ts";
import { ProblemError } from "../../../../../functions/shared/problem.ts";
import { newSubjectId } from "../../../../../functions/shared/subject-id.ts";

const pageLength = 3;

export class MemoryDesk implements PreferenceDesk {
  readonly subject = newSubjectId("eu");
  /** Every change that was asked for, whatever came of it. */
  readonly asked: DeskChange[] = [];
  /** How many people have asked to be known. */
  begun = 0;
  readOnly = false;
  enforcement: "applied" | "pending" = "applied";
  /** What is allowed again in two steps. */
  twoSteps: readonly Purpose[] = [];
  /** Thrown by whatever is asked next. */
  trouble: ProblemError | undefined;
  #record: ConsentRecord = nothingSaid;
  #chosen: Partial<Record<Purpose, Chosen>> = {};
  #events: HistoryEntry[] = [];
  readonly #despite = new Set<Purpose>();
  /** How often Global Privacy Control was to be heeded. */
  heeded = 0;

  /** What the person said elsewhere. */
  say(purpose: Purpose, state: RecordedState, bySignal = false): void {
    const epoch = this.#record.epoch + 1;
    const validUntil = state === "granted" ? { validUntil: "2099-05-23T12:00:00.000Z" } : {};
    this.#record = { epoch, purposes: { ...this.#record.purposes, [purpose]: { state, epoch, ...validUntil } } };
    const at = new Date(Date.UTC(2026, 10, 22, 9, epoch)).toISOString();
    this.#events = [{ id: `event-${epoch}`, at, purpose, state, bySignal }, ...this.#events];
  }

  choose(purpose: Purpose, chosen: Chosen): void {
    this.#chosen = { ...this.#chosen, [purpose]: { ...this.#chosen[purpose], ...chosen } };
  }

  stateOf(purpose: Purpose) {
    return stateAt(this.#record, purpose, new Date());
  }

  chosenFor(purpose: Purpose): Chosen {
    return this.#chosen[purpose] ?? {};
  }

  async begin() {
    this.begun++;
    return this.subject;
  }

  async document(): Promise<DeskDocument> {
    if (this.trouble) throw this.trouble;
    const held = (purpose: Purpose): Held => ({
      state: this.stateOf(purpose),
      validUntil: this.#record.purposes[purpose]?.validUntil,
      chosen: this.chosenFor(purpose),
      despiteSignal: this.#despite.has(purpose) && this.stateOf(purpose) === "granted",
    });
    return {
      etag: this.#etag(),
      purposes: Object.fromEntries(purposes.map((purpose) => [purpose, held(purpose)])) as Record<Purpose, Held>,
      readOnly: this.readOnly,
    };
  }

  async heedSignal(): Promise<void> {
    this.heeded++;
  }

  async change(_subject: string, change: DeskChange) {
    this.asked.push(change);
    const wishes = Object.entries(change.wishes) as [Purpose, Wish][];
    const wanted: Wanted = Object.fromEntries(wishes.flatMap(([purpose, { state }]) => (state ? [[purpose, state]] : [])));
    const changes = changesOf(this.#record, wanted, new Date());
    if (this.readOnly && !changes.every(([, state]) => isRestricting(state)))
      throw new ProblemError({ status: 403, kind: "read-only", title: "Phase 1", detail: "Phase 1 is read-only." });
    const patches = Object.fromEntries(wishes.flatMap(([purpose, { chosen }]) => (chosen ? [[purpose, chosen]] : [])));
    checkPrecondition(changes, choicesOf(this.#chosen, patches), change.ifMatch, this.#etag());
    const again = changes.filter(([purpose, state]) => state === "granted" && this.#isRefused(purpose)).map(([purpose]) => purpose);
    const confirmation = `yes to ${again.join()} at ${this.#etag()}`;
    if (again.length > 0 && change.confirmation !== confirmation)
      throw new ProblemError({
        status: 409,
        kind: "confirmation-required",
        title: "Please confirm",
        detail: "Once more.",
        extensions: { purposes: again, confirmation },
      });
    for (const [purpose, state] of changes) {
      this.say(purpose, state);
      if (change.wishes[purpose]?.despiteSignal) this.#despite.add(purpose);
    }
    for (const [purpose, { chosen }] of wishes) if (chosen) this.choose(purpose, chosen);
    return { enforcement: this.enforcement };
  }

  #isRefused(purpose: Purpose): boolean {
    return this.twoSteps.includes(purpose) && ["denied", "withdrawn"].includes(this.stateOf(purpose));
  }

  async history(_subject: string, cursor: string | undefined) {
    const from = Number(cursor ?? 0);
    const entries = this.#events.slice(from, from + pageLength);
    return { entries, next: from + pageLength < this.#events.length ? String(from + pageLength) : undefined };
  }

  async receipt(_subject: string, id: string) {
    const event = this.#events.find((each) => each.id === id);
    return event && { mediaType: "application/ld+json", text: JSON.stringify(event) };
  }

  #etag(): string {
    const all = JSON.stringify([this.#record, this.#chosen, this.readOnly]);
    return `"${createHash("sha256").update(all).digest("base64url").slice(0, 22)}"`;
  }
}
