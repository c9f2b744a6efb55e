// What a form asks for, against what holds: which wishes it carries, and which choices it only keeps. Pure.
import { type Purpose, purposes, refusing } from "../../../shared/consent.ts";
import { type Chosen, type GroupName, type PreferenceGroup, preferencesUnder } from "../preferences-under.ts";
import type { DeskDocument, Wish, Wishes } from "./desk.ts";

export interface Form {
  readonly etag: string;
  readonly token: string;
  /** Digest of the notice that was shown. */
  readonly notice: string;
  /** When it was served; undefined where it names no instant that has been. */
  readonly served: string | undefined;
  /** What the person was asked to confirm with, in the form that does so. */
  readonly confirmation: string | undefined;
  /** What is to be saved. */
  readonly wishes: Wishes;
  /** Chosen in the form, but not what was to be saved now. */
  readonly kept: Wishes;
  /** To be allowed, but the browser says no, and nothing in the form told of that. */
  readonly signalled: readonly Purpose[];
}

/** Name of the field of a group of preferences. */
export const fieldOf = (purpose: string, group: GroupName): string => `${purpose}.${group}`;

/** What the page sends where a person allows something although the browser says no. */
export const despite = "despite-signal";

/**
 * Reads a form as the page has it. What it does not know it ignores; whatever is missing is empty.
 * @param conflicts purposes to which the browser's signal says no: they are allowed by a choice that told of it, and by none for everything at once
 */
export function readForm(fields: URLSearchParams, document: DeskDocument, conflicts: readonly Purpose[] = []): Form {
  const field = (name: string) => fields.get(name) ?? "";
  const all = field("all");
  const scope = field("save");
  const now = (purpose: Purpose) => all !== "" || scope === "all" || scope === purpose;
  const every = purposes.flatMap((purpose) => {
    const wish = all === "" ? wishOf(fields, purpose, document, now(purpose)) : stateWish(all, purpose, document);
    return wish ? [[purpose, wish] as const] : [];
  });
  const untold = ([purpose, { state, despiteSignal }]: readonly [Purpose, Wish]) =>
    conflicts.includes(purpose) && state === "granted" && !despiteSignal;
  const wished = every.filter((each) => !untold(each));
  return {
    etag: field("etag"),
    token: field("token"),
    notice: field("notice"),
    served: past(field("served")),
    confirmation: fields.get("confirmation") ?? undefined,
    wishes: Object.fromEntries(wished.filter(([purpose]) => now(purpose))),
    kept: Object.fromEntries(wished.filter(([purpose]) => !now(purpose))),
    signalled: every.filter((each) => untold(each) && now(each[0])).map(([purpose]) => purpose),
  };
}

/**
 * A yes is wished only where the person has just said it: what a stale form still shows of the past is none. A no that is to be saved counts
 * as it stands, and whoever refuses says nothing more.
 */
function wishOf(fields: URLSearchParams, purpose: Purpose, document: DeskDocument, now: boolean): Wish | undefined {
  const choice = fields.get(purpose) ?? "";
  const said = choice !== (fields.get(`${purpose}.held`) ?? "") || (now && choice === "refuse");
  const stated = said ? stateWish(choice, purpose, document) : undefined;
  if (choice === "refuse") return stated;
  const chosen = chosenIn(fields, purpose, document);
  if (!stated && !chosen) return undefined;
  return { ...stated, ...(chosen ? { chosen } : {}) };
}

function stateWish(choice: string, purpose: Purpose, { purposes: held }: DeskDocument): Wish | undefined {
  const { state } = held[purpose];
  if (choice === "allow") return state === "granted" ? undefined : { state: "granted" };
  if (choice === despite) return state === "granted" ? undefined : { state: "granted", despiteSignal: true };
  const no = choice === "refuse" ? refusing(state) : undefined;
  return no && { state: no };
}

function chosenIn(fields: URLSearchParams, purpose: Purpose, document: DeskDocument): Chosen | undefined {
  const changed = preferencesUnder[purpose].flatMap((group) => {
    const now = optionsIn(fields.getAll(fieldOf(purpose, group.name)), group);
    const before = optionsIn((fields.get(`${fieldOf(purpose, group.name)}.held`) ?? "").split(" "), group);
    const held = document.purposes[purpose].chosen[group.name] ?? [];
    return [before, held].some((each) => each.join() === now.join()) ? [] : [[group.name, now] as const];
  });
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/** The instant, if it is one and has been. */
function past(text: string): string | undefined {
  const at = Date.parse(text);
  return at <= Date.now() ? new Date(at).toISOString() : undefined;
}

/** The options among the values, in the group's own order. */
const optionsIn = (values: readonly string[], { options, choose }: PreferenceGroup): readonly string[] =>
  options.filter((option) => values.includes(option)).slice(0, choose === "one" ? 1 : undefined);
