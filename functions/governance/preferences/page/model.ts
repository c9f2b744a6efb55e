// What the page is made from. Whoever has this has all that the page can say.
import type { ConsentState, Purpose, RecordedState } from "../../../shared/consent.ts";
import type { Decision, Rule } from "../../../shared/decision-table.ts";
import type { Language } from "../../../shared/languages.ts";
import type { Chosen } from "../preferences-under.ts";
import type { History } from "./desk.ts";
import type { NoticeReference } from "./notices.ts";
import type { Vendor } from "./vendors.ts";

export type Choice = "allow" | "refuse";

export interface PurposeOnPage {
  readonly purpose: Purpose;
  readonly state: ConsentState;
  readonly validUntil?: string | undefined;
  readonly rule: Rule | undefined;
  /** What the policy makes of it for this very request. */
  readonly decision: Decision;
  readonly vendors: readonly Vendor[];
  readonly chosen: Chosen;
  /** Whether the browser's signal says no to what the person might allow: then the person is told, and may allow it all the same. */
  readonly conflict: boolean;
  /** What the person chose and could not be saved: it stays marked. */
  readonly unsaved?: { readonly choice?: Choice | undefined; readonly chosen?: Chosen | undefined } | undefined;
}

/** What a change came to, in the order in which it is said. */
export interface Outcome {
  readonly kind: "saved" | "nothing" | "confirm" | "stale" | "read-only" | "foreign";
  readonly saved: readonly Purpose[];
  readonly unsaved: readonly { readonly purpose: Purpose; readonly state: RecordedState | undefined }[];
  readonly enforcement?: "applied" | "pending" | undefined;
  /** What was not allowed because the browser says no, and the form did not tell of that. */
  readonly signalled?: readonly Purpose[] | undefined;
  /** What the person wants again after opting out of it, and must confirm: 11 CCR 7028(a). */
  readonly confirm?: { readonly purposes: readonly Purpose[]; readonly confirmation: string } | undefined;
}

/** Where the page's parts are. */
export interface Addresses {
  /** Path of the page itself. */
  readonly page: string;
  readonly style: Asset;
  readonly script: Asset;
}

export interface Asset {
  readonly path: string;
  readonly text: string;
  readonly mediaType: string;
  /** Subresource integrity: https://www.w3.org/TR/SRI/ */
  readonly integrity: string;
}

export interface Frame {
  readonly language: Language;
  /** The name of who asks. */
  readonly brand: string;
  readonly addresses: Addresses;
  /** What the browser's signal (`Sec-GPC: 1`) opts out of, and what the person has allowed all the same; undefined where it sends none. */
  readonly gpc: { readonly off: readonly Purpose[]; readonly despite: readonly Purpose[] } | undefined;
}

export interface PageModel extends Frame {
  readonly purposes: readonly PurposeOnPage[];
  readonly readOnly: boolean;
  readonly notice: NoticeReference;
  /** What every form carries. */
  readonly form: { readonly etag: string; readonly token: string; readonly served: string };
  readonly history: History;
  /** Whether the history shown begins with an earlier change than the newest. */
  readonly earlier: boolean;
  readonly outcome?: Outcome | undefined;
}
