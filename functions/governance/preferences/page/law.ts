// The provisions that legal-basis.ts names, in their own words. Data: where a law exists in several languages, each is its official text.
import type { Language } from "../../../shared/languages.ts";

export interface Provision {
  readonly cite: string;
  /** In the languages in which the text is law; a reader of another language is shown the English one, marked as English. */
  readonly words: Readonly<Partial<Record<Language, string>> & { en: string }>;
}

/** Regulation (EU) 2016/679. */
const consent: Provision = {
  cite: "GDPR Art. 6(1)(a)",
  words: {
    en: "the data subject has given consent to the processing of his or her personal data for one or more specific purposes",
    de: "Die betroffene Person hat ihre Einwilligung zu der Verarbeitung der sie betreffenden personenbezogenen Daten für einen oder mehrere bestimmte Zwecke gegeben",
    fr: "la personne concernée a consenti au traitement de ses données à caractère personnel pour une ou plusieurs finalités spécifiques",
  },
};

/** Directive 2002/58/EC as amended by Directive 2009/136/EC. */
const terminal: Provision = {
  cite: "ePrivacy Directive Art. 5(3)",
  words: {
    en: "the storing of information, or the gaining of access to information already stored, in the terminal equipment of a subscriber or user is only allowed on condition that the subscriber or user concerned has given his or her consent",
    fr: "le stockage d’informations, ou l’obtention de l’accès à des informations déjà stockées, dans l’équipement terminal d’un abonné ou d’un utilisateur n’est permis qu’à condition que l’abonné ou l’utilisateur ait donné son accord",
  },
};

const electronicMail: Provision = {
  cite: "ePrivacy Directive Art. 13(1)",
  words: {
    en: "The use of automated calling and communication systems without human intervention (automatic calling machines), facsimile machines (fax) or electronic mail for the purposes of direct marketing may be allowed only in respect of subscribers or users who have given their prior consent.",
    de: "Die Verwendung von automatischen Anruf- und Kommunikationssystemen ohne menschlichen Eingriff (automatische Anrufmaschinen), Faxgeräten oder elektronischer Post für die Zwecke der Direktwerbung darf nur bei vorheriger Einwilligung der Teilnehmer oder Nutzer gestattet werden.",
  },
};

const notToSell: Provision = {
  cite: "Cal. Civ. Code 1798.120(a)",
  words: {
    en: "A consumer shall have the right, at any time, to direct a business that sells or shares personal information about the consumer to third parties not to sell or share the consumer’s personal information.",
  },
};

/** Regulation (EU) 2016/679 as it is part of the law of the United Kingdom. */
const ukConsent: Provision = {
  cite: "UK GDPR Art. 6(1)(a)",
  words: { en: consent.words.en },
};

/** Privacy and Electronic Communications (EC Directive) Regulations 2003. */
const ukElectronicMail: Provision = {
  cite: "PECR 2003 reg. 22(2)",
  words: {
    en: "a person shall neither transmit, nor instigate the transmission of, unsolicited communications for the purposes of direct marketing by means of electronic mail unless the recipient of the electronic mail has previously notified the sender that he consents for the time being to such communications being sent by, or at the instigation of, the sender",
  },
};

const proportionate: Provision = {
  cite: "Cal. Civ. Code 1798.100(c)",
  words: {
    en: "A business’s collection, use, retention, and sharing of a consumer’s personal information shall be reasonably necessary and proportionate to achieve the purposes for which the personal information was collected or processed",
  },
};

const canSpam: Provision = {
  cite: "15 U.S.C. 7704(a)(4)(A)",
  words: {
    en: "If a recipient makes a request using a mechanism provided pursuant to paragraph (3) not to receive some or any commercial electronic mail messages from such sender, then it is unlawful (i) for the sender to initiate the transmission to the recipient, more than 10 business days after the receipt of such request, of a commercial electronic mail message that falls within the scope of the request",
  },
};

/** Personal Data Protection Act 2012, Singapore. */
const pdpa: Provision = {
  cite: "PDPA 2012 s. 13(a)",
  words: {
    en: "the individual gives, or is deemed to have given, his or her consent under this Act to the collection, use or disclosure, as the case may be",
  },
};

/** By what legal-basis.ts has as `law`. A promise of our own that goes beyond the law has no words of a law. */
const provisions: Readonly<Record<string, readonly Provision[]>> = {
  "strictest of all": [],
  "GDPR Art. 6(1)(a), ePrivacy Directive Art. 5(3)": [consent, terminal],
  "GDPR Art. 6(1)(a), ePrivacy Directive Art. 13(1)": [consent, electronicMail],
  "UK GDPR Art. 6(1)(a), PECR 2003 reg. 6": [ukConsent],
  "UK GDPR Art. 6(1)(a), PECR 2003 reg. 22": [ukConsent, ukElectronicMail],
  "own promise, beyond Cal. Civ. Code 1798.100": [proportionate],
  "Cal. Civ. Code 1798.100": [proportionate],
  "CAN-SPAM Act, 15 U.S.C. 7704": [canSpam],
  "Cal. Civ. Code 1798.120, 11 CCR 7025": [notToSell],
  "PDPA 2012 s. 13": [pdpa],
  "PDPA 2012 s. 13, Spam Control Act 2007 s. 11": [pdpa],
};

/** The provisions behind a legal basis, or undefined where nobody has looked them up. */
export const provisionsOf = (law: string): readonly Provision[] | undefined =>
  Object.hasOwn(provisions, law) ? provisions[law] : undefined;

/** Whether we ask for more than the law does. */
export const isOwnPromise = (law: string): boolean => law.startsWith("own promise");

/** The words of a provision for a reader, and in which language they are. */
export function wordsFor({ words }: Provision, language: Language): { readonly text: string; readonly language: Language } {
  const own = words[language];
  return own === undefined ? { text: words.en, language: "en" } : { text: own, language };
}
