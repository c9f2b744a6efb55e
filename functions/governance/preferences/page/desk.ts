// What the page needs of whoever keeps preferences: a small port. The ledger stands behind it.
import type { ConsentState, Purpose, RecordedState } from "../../../shared/consent.ts";
import type { SubjectId } from "../../../shared/subject-id.ts";
import type { Chosen } from "../preferences-under.ts";
import type { NoticeReference } from "./notices.ts";

export interface Held {
  readonly state: ConsentState;
  /** Until when a grant counts: RFC 3339. */
  readonly validUntil?: string | undefined;
  readonly chosen: Chosen;
  /** Granted although the browser sends Global Privacy Control: then the signal counts no more. */
  readonly despiteSignal: boolean;
}

/** What holds for a subject now. */
export interface DeskDocument {
  /** A strong validator (RFC 9110 section 8.8.3): another one whenever anything below is another. */
  readonly etag: string;
  readonly purposes: Readonly<Record<Purpose, Held>>;
  /** Phase 1 of a rollout: permitting changes are refused. */
  readonly readOnly: boolean;
}

/** What a person wants of a purpose: another state, other preferences under it, or both. */
export interface Wish {
  readonly state?: RecordedState | undefined;
  /** What is chosen of some groups; the others stay as they are. */
  readonly chosen?: Chosen | undefined;
  /** Whether the person was told that the browser says no, and grants it all the same. */
  readonly despiteSignal?: true | undefined;
}
export type Wishes = Readonly<Partial<Record<Purpose, Wish>>>;

export interface DeskChange {
  readonly wishes: Wishes;
  /** ETag of the document that the person saw. */
  readonly ifMatch: string;
  /** The notice that was shown; undefined where the form names one that is not ours, or no longer. */
  readonly notice: NoticeReference | undefined;
  /** When the form was served, where it says so, and when it came back: RFC 3339. */
  readonly servedAt: string | undefined;
  readonly collectedAt: string;
  /** Whether the request carried Global Privacy Control. */
  readonly gpc: boolean;
  /** From the problem that asked for it, where the person has confirmed what it wants again. */
  readonly confirmation: string | undefined;
}

/** One thing a person said, as the ledger has it. */
export interface HistoryEntry {
  readonly id: string;
  readonly at: string;
  readonly purpose: Purpose;
  /** Undefined where only preferences under the purpose were changed. */
  readonly state: RecordedState | undefined;
  /** Whether the browser said it (Global Privacy Control), not the person's hand. */
  readonly bySignal: boolean;
}

export interface History {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Where the earlier ones begin, if there are any. */
  readonly next?: string | undefined;
}

export interface Receipt {
  readonly mediaType: string;
  readonly text: string;
}

/** Throws a `ProblemError` where it cannot serve: 404 unknown subject, 503 no database, and those of `change`. */
export interface PreferenceDesk {
  /** Makes a new subject, because a person asked for it. */
  begin(): Promise<SubjectId>;
  document(subject: SubjectId): Promise<DeskDocument>;
  /** Takes Global Privacy Control for the word of the person that it is. */
  heedSignal(subject: SubjectId): Promise<void>;
  /**
   * All or nothing; what is already so is no change. What only restricts is taken with any ETag; what permits is refused with 412 (428) when stale, its problem naming in
   * `resend` the restricting part if there is one, and with 403 (`read-only`) in phase 1. What the person had opted out of is refused with 409
   * (`confirmation-required`), its problem naming `purposes` and a `confirmation`, until that comes with it.
   */
  change(subject: SubjectId, change: DeskChange): Promise<{ readonly enforcement: "applied" | "pending" }>;
  history(subject: SubjectId, cursor: string | undefined): Promise<History>;
  /** The receipt of an event of this very subject; undefined for any other id. */
  receipt(subject: SubjectId, id: string): Promise<Receipt | undefined>;
}
