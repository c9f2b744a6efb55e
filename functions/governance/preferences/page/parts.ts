// The parts of the page that stand beside the purposes: what is said of a change, signal and phase, everything at once, history, notice.
import type { Purpose } from "../../../shared/consent.ts";
import type { Language } from "../../../shared/languages.ts";
import { despite } from "./form.ts";
import { type Html, html } from "./html.ts";
import { inWords, listed } from "./languages.ts";
import type { Frame, Outcome, PageModel } from "./model.ts";
import { texts } from "./texts/index.ts";

/** The outcome of a change in words, for everyone and for a screen reader's live region. */
export function outcomeInWords({ language, purposes, outcome }: PageModel): string {
  if (!outcome) return "";
  const { messages, purposes: names, states, item } = texts[language];
  const stateOf = (purpose: Purpose) => states[purposes.find((each) => each.purpose === purpose)?.state ?? "none"];
  const saved = listed(
    outcome.saved.map((purpose) => item(names[purpose].name, stateOf(purpose))),
    language,
  );
  const unsaved = listed(
    outcome.unsaved.map(({ purpose, state }) => (state ? item(names[purpose].name, states[state]) : names[purpose].name)),
    language,
  );
  const done = saved === "" ? [] : [messages.saved(saved), outcome.enforcement === "pending" ? messages.pending : messages.applied];
  const kinds: Record<Outcome["kind"], readonly string[]> = {
    saved: done,
    nothing: [messages.nothing],
    confirm: [],
    stale: [...done, messages.stale(unsaved), messages.staleNothingLost],
    "read-only": [...done, messages.readOnly(unsaved)],
    foreign: [messages.foreign],
  };
  const named = (purposes: readonly Purpose[] = []) => namesIn(purposes, language);
  const signalled = named(outcome.signalled);
  const confirm = named(outcome.confirm?.purposes);
  return [
    ...kinds[outcome.kind],
    ...(confirm === "" ? [] : [messages.confirm(confirm)]),
    ...(signalled === "" ? [] : [messages.signalled(signalled)]),
  ].join(" ");
}

const namesIn = (purposes: readonly Purpose[], language: Language): string =>
  listed(
    purposes.map((purpose) => texts[language].purposes[purpose].name),
    language,
  );

/** The second step of allowing again what the person had opted out of: yes and no alike, as everywhere. */
export function confirmation(page: PageModel): Html {
  const { confirm } = page.outcome ?? {};
  if (!confirm) return html``;
  const words = texts[page.language].confirm;
  const asked = page.purposes.filter(({ purpose }) => confirm.purposes.includes(purpose));
  return html`<form class="card said" method="post" action="${actionOf(page)}" aria-labelledby="confirm">
<h2 id="confirm" tabindex="-1">${words.title}</h2>
<p>${words.plain(namesIn(confirm.purposes, page.language))}</p>${formFields(page)}
<input type="hidden" name="confirmation" value="${confirm.confirmation}">
${asked.map(({ purpose, conflict }) => html`<input type="hidden" name="${purpose}" value="${conflict ? despite : "allow"}">`)}
<div class="pair">
<button id="confirm-no" name="all" value="keep">${words.no}</button>
<button id="confirm-yes" name="save" value="all">${words.yes}</button>
</div>
</form>`;
}

/** Hidden fields of every form: what it was made from, and that it was made here. */
export const formFields = ({ form, notice }: PageModel): Html => html`
<input type="hidden" name="etag" value="${form.etag}">
<input type="hidden" name="token" value="${form.token}">
<input type="hidden" name="notice" value="${notice.sha256}">
<input type="hidden" name="served" value="${form.served}">`;

export const actionOf = ({ addresses, language }: Frame): string => `${addresses.page}?lang=${language}`;

/** 11 CCR 7025(c)(6): whether the signal was processed as a valid request to opt out is displayed. */
export function signal({ gpc, language }: Frame): Html {
  if (!gpc) return html``;
  const words = texts[language];
  const named = (purposes: readonly Purpose[]) => namesIn(purposes, language);
  const { off, despite } = gpc;
  return html`<section class="card said" aria-labelledby="gpc"><h2 id="gpc">${off.length > 0 ? words.gpc.honoured : words.gpc.sent}</h2>
${off.length > 0 && html`<p>${words.gpc.plain(named(off))}</p>`}${despite.length > 0 && html`<p>${words.gpc.despite(named(despite))}</p>`}</section>`;
}

export function phase({ readOnly, language }: PageModel): Html {
  if (!readOnly) return html``;
  const words = texts[language].readOnly;
  return html`<section class="card said" aria-labelledby="phase"><h2 id="phase">${words.title}</h2><p id="phase-plain">${words.plain}</p></section>`;
}

/** Yes and no to everything, each one click, alike in size and colour. */
export function everything(page: PageModel): Html {
  const words = texts[page.language].all;
  const granted = page.purposes.some(({ state }) => state === "granted");
  return html`<form class="card" method="post" action="${actionOf(page)}" aria-labelledby="all">
<h2 id="all">${words.title}</h2>
<p>${words.plain}</p>${formFields(page)}
<div class="pair">
<button id="refuse-all" name="all" value="refuse">${granted ? words.withdraw : words.refuse}</button>
<button id="allow-all" name="all" value="allow"${page.readOnly && html` disabled aria-describedby="phase-plain"`}>${words.allow}</button>
</div>
</form>`;
}

export function history(page: PageModel): Html {
  const { history: words, purposes, states, item } = texts[page.language];
  const { addresses, language } = page;
  const { entries, next } = page.history;
  const rows = entries.map(({ id, at, purpose, state, bySignal }) => {
    const what = item(purposes[purpose].name, state === undefined ? words.preferences : states[state]);
    const when = inWords(at, language);
    return html`<li><time datetime="${at}">${when}</time>
<span>${what}${bySignal && html` <small>(${words.signal})</small>`}</span>
<a href="${addresses.page}/receipts/${encodeURIComponent(id)}" download aria-label="${words.receiptOf(what, when)}">${words.receipt}</a></li>
`;
  });
  return html`<section class="card" aria-labelledby="history">
<h2 id="history">${words.title}</h2>
<p>${words.plain}</p>
${rows.length === 0 ? html`<p>${words.none}</p>` : html`<ol class="changes">${rows}</ol>`}
<p class="links">${page.earlier && html`<a href="${actionOf(page)}#history">${words.newest}</a>`}
${next !== undefined && html`<a href="${actionOf(page)}&amp;cursor=${encodeURIComponent(next)}#history">${words.earlier}</a>`}</p>
</section>`;
}

export function noticeShown({ notice, addresses, language }: PageModel): Html {
  const words = texts[language].notice;
  return html`<section class="notice" aria-labelledby="notice">
<h2 id="notice">${words.title}</h2>
<p>${words.shown(notice.id, notice.version)} <a href="${addresses.page}/notices/${notice.sha256}">${words.read}</a></p>
<p><code dir="ltr">${notice.sha256}</code></p>
</section>`;
}
