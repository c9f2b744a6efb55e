// On what each purpose rests in each jurisdiction. Data, not code: lawyers review this file and consent.cedar, nothing else.
import type { Purpose } from "../../shared/consent.ts";
import type { Rule } from "../../shared/decision-table.ts";

export type LegalBasis = Pick<Rule, "basis" | "law" | "validDays">;

/** Purposes that hand data to others: what Global Privacy Control speaks about. */
export const sharing: readonly Purpose[] = ["advertising"];

// Six months: CNIL, guidelines on cookies and other trackers (2020), as good practice for how long a choice is kept.
const halfYear = 182;
const year = 365;

const optIn = (law: string, validDays: number): LegalBasis => ({ basis: "opt-in", law, validDays });
const optOut = (law: string): LegalBasis => ({ basis: "opt-out", law, validDays: year });

/** `*` holds for every jurisdiction without an entry: whoever adds a region gets the strictest basis until the law there was read. */
export const legalBasis: Readonly<Record<string, Readonly<Record<Purpose, LegalBasis>>>> = {
  "*": {
    personalisation: optIn("strictest of all", halfYear),
    analytics: optIn("strictest of all", halfYear),
    "email-marketing": optIn("strictest of all", halfYear),
    advertising: optIn("strictest of all", halfYear),
  },
  eu: {
    personalisation: optIn("GDPR Art. 6(1)(a), ePrivacy Directive Art. 5(3)", halfYear),
    analytics: optIn("GDPR Art. 6(1)(a), ePrivacy Directive Art. 5(3)", halfYear),
    "email-marketing": optIn("GDPR Art. 6(1)(a), ePrivacy Directive Art. 13(1)", halfYear),
    advertising: optIn("GDPR Art. 6(1)(a), ePrivacy Directive Art. 5(3)", halfYear),
  },
  // Privacy and Electronic Communications (EC Directive) Regulations 2003: devices, letters.
  uk: {
    personalisation: optIn("UK GDPR Art. 6(1)(a), PECR 2003 reg. 6", halfYear),
    analytics: optIn("UK GDPR Art. 6(1)(a), PECR 2003 reg. 6", halfYear),
    "email-marketing": optIn("UK GDPR Art. 6(1)(a), PECR 2003 reg. 22", halfYear),
    advertising: optIn("UK GDPR Art. 6(1)(a), PECR 2003 reg. 6", halfYear),
  },
  us: {
    // Stricter than the law asks: no subject is personalised anywhere before saying so.
    personalisation: optIn("own promise, beyond Cal. Civ. Code 1798.100", year),
    analytics: optOut("Cal. Civ. Code 1798.100"),
    "email-marketing": optOut("CAN-SPAM Act, 15 U.S.C. 7704"),
    advertising: optOut("Cal. Civ. Code 1798.120, 11 CCR 7025"),
  },
  sg: {
    personalisation: optIn("PDPA 2012 s. 13", year),
    analytics: optIn("PDPA 2012 s. 13", year),
    "email-marketing": optIn("PDPA 2012 s. 13, Spam Control Act 2007 s. 11", year),
    advertising: optIn("PDPA 2012 s. 13", year),
  },
};
