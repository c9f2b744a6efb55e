// What a person may choose under a purpose, once it is allowed: by which channels, about which topics, how often. Data.
import type { Purpose } from "../../../shared/consent.ts";

/**
 * Post is no channel of `email-marketing`: what its law calls electronic mail is any message kept until its recipient collects it (Directive
 * 2002/58/EC Art. 2(h)), and a letter is not.
 */
const options = {
  channels: ["email", "sms", "push"],
  topics: ["news", "offers", "events"],
  frequency: ["each", "weekly", "monthly"],
} as const;

export type GroupName = keyof typeof options;
export type OptionOf<Name extends GroupName> = (typeof options)[Name][number];

export interface PreferenceGroup {
  readonly name: GroupName;
  /** `one` of the options, or as `many` as the person likes. */
  readonly choose: "one" | "many";
  readonly options: readonly string[];
}

/** What was chosen under a purpose, by group. A group that is not there was never answered. */
export type Chosen = Readonly<Partial<Record<GroupName, readonly string[]>>>;

const many = (name: GroupName): PreferenceGroup => ({ name, choose: "many", options: options[name] });
const one = (name: GroupName): PreferenceGroup => ({ name, choose: "one", options: options[name] });

export const preferencesUnder: Readonly<Record<Purpose, readonly PreferenceGroup[]>> = {
  personalisation: [],
  analytics: [],
  "email-marketing": [many("channels"), many("topics"), one("frequency")],
  advertising: [],
};
