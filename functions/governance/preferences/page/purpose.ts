// One purpose: what it is, what holds, the choice, on what it rests and who receives data.

import { type PreferenceGroup, preferencesUnder } from "../preferences-under.ts";
import { despite, fieldOf } from "./form.ts";
import { type Html, html } from "./html.ts";
import { countryName, inWords, listParts } from "./languages.ts";
import { provisionsOf, wordsFor } from "./law.ts";
import type { Choice, PageModel, PurposeOnPage } from "./model.ts";
import { basisInWords } from "./notice-text.ts";
import { texts } from "./texts/index.ts";

/** The choice that stands for a state; none for one that was never made, or is over. */
export const choiceFor = (state: PurposeOnPage["state"]): Choice | undefined =>
  state === "granted" ? "allow" : state === "denied" || state === "withdrawn" ? "refuse" : undefined;

/** The purpose as a part of the one form. */
export function purposeSection(page: PageModel, its: PurposeOnPage): Html {
  const words = texts[page.language];
  const { purpose, state, decision } = its;
  const { name, plain } = words.purposes[purpose];
  const told = its.conflict ? words.gpc.here : page.gpc?.despite.includes(purpose) && words.gpc.overridden;
  return html`<section class="card" id="${purpose}" aria-labelledby="${purpose}-name">
<div class="head">
<h2 id="${purpose}-name">${name}</h2>
<p class="state ${decision.allow ? "on" : "off"}"><b>${decision.allow ? words.on : words.off}</b> ${words.states[state]}</p>
</div>
<p>${plain}</p>
${facts(page, its)}
${told && html`<p class="said" id="${purpose}-signal">${told}</p>`}
${choice(page, its)}
${preferencesUnder[purpose].length > 0 && html`<div class="under"><p class="label">${words.under}</p>${preferencesUnder[purpose].map((group) => groupOf(page, its, group))}</div>`}
<button id="save-${purpose}" name="save" value="${purpose}">${words.save(name)}</button>
${details(page, its)}
</section>`;
}

function choice(page: PageModel, { purpose, state, unsaved, conflict }: PurposeOnPage): Html {
  const words = texts[page.language];
  const held = choiceFor(state);
  const marked = unsaved?.choice ?? held;
  const radio = (choice: Choice, label: string, disabled: boolean) => {
    const against = conflict && choice === "allow";
    // To allow something although the browser says no must be one's own explicit choice: it is never marked beforehand.
    const checked = marked === choice && !against;
    return html`<label class="option"><input type="radio" id="${purpose}-${choice}" name="${purpose}" value="${against ? despite : choice}"${checked && html` checked`}${disabled && html` disabled aria-describedby="phase-plain"`}> <span>${against ? words.gpc.allow : label}</span></label>`;
  };
  return html`<input type="hidden" name="${purpose}.held" value="${held ?? ""}">
<fieldset${conflict && html` aria-describedby="${purpose}-signal"`}><legend>${words.choiceOf(words.purposes[purpose].name)}</legend>
<div class="pair">${radio("refuse", words.refuse, false)}${radio("allow", words.allow, page.readOnly && held !== "allow")}</div>
${unsaved && html`<p class="unsaved">${words.unsaved}</p>`}
</fieldset>`;
}

function groupOf(page: PageModel, { purpose, chosen, unsaved }: PurposeOnPage, group: PreferenceGroup): Html {
  const { groups, unticked } = texts[page.language];
  const words = groups[group.name] as { readonly title: string; readonly options: Readonly<Record<string, string>> };
  const held = chosen[group.name] ?? [];
  // Boxes without a tick must not be read as a no where nothing was answered, nor as no answer where they are a no.
  const hint = held.length > 0 ? undefined : chosen[group.name] === undefined ? unticked.open : unticked.none;
  const hintId = `${purpose}-${group.name}-hint`;
  const marked = unsaved?.chosen?.[group.name] ?? held;
  const options = group.options.map(
    (option) =>
      html`<label class="option"><input type="${group.choose === "many" ? "checkbox" : "radio"}" id="${purpose}-${group.name}-${option}" name="${fieldOf(purpose, group.name)}" value="${option}"${marked.includes(option) && html` checked`}> <span>${words.options[option]}</span></label>`,
  );
  return html`<input type="hidden" name="${fieldOf(purpose, group.name)}.held" value="${held.join(" ")}">
<fieldset${hint !== undefined && html` aria-describedby="${hintId}"`}><legend>${words.title}</legend>${hint !== undefined && html`<p class="hint" id="${hintId}">${hint}</p>`}<div class="options">${options}</div></fieldset>`;
}

function facts({ language }: PageModel, { rule, vendors, validUntil }: PurposeOnPage): Html {
  const words = texts[language].facts;
  // Each name by itself: in a text from right to left a foreign name keeps its own direction, and the list that of the text.
  const names = listParts(
    vendors.map(({ name }) => name),
    language,
  ).map(({ type, value }) => (type === "element" ? html`<bdi>${value}</bdi>` : html`${value}`));
  return html`<dl class="facts">
<div><dt>${words.basis}</dt><dd>${basisInWords(rule, language)}</dd></div>
${names.length > 0 && html`<div><dt>${words.recipients}</dt><dd>${names}</dd></div>`}
${validUntil !== undefined && html`<div><dt>${words.until}</dt><dd><time datetime="${validUntil}">${inWords(validUntil, language)}</time></dd></div>`}
</dl>`;
}

function details({ language }: PageModel, { rule, vendors }: PurposeOnPage): Html {
  const words = texts[language].facts;
  const provisions = rule && provisionsOf(rule.law);
  const quoted = provisions?.map((provision) => {
    const { text, language: its } = wordsFor(provision, language);
    return html`<p><cite lang="en" dir="ltr">${provision.cite}</cite> <q lang="${its}" dir="ltr">${text}</q></p>`;
  });
  const recipients = vendors.map(
    ({ name, role, country }) =>
      html`<li><bdi>${name}</bdi> (${countryName(country, language)}): ${role === "processor" ? words.processor : words.thirdParty}</li>`,
  );
  return html`<details><summary>${words.title}</summary>
${rule && (quoted === undefined || quoted.length > 0) && html`<h3>${words.law}</h3>${quoted ?? html`<p><cite lang="en" dir="ltr">${rule.law}</cite></p>`}`}
${recipients.length > 0 && html`<h3>${words.recipients}</h3><ul>${recipients}</ul>`}
</details>`;
}
