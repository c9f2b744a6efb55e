// What a person may choose under a purpose, once it is allowed: how much, by which channels, about which topics, how often. Data, and what follows
// of it.
import * as z from "zod";
import { type Purpose, purposes } from "../../shared/consent.ts";

/**
 * Each group from the most to the least, where one is chosen: then to choose a later one restricts. `post` is more than the law of the purpose asks:
 * a letter is no electronic mail (Directive 2002/58/EC Art. 2(h)), and yet is sent only to whoever allows it here.
 *
 * Where a group was never answered all of its options are let through. So whoever adds an option has not been given it by those who said yes before:
 * their event names the notice that they were shown, which did not speak of it. Ask them again.
 */
const options = {
  tier: ["full", "essentials", "none"],
  channels: ["email", "sms", "push", "post"],
  topics: ["news", "offers", "events"],
  frequency: ["each", "weekly", "monthly"],
} as const;

export type GroupName = keyof typeof options;
export type OptionOf<Name extends GroupName> = (typeof options)[Name][number];

export interface PreferenceGroup {
  readonly name: GroupName;
  /** `one` of the options, or as `many` as the person likes, none included. */
  readonly choose: "one" | "many";
  readonly options: readonly string[];
}

/** What was chosen under a purpose, by group. A group that is not there was never answered: it sets no limit. */
export type Chosen = Readonly<Partial<Record<GroupName, readonly string[]>>>;
export type ChosenUnder = Readonly<Partial<Record<Purpose, Chosen>>>;

const many = (name: GroupName): PreferenceGroup => ({ name, choose: "many", options: options[name] });
const one = (name: GroupName): PreferenceGroup => ({ name, choose: "one", options: options[name] });
const groups: readonly PreferenceGroup[] = [one("tier"), many("channels"), many("topics"), one("frequency")];

export const preferencesUnder: Readonly<Record<Purpose, readonly PreferenceGroup[]>> = {
  personalisation: [],
  analytics: [],
  "email-marketing": groups,
  advertising: [],
};

const optionsOf = ({ choose, options }: PreferenceGroup) =>
  z
    .array(z.enum(options as readonly [string, ...string[]]))
    .min(choose === "one" ? 1 : 0)
    .max(choose === "one" ? 1 : options.length);

const shapeOf = <Schema extends z.ZodType>(each: readonly PreferenceGroup[], schema: (group: PreferenceGroup) => Schema) =>
  z.strictObject(Object.fromEntries(each.map((group) => [group.name, schema(group)])));

// What is made of lists has lost its names; the types give them back.
/** A choice as the ledger keeps it. */
export const chosenSchema = shapeOf(groups, (group) => optionsOf(group).optional()) as z.ZodType as z.ZodType<Chosen>;

/** A change of it: JSON merge patch (RFC 7396), in which `null` takes an answer back. */
export type ChosenPatch = Readonly<Partial<Record<GroupName, readonly string[] | null>>>;
export type ChosenPatches = Readonly<Partial<Record<Purpose, ChosenPatch>>>;

/** Of every purpose under which there is something to choose. */
export const chosenPatches = z.strictObject(
  Object.fromEntries(
    purposes
      .filter((purpose) => preferencesUnder[purpose].length > 0)
      .map((purpose) => [purpose, shapeOf(preferencesUnder[purpose], (group) => optionsOf(group).nullish()).optional()]),
  ),
) as z.ZodType as z.ZodType<ChosenPatches>;

/** The choice with the patch applied. The same choice is always the same text: each option once, in the group's own order. */
export function patched(held: Chosen, patch: ChosenPatch): Chosen {
  return Object.fromEntries(
    groups.flatMap(({ name, options }) => {
      const now = patch[name] === undefined ? held[name] : patch[name];
      return now === undefined || now === null ? [] : [[name, options.filter((option) => now.includes(option))]];
    }),
  );
}

/** Whether a choice lets more through than another one: an option more, or one that stands before. */
export const widens = (wanted: Chosen, held: Chosen): boolean =>
  groups.some((group) => {
    const before = letThrough(group, held);
    return letThrough(group, wanted).some((option) => !before.includes(option));
  });

/** What is chosen for a subject when another turns out to be the same person: under each purpose what both let through. */
export const mergedChoices = (own: ChosenUnder, other: ChosenUnder): ChosenUnder =>
  Object.fromEntries(
    (Object.entries(other) as [Purpose, Chosen][]).map(([purpose, chosen]) => [purpose, narrower(own[purpose] ?? {}, chosen)]),
  );

/** What two choices both let through. */
function narrower(one: Chosen, other: Chosen): Chosen {
  return Object.fromEntries(
    groups.flatMap((group) => {
      const { name, choose } = group;
      if (one[name] === undefined && other[name] === undefined) return [];
      const both = letThrough(group, one).filter((option) => letThrough(group, other).includes(option));
      return [[name, choose === "one" ? both.slice(0, 1) : both]];
    }),
  );
}

/** What a choice lets through of a group: all where nothing was answered; where one is chosen, that one and whatever is less. */
function letThrough({ name, choose, options }: PreferenceGroup, chosen: Chosen): readonly string[] {
  const its = chosen[name];
  if (its === undefined) return options;
  return choose === "one" ? options.slice(options.indexOf(its[0] as string)) : its;
}
