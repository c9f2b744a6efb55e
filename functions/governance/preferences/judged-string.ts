// A consent string that comes with an event is no mere attachment: where it contradicts the yes that it came with, one of the two is wrong, and the
// yes is not taken. A no is always taken. Which bits speak of which purpose is data; lawyers review it with legal-basis.ts.
import * as z from "zod";
import { isRestricting, type Purpose, purposes, type RecordedState } from "../../shared/consent.ts";
import { ruleFor } from "../../shared/decision-table.ts";
import { ProblemError } from "../../shared/problem.ts";
import { readGpp, readTcf, type TcPermissions, UnreadableString } from "./consent-string.ts";
import { contradicted, type Law } from "./gpc.ts";

/** TCF Policies, Appendix A: purposes 1 to 11; 1 and 3 to 6 rest on consent alone. */
const tcfPurpose = z.int().min(1).max(11);
const consentOnly: readonly number[] = [1, 3, 4, 5, 6];

const mapping = z.record(
  z.enum(purposes),
  z.array(tcfPurpose).refine((all) => new Set(all).size === all.length, "must name each once"),
);

/**
 * The TCF purposes that a yes to one of ours needs, all of them. 1: store and access information on a device (ePrivacy Directive Art. 5(3)); 3, 4:
 * profiles for advertising; 5, 6: profiles for content; 8: measure content; 9: understand audiences. Of letters TCF says nothing.
 */
export const neededOfTcf: Readonly<Record<Purpose, readonly number[]>> = mapping.parse({
  personalisation: [1, 5, 6],
  analytics: [1, 8, 9],
  "email-marketing": [],
  advertising: [1, 3, 4],
});

export interface Claim {
  readonly purpose: Purpose;
  readonly state: RecordedState | undefined;
  readonly tcf?: string | undefined;
  readonly gpp?: string | undefined;
  /** Whether the person was told of its signal, and says yes all the same. */
  readonly despiteSignal: boolean;
}

/** A bit of a string that says no: in which section, under which name. */
interface Contradiction {
  readonly section: string;
  readonly field: string;
}

/** @throws ProblemError 422 that names the purpose, the section and the bit */
export function checkStrings({ purpose, state, tcf, gpp, despiteSignal }: Claim, law: Law): void {
  if (state === undefined || isRestricting(state)) return;
  const permissions = tcf === undefined ? undefined : readable("tcf", tcf, readTcf);
  const sections = gpp === undefined ? undefined : readable("gpp", gpp, readGpp);
  const found = [
    ...(permissions ? lackingIn(permissions, "tcf", purpose, law) : []),
    ...(sections?.tcf ? lackingIn(sections.tcf, "gpp tcfeuv2", purpose, law) : []),
    // The opt-outs are of sale, sharing and targeted advertising: of what Global Privacy Control speaks about.
    ...(contradicted(law).includes(purpose)
      ? (sections?.us ?? []).flatMap(({ name, optedOut, gpc }) =>
          [...optedOut, ...(gpc && !despiteSignal ? ["Gpc"] : [])].map((field) => ({ section: `gpp ${name}`, field })),
        )
      : []),
  ];
  if (found.length === 0) return;
  throw new ProblemError({
    status: 422,
    kind: "string-contradicts",
    title: "The consent string says no",
    detail: `"${purpose}" is said to be granted, but ${found.map(({ section, field }) => `${field} in ${section} says no`).join(", ")}. Report what the person said, with the string that says the same; a refusal is taken with any string.`,
    extensions: { purpose, contradictions: found },
  });
}

/** Where the purpose rests on consent, only consent is one; where it is on until somebody objects, not to have objected is enough, if TCF has it so. */
function lackingIn({ consents, legitimateInterests }: TcPermissions, section: string, purpose: Purpose, law: Law): Contradiction[] {
  const optOut = ruleFor(law.table, law.jurisdiction, purpose)?.basis === "opt-out";
  const enough = (number: number) => consents.has(number) || (optOut && !consentOnly.includes(number) && legitimateInterests.has(number));
  return neededOfTcf[purpose].filter((number) => !enough(number)).map((number) => ({ section, field: `PurposesConsent ${number}` }));
}

function readable<Read>(member: string, text: string, read: (text: string) => Read): Read {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof UnreadableString)) throw error;
    throw new ProblemError({
      status: 422,
      kind: "string-unreadable",
      title: "The consent string cannot be read",
      detail: `"${member}" is no string that bears out a yes: ${error.message}. Leave it out, or send it whole; with a refusal it is kept as it came.`,
      extensions: { errors: [{ at: member, message: error.message }] },
    });
  }
}
