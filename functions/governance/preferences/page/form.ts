// What a form asks for, against what holds: which wishes it carries, and which choices it only keeps. Pure.
import { type Purpose, purposes } from "../../../shared/consent.ts";
import type { DeskDocument, Wish, Wishes } from "./desk.ts";
import { type Chosen, type PreferenceGroup, preferencesUnder } from "./preferences-under.ts";
import { fieldOf } from "./purpose.ts";

export interface Form {
  readonly etag: string;
  readonly idempotencyKey: string;
  readonly token: string;
  /** Digest of the notice that was shown. */
  readonly notice: string;
  /** What is to be saved. */
  readonly wishes: Wishes;
  /** Chosen in the form, but not what was to be saved now. */
  readonly kept: Wishes;
}

/** Reads a form as the page has it. What it does not know it ignores; whatever is missing is empty. */
export function readForm(fields: URLSearchParams, document: DeskDocument): Form {
  const field = (name: string) => fields.get(name) ?? "";
  const all = field("all");
  const scope = field("save");
  const wished = purposes.flatMap((purpose) => {
    const wish = all === "" ? wishOf(fields, purpose, document) : stateWish(all, purpose, document);
    return wish ? [[purpose, wish] as const] : [];
  });
  const now = (purpose: Purpose) => all !== "" || scope === "all" || scope === purpose;
  return {
    etag: field("etag"),
    idempotencyKey: field("key"),
    token: field("token"),
    notice: field("notice"),
    wishes: Object.fromEntries(wished.filter(([purpose]) => now(purpose))),
    kept: Object.fromEntries(wished.filter(([purpose]) => !now(purpose))),
  };
}

/** Only what the person changed is wished: what a stale form still shows of elsewhere's past is not. */
function wishOf(fields: URLSearchParams, purpose: Purpose, document: DeskDocument): Wish | undefined {
  const choice = fields.get(purpose) ?? "";
  const stated = choice === (fields.get(`${purpose}.held`) ?? "") ? undefined : stateWish(choice, purpose, document);
  // Whoever refuses says nothing more.
  if (choice === "refuse") return stated;
  const chosen = chosenIn(fields, purpose);
  if (!stated && !chosen) return undefined;
  return { ...stated, ...(chosen ? { chosen } : {}) };
}

function stateWish(choice: string, purpose: Purpose, { purposes: held }: DeskDocument): Wish | undefined {
  const { state } = held[purpose];
  if (choice === "allow") return state === "granted" ? undefined : { state: "granted" };
  if (choice !== "refuse" || state === "denied" || state === "withdrawn") return undefined;
  return { state: state === "none" ? "denied" : "withdrawn" };
}

function chosenIn(fields: URLSearchParams, purpose: Purpose): Chosen | undefined {
  const changed = preferencesUnder[purpose].flatMap((group) => {
    const now = optionsIn(fields.getAll(fieldOf(purpose, group.name)), group);
    const before = optionsIn((fields.get(`${fieldOf(purpose, group.name)}.held`) ?? "").split(" "), group);
    return now.join() === before.join() ? [] : [[group.name, now] as const];
  });
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/** The options among the values, in the group's own order. */
const optionsIn = (values: readonly string[], { options, choose }: PreferenceGroup): readonly string[] =>
  options.filter((option) => values.includes(option)).slice(0, choose === "one" ? 1 : undefined);
