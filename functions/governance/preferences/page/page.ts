// The preference page, whole. Pure: the same model gives the same text. It works without a script; enhance.js makes it better.
import { directionOf, languages } from "../../../shared/languages.ts";
import { type Html, html } from "./html.ts";
import { localeOf } from "./languages.ts";
import type { Frame, PageModel } from "./model.ts";
import { actionOf, confirmation, everything, formFields, history, noticeShown, outcomeInWords, phase, signal } from "./parts.ts";
import { purposeSection } from "./purpose.ts";
import { texts } from "./texts/index.ts";

export function preferencePage(page: PageModel): string {
  const words = texts[page.language];
  const outcome = outcomeInWords(page);
  return framed(
    page,
    // The title is what a screen reader says first of a page that was loaded anew.
    outcome === "" ? words.title : `${outcome} ${words.title}`,
    html`<p id="status" class="status ${page.outcome?.kind ?? ""}" role="status" tabindex="-1"${outcome !== "" && html` autofocus`}>${outcome}</p>
<main id="main" data-etag="${page.form.etag}" data-locale="${localeOf(page.language)}" data-unreachable="${words.messages.unreachable}" data-elsewhere="${words.messages.elsewhere}">
<h1>${words.title}</h1>
<p class="lead">${words.lead}</p>
${confirmation(page)}${signal(page)}${phase(page)}${everything(page)}
<form method="post" action="${actionOf(page)}">${formFields(page)}
${enter}
${page.purposes.map((its) => purposeSection(page, its))}
<div class="last"><button id="save-all" name="save" value="all">${words.saveAll}</button></div>
</form>
${history(page)}${noticeShown(page)}
</main>`,
  );
}

/** Enter in a field presses the form's first button: it means all that was chosen. */
const enter = html`<button name="save" value="all" hidden></button>`;

/**
 * What a browser sees that shows no valid token: there is nothing to choose for, and it says so. Who wants to choose says it by the one button.
 * @param foreign whether the button was pressed by another site
 */
export function strangerPage(frame: Frame, foreign = false): string {
  const { noSubject, foreign: nothingChanged } = texts[frame.language].messages;
  const { title, plain, begin } = noSubject;
  return framed(
    frame,
    title,
    html`<main id="main"><h1>${title}</h1>${foreign && html`<p class="said" role="alert">${nothingChanged}</p>`}<p class="lead">${plain}</p>
<form method="post" action="${actionOf(frame)}"><button id="begin" name="begin" value="begin">${begin}</button></form>
${signal(frame)}</main>`,
  );
}

/** What a person sees while the service cannot serve. */
export function troublePage(frame: Frame): string {
  const { title, plain } = texts[frame.language].messages.trouble;
  return framed(frame, title, html`<main id="main"><h1>${title}</h1><p class="lead">${plain}</p></main>`);
}

/** A page with what stands around every one of them. */
export function framed(frame: Frame, title: string, body: Html): string {
  const { addresses, brand, language } = frame;
  const { style, script } = addresses;
  const words = texts[language];
  const switches = languages.map((each) => {
    const current = each === language;
    return html`<li><a href="${addresses.page}?lang=${each}" lang="${each}" hreflang="${each}" dir="${directionOf(each)}"${current && html` aria-current="true"`}>${texts[each].name}</a></li>`;
  });
  return html`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="${style.path}" integrity="${style.integrity}">
<script src="${script.path}" integrity="${script.integrity}" defer></script>
</head>
<body>
<a class="skip" href="#main">${words.skip}</a>
<header><a class="brand" href="/"><bdi>${brand}</bdi></a><nav aria-label="${words.language}"><ul>${switches}</ul></nav></header>
${body}
</body>
</html>
`.toString();
}
