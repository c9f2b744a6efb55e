// The consent model: what a subject has said about each purpose, and what that amounts to at a moment.
import * as z from "zod/mini";

export const purposes = ["personalisation", "analytics", "email-marketing", "advertising"] as const;
/** Why data is used. Each has its legal basis per jurisdiction (functions/governance/policy/legal-basis.ts). */
export type Purpose = (typeof purposes)[number];
export const isPurpose = (value: unknown): value is Purpose => purposes.includes(value as Purpose);

export const recordedStates = ["granted", "denied", "withdrawn"] as const;
/** What a person can say. */
export type RecordedState = (typeof recordedStates)[number];

export const consentStates = [...recordedStates, "expired", "none"] as const;
/** What holds at a moment. `expired` is evaluated from `validUntil` and never written; `none` means nothing was ever said. */
export type ConsentState = (typeof consentStates)[number];

export interface ConsentEntry {
  readonly state: RecordedState;
  /** The consent epoch in which this was said: of two words on one purpose the one with the larger epoch is the later. */
  readonly epoch: number;
  /** RFC 3339 instant after which a grant no longer counts. */
  readonly validUntil?: string | undefined;
  /** Granted although the browser sent Global Privacy Control, by a person who had been told of that: then the signal counts no more. */
  readonly despiteSignal?: true | undefined;
}

/**
 * Everything a subject has said, as of one consent epoch. The epoch is 0 before the first word and grows with every change,
 * restricting or not: so a newer record always has the larger epoch, and replaying an older one can never win.
 */
export interface ConsentRecord {
  readonly epoch: number;
  /** By purpose. A reader must bear purposes it does not know: a newer writer may have introduced them. */
  readonly purposes: Readonly<Record<string, ConsentEntry>>;
  /** The last record of a subject that was erased: it refuses everything, no other ever replaces it, and it need not be kept. */
  readonly erased?: true | undefined;
}

export const nothingSaid: ConsentRecord = { epoch: 0, purposes: {} };

/** What the record amounts to for a purpose at an instant. */
export function stateAt(record: ConsentRecord, purpose: string, now: Date): ConsentState {
  const entry = wordOn(record, purpose);
  if (!entry) return "none";
  const over = entry.state === "granted" && entry.validUntil !== undefined && Date.parse(entry.validUntil) <= now.getTime();
  return over ? "expired" : entry.state;
}

/** Whether Global Privacy Control, where it is sent, counts for a purpose: not for one that was granted despite it. */
export function signalCounts(record: ConsentRecord, purpose: string): boolean {
  const entry = wordOn(record, purpose);
  return !(entry?.state === "granted" && entry.despiteSignal === true);
}

/** What was said on a purpose; not what every object inherits. */
function wordOn({ purposes }: ConsentRecord, purpose: string): ConsentEntry | undefined {
  return Object.hasOwn(purposes, purpose) ? purposes[purpose] : undefined;
}

/** How a person says no to what holds: a first answer is `denied`, whatever was said before is `withdrawn`. Undefined where it is a no already. */
export function refusing(state: ConsentState): RecordedState | undefined {
  if (state === "denied" || state === "withdrawn") return undefined;
  return state === "none" ? "denied" : "withdrawn";
}

/** Whether saying this can only take permission away. Restricting changes are never refused for being late. */
export function isRestricting(state: RecordedState): boolean {
  return state !== "granted";
}

/**
 * Whether a record may take the place of another: it is of a later epoch, and permits more than the other only where its word was said
 * later. The second guards what the first cannot: a database restored to an earlier moment counts past the epochs it has forgotten, but
 * its old words keep their old epochs.
 */
export function mayReplace(record: ConsentRecord, held: ConsentRecord): boolean {
  if (record.epoch <= held.epoch) return false;
  // Also where the other speaks of purposes that we do not know.
  if (record.erased) return true;
  return Object.keys(held.purposes).every((purpose) => settled(record, held, purpose) === wordOn(record, purpose));
}

/** What remains of a subject that was erased. */
export const erasedRecord: ConsentRecord = {
  epoch: Number.MAX_SAFE_INTEGER,
  purposes: Object.fromEntries(purposes.map((purpose) => [purpose, { state: "withdrawn", epoch: Number.MAX_SAFE_INTEGER }])),
  erased: true,
};

/**
 * What changes for a subject when another turns out to be the same person: on each purpose the word that permits less. A grant of the other is
 * never taken over, for who granted it was not known; where the other said nothing, that is no refusal.
 * @param epoch in which the words are said anew
 */
export function mergedWords(own: ConsentRecord, other: ConsentRecord, epoch: number): Readonly<Record<string, ConsentEntry>> {
  const less = Object.entries(other.purposes).filter(([purpose, word]) => permission(word) < permission(wordOn(own, purpose)));
  // That the signal counts no more is a permission as well, and only one's own.
  const despite = (purpose: string, word: ConsentEntry) => (wordOn(own, purpose)?.despiteSignal ? word.despiteSignal : undefined);
  return Object.fromEntries(less.map(([purpose, word]) => [purpose, { ...word, epoch, despiteSignal: despite(purpose, word) }]));
}

/** Two records that know nothing of each other as one: on each purpose the later word, else the one that permits less. `epoch` is of the result. */
export function leastPermissive(own: ConsentRecord, held: ConsentRecord, epoch: number): ConsentRecord {
  const all = new Set([...Object.keys(own.purposes), ...Object.keys(held.purposes)]);
  const said = [...all].flatMap((purpose) => {
    const entry = settled(own, held, purpose);
    if (entry === undefined) return [];
    // A word taken over from the other record is said anew, in this epoch.
    return [[purpose, entry === wordOn(own, purpose) ? entry : { ...entry, epoch }] as const];
  });
  return { epoch, purposes: Object.fromEntries(said) };
}

/** Of two records' words on a purpose the one that counts; the first record's where both are as good. */
function settled(own: ConsentRecord, held: ConsentRecord, purpose: string): ConsentEntry | undefined {
  const [mine, other] = [wordOn(own, purpose), wordOn(held, purpose)];
  if (mine && (!other || mine.epoch > other.epoch)) return mine;
  if (permission(other) !== permission(mine)) return permission(other) < permission(mine) ? other : mine;
  return mine?.despiteSignal && !other?.despiteSignal ? other : mine;
}

/** How much a word permits, to compare: a refusal nothing, silence what the law's default is, a grant everything until its end. */
function permission(entry: ConsentEntry | undefined): number {
  if (!entry) return 0;
  if (isRestricting(entry.state)) return -1;
  return entry.validUntil === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.validUntil);
}

const schema = z.object({
  epoch: z.int().check(z.minimum(0)),
  erased: z.optional(z.literal(true)),
  purposes: z.record(
    z.string().check(z.regex(/^[a-z][a-z0-9-]{0,63}$/)),
    z.object({
      state: z.enum(recordedStates),
      epoch: z.int().check(z.minimum(1)),
      validUntil: z.optional(z.iso.datetime({ offset: true })),
      despiteSignal: z.optional(z.literal(true)),
    }),
  ),
});

/** Reads a record that came from outside. Throws a zod error that names every wrong member. */
export function parseConsentRecord(value: unknown): ConsentRecord {
  return schema.parse(value);
}
