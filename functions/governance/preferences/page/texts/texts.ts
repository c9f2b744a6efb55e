// Everything the page says, as a type: a catalogue that lacks a text, or has one too many, does not compile.
import type { ConsentState, Purpose } from "../../../../shared/consent.ts";
import type { GroupName, OptionOf } from "../../preferences-under.ts";

export interface Texts {
  /** The language's own name. */
  readonly name: string;
  readonly title: string;
  readonly lead: string;
  readonly skip: string;
  readonly language: string;
  readonly purposes: Readonly<Record<Purpose, { readonly name: string; readonly plain: string }>>;
  /** What holds, as a word, and as a sentence after the purpose's name in the history. */
  readonly states: Readonly<Record<ConsentState, string>>;
  readonly on: string;
  readonly off: string;
  readonly allow: string;
  readonly refuse: string;
  readonly choiceOf: (purpose: string) => string;
  readonly save: (purpose: string) => string;
  readonly saveAll: string;
  readonly all: {
    readonly title: string;
    readonly plain: string;
    readonly allow: string;
    readonly refuse: string;
    readonly withdraw: string;
  };
  readonly facts: {
    readonly title: string;
    readonly basis: string;
    readonly optIn: string;
    readonly optOut: string;
    readonly ownPromise: string;
    readonly law: string;
    readonly recipients: string;
    readonly until: string;
    readonly processor: string;
    readonly thirdParty: string;
  };
  readonly under: string;
  /** At a group of which nothing is ticked: because it was never answered, and so sets no limit, or because nothing of it is wanted. */
  readonly unticked: { readonly open: string; readonly none: string };
  readonly groups: { readonly [Name in GroupName]: { readonly title: string; readonly options: Readonly<Record<OptionOf<Name>, string>> } };
  readonly gpc: {
    readonly honoured: string;
    readonly plain: (purposes: string) => string;
    /** At a purpose that it opts out of. */
    readonly here: string;
    /** The choice to allow it all the same. */
    readonly allow: string;
    /** Where the person has done so: as a title, of purposes, and at a purpose. */
    readonly sent: string;
    readonly despite: (purposes: string) => string;
    readonly overridden: string;
    /** Of the conflict, in the notice. */
    readonly notice: string;
  };
  /** The second step of allowing again what the person had refused. */
  readonly confirm: {
    readonly title: string;
    readonly plain: (purposes: string) => string;
    readonly yes: string;
    readonly no: string;
  };
  readonly readOnly: { readonly title: string; readonly plain: string };
  readonly messages: {
    readonly saved: (what: string) => string;
    readonly applied: string;
    readonly pending: string;
    readonly nothing: string;
    readonly stale: (what: string) => string;
    readonly staleNothingLost: string;
    readonly readOnly: (what: string) => string;
    readonly confirm: (what: string) => string;
    readonly foreign: string;
    readonly signalled: (what: string) => string;
    readonly unreachable: string;
    readonly elsewhere: string;
    readonly trouble: { readonly title: string; readonly plain: string };
    readonly noSubject: { readonly title: string; readonly plain: string; readonly begin: string };
  };
  /** One purpose and its state, in a list. */
  readonly item: (purpose: string, state: string) => string;
  readonly unsaved: string;
  readonly history: {
    readonly title: string;
    readonly plain: string;
    readonly none: string;
    readonly receipt: string;
    readonly receiptOf: (what: string, when: string) => string;
    readonly signal: string;
    /** Instead of a state, where only preferences under the purpose were changed. */
    readonly preferences: string;
    readonly earlier: string;
    readonly newest: string;
  };
  /** The way out of a letter. */
  readonly unsubscribe: {
    readonly title: (purpose: string) => string;
    readonly plain: string;
    readonly button: string;
    readonly done: { readonly title: string; readonly plain: (purpose: string) => string };
    readonly unknown: { readonly title: string; readonly plain: string };
    readonly choices: string;
  };
  readonly notice: { readonly title: string; readonly shown: (id: string, version: number) => string; readonly read: string };
}
