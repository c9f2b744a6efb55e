// The page's desk over the store: what a person says on the page goes to the ledger, and what the page shows comes from there.
import { type Purpose, purposes } from "../../shared/consent.ts";
import { newSubjectId, type SubjectId } from "../../shared/subject-id.ts";
import { byThePerson, type Speaker } from "./authentication.ts";
import { etagOf, type PreferencesDocument } from "./document.ts";
import type { Entry } from "./ledger/ledger.ts";
import type { DeskChange, DeskDocument, Held, HistoryEntry, PreferenceDesk, Wish, Wishes } from "./page/desk.ts";
import { receiptOf, receiptType } from "./receipt.ts";
import type { ChangeRequest, PreferencesStore, Said } from "./store.ts";

const surface = "preference-page";
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Changes on one page of the history. */
const pageLength = 20;

export interface DeskParts {
  readonly store: PreferencesStore;
  /** Of the subjects that it makes. */
  readonly region: string;
  /** Who gives the receipts: the region's own host name. */
  readonly publisher: string;
  /** Whether the edge holds what was said. */
  readonly enforcement: (subject: SubjectId) => Promise<"applied" | "pending">;
  /** Records what Global Privacy Control asks for. @param surface where it was sent @param who has sent it here */
  readonly heedSignal: (subject: SubjectId, surface: string, who: Speaker) => Promise<void>;
}

export function pageDesk({ store, region, publisher, enforcement, heedSignal }: DeskParts): PreferenceDesk {
  return {
    begin: async () => {
      const subject = newSubjectId(region);
      await store.create(subject);
      return subject;
    },
    document: async (subject) => deskDocument(await store.document(subject), store.readOnly),
    heedSignal: (subject) => heedSignal(subject, surface, byThePerson),
    change: async (subject, change) => {
      const { ifMatch, confirmation } = change;
      await store.change({ subject, ...wishedIn(change.wishes), said: saidOnPage(change), ifMatch, confirmation });
      return { enforcement: await enforcement(subject) };
    },
    history: async (subject, cursor) => {
      const before = /^\d{1,15}$/.test(cursor ?? "") ? Number(cursor) : undefined;
      const entries = await store.latest(subject, before, pageLength);
      const last = entries.at(-1)?.position;
      return { entries: entries.map(shown), next: entries.length === pageLength && last !== undefined ? String(last) : undefined };
    },
    receipt: async (subject, id) => {
      const entry = uuid.test(id) ? await store.event(subject, id) : undefined;
      return entry && { mediaType: receiptType, text: receiptOf(entry.event, entry.commitment, publisher) };
    },
  };
}

function deskDocument(document: PreferencesDocument, readOnly: boolean): DeskDocument {
  const held = (purpose: Purpose): Held => ({
    state: document.purposes[purpose],
    validUntil: document.validUntil[purpose],
    chosen: document.preferences[purpose] ?? {},
    despiteSignal: document.despiteSignal.includes(purpose),
  });
  return {
    etag: etagOf(document),
    purposes: Object.fromEntries(purposes.map((purpose) => [purpose, held(purpose)])) as Record<Purpose, Held>,
    readOnly,
  };
}

function wishedIn(wishes: Wishes): Pick<ChangeRequest, "purposes" | "preferences" | "despiteSignal"> {
  const all = Object.entries(wishes) as [Purpose, Wish][];
  return {
    purposes: Object.fromEntries(all.flatMap(([purpose, { state }]) => (state ? [[purpose, state]] : []))),
    preferences: Object.fromEntries(all.flatMap(([purpose, { chosen }]) => (chosen ? [[purpose, chosen]] : []))),
    despiteSignal: all.flatMap(([purpose, { despiteSignal }]) => (despiteSignal ? [purpose] : [])),
  };
}

function saidOnPage({ notice, servedAt, collectedAt, gpc }: DeskChange): Said {
  return {
    method: "form",
    surface,
    source: "edge",
    actor: "subject",
    gpc,
    ...(notice ? { notice: { ...notice, version: String(notice.version) } } : {}),
    ...(servedAt === undefined ? {} : { servedAt }),
    collectedAt,
  };
}

const shown = ({ event }: Entry): HistoryEntry => ({
  id: event.id,
  at: event.receivedAt,
  purpose: event.purpose,
  state: event.state,
  bySignal: event.method === "gpc",
});
