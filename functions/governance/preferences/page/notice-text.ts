// What the page tells before a choice, as one plain text: made from the same words and data as the page, so that neither changes alone.
import { type Purpose, purposes } from "../../../shared/consent.ts";
import { type DecisionTable, ruleFor } from "../../../shared/decision-table.ts";
import { type Language, languages } from "../../../shared/languages.ts";
import { contradicted } from "../gpc.ts";
import { preferencesUnder } from "../preferences-under.ts";
import { countryName, listed } from "./languages.ts";
import { isOwnPromise, provisionsOf, wordsFor } from "./law.ts";
import { type Notice, Notices } from "./notices.ts";
import { texts } from "./texts/index.ts";
import { type Vendor, vendorsOf } from "./vendors.ts";

/** Raise it when anything changes that a notice says. */
export const noticeVersion = 4;

export interface Told {
  readonly jurisdiction: string;
  readonly table: DecisionTable;
  readonly vendors: readonly Vendor[];
}

/** The notices of a jurisdiction, one in each language. */
export const noticesOf = (told: Told): Promise<Notices> => Notices.of(languages.map((language) => noticeIn(language, told)));

export function noticeIn(language: Language, told: Told): Notice {
  const { title, lead } = texts[language];
  const text = [title, lead, ...purposes.map((purpose) => paragraph(purpose, language, told))].join("\n\n");
  return { id: `preferences-${told.jurisdiction}`, version: noticeVersion, language, text: `${text}\n` };
}

function paragraph(purpose: Purpose, language: Language, told: Told): string {
  const { jurisdiction, table, vendors } = told;
  const { purposes: names, facts, gpc, groups, unticked, item } = texts[language];
  const { name, plain } = names[purpose];
  const rule = ruleFor(table, jurisdiction, purpose);
  const law = (rule && provisionsOf(rule.law)) ?? [];
  return [
    name,
    plain,
    ...preferencesUnder[purpose].map(({ name, options }) => {
      const { title, options: words } = groups[name] as { readonly title: string; readonly options: Readonly<Record<string, string>> };
      const all = options.map((option) => words[option] as string);
      return `${item(title, listed(all, language))}. ${unticked.open}`;
    }),
    item(facts.basis, basisInWords(rule, language)),
    ...law.map((provision) => `${provision.cite}: "${wordsFor(provision, language).text}"`),
    `${facts.recipients}:`,
    ...vendorsOf(vendors, purpose).map((vendor) => `- ${vendorInWords(vendor, language)}`),
    // Whoever allows it although the browser says no must have been told: 11 CCR 7025(c)(3).
    ...(contradicted(told).includes(purpose) ? [gpc.notice] : []),
  ].join("\n");
}

export function basisInWords(rule: { readonly basis: string; readonly law: string } | undefined, language: Language): string {
  const { optIn, optOut, ownPromise } = texts[language].facts;
  if (rule?.basis === "opt-out") return optOut;
  return rule && isOwnPromise(rule.law) ? ownPromise : optIn;
}

function vendorInWords({ name, role, country }: Vendor, language: Language): string {
  const { processor, thirdParty } = texts[language].facts;
  return `${name} (${countryName(country, language)}): ${role === "processor" ? processor : thirdParty}`;
}
