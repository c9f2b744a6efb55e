// One thing that a person said about one purpose, with what proves under which circumstances: what the ledger seals and the log commits to.
import * as z from "zod";
import { purposes, recordedStates } from "../../../shared/consent.ts";
import { chosenSchema } from "../preferences-under.ts";

const instant = z.iso.datetime({ offset: true });
/** JSON that is hashed knows no half of a surrogate pair (RFC 8785 section 3.2.2.2). */
const wellFormed = z.string().refine((text) => text.isWellFormed(), "must be well-formed Unicode");
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** How it was said. `gpc`: by the browser's Global Privacy Control; `merge` and `reconcile` are the service's own, and only ever restrict. */
export const methods = ["form", "api", "gpc", "one-click", "merge", "reconcile"] as const;

export const consentEvent = z.strictObject({
  /** UUID, drawn for this event. */
  id: z.uuid(),
  /** Stands for the subject in ledger and log; never the subject id. */
  subject: z.uuid(),
  /** The consent epoch that it was said in. */
  epoch: z.int().min(1),
  purpose: z.enum(purposes),
  /** Absent where only the preferences under the purpose were said. */
  state: z.enum(recordedStates).optional(),
  /** All that is chosen under the purpose from then on; absent where nothing was said of it. */
  preferences: chosenSchema.optional(),
  /** `opt-in` or `opt-out`, and the law that says so (policy/legal-basis.ts), as of the moment. */
  basis: z.enum(["opt-in", "opt-out"]),
  regulation: z.string().min(1),
  jurisdiction: z.string().min(1),
  /** The notice that the person was shown: its text is found by the hash. */
  notice: z.strictObject({ id: wellFormed, version: wellFormed, sha256: digest, language: wellFormed }).optional(),
  /** When the notice was served, and when the person answered, by the surface's clock. */
  servedAt: instant.optional(),
  collectedAt: instant.optional(),
  /** When the person first asked for it, where it then had to confirm that separately: 11 CCR 7028(a). */
  requestedAt: instant.optional(),
  /** When this service took it, by the database's clock. */
  receivedAt: instant,
  /** After this instant a grant no longer counts. It is evaluated, and nothing is written then. */
  validUntil: instant.optional(),
  method: z.enum(methods),
  /** Where it was said: `preference-page`, an app's name. */
  surface: wellFormed.max(100),
  /** Who sent it: `edge`, or a service's name. */
  source: z.string().max(100),
  /** Whose word it is: the subject's own, or the service that acts for it. */
  actor: z.string().max(100),
  /** Whether the request carried `Sec-GPC: 1` (w3.org/TR/gpc). */
  gpc: z.boolean(),
  /** Granted although the signal was sent, after notice of the conflict: 11 CCR 7025(c)(3). */
  despiteSignal: z.literal(true).optional(),
  /** As they came (iabtechlab.com/gpp, iabeurope.eu/tcf). With a grant they were read, and did not contradict it. */
  gpp: wellFormed.max(4000).optional(),
  tcf: wellFormed.max(4000).optional(),
  /** The event that this one takes the place of. */
  supersedes: z.uuid().optional(),
  policyRevision: digest,
  /** Why it was written, where nobody asked for it. */
  reason: z.string().max(500).optional(),
});
export type ConsentEvent = z.infer<typeof consentEvent>;
