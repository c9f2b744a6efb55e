// How the page looks: from 320 px up, in both directions of writing, in the colours that the person's system asks for.
import { type Theme, tokens } from "./tokens.ts";

export const style = (theme?: Theme): string => `${tokens(theme)}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--page); color: var(--ink); font: 1.0625rem/1.55 var(--font); overflow-wrap: anywhere }
:lang(ja) { line-break: strict }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px }
.skip { position: absolute; inset-inline-start: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--card); z-index: 1 }
.skip:not(:focus) { clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; white-space: nowrap; padding: 0 }
header, main, .status { max-width: var(--width); margin-inline: auto; padding-inline: 1.25rem }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; justify-content: space-between; padding-block: 1.25rem .5rem }
.brand { font: 600 1.25rem/1.2 var(--head-font); color: inherit; text-decoration: none }
nav ul { display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; margin: 0; padding: 0; font-size: .95rem }
nav a { display: inline-block; padding-block: .35rem; color: var(--quiet) }
nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none }
main { padding-block-end: 4rem }
h1 { font: 600 clamp(1.9rem, 6vw, 2.75rem)/1.15 var(--head-font); margin: 1.5rem 0 .75rem; text-wrap: balance }
h2 { font: 600 1.25rem/1.3 var(--head-font); margin: 0 }
p { margin: .5rem 0 }
.lead { font-size: 1.15rem; color: var(--quiet); margin-block-end: 1.5rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.25rem; margin-block: 1rem }
.said { background: var(--said); border-inline-start: 4px solid var(--accent) }
p.said { padding: .6rem .9rem; border-radius: 6px }
.status { background: var(--said); border: 2px solid var(--accent); border-radius: var(--radius); max-width: calc(var(--width) - 2.5rem); padding-block: .9rem; margin-block: .75rem }
.status:empty { border: 0; padding-block: 0; margin-block: 0; background: none }
.head { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between }
.state { margin: 0; color: var(--quiet); font-size: .95rem }
.state b { color: var(--ink); border: 1px solid var(--edge); border-radius: 999px; padding: .05rem .6rem; margin-inline-end: .35rem }
.state.on b { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
fieldset { border: 0; margin: 1rem 0 0; padding: 0; min-width: 0 }
legend { padding: 0; font-weight: 600; font-size: .95rem }
.label { font-weight: 600; margin: 0 }
.under { margin-block-start: 1rem; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line) }
.under fieldset { margin-block-start: .6rem }
.under legend { font-weight: 400; color: var(--quiet) }
.hint { font-size: .95rem; margin: .1rem 0 0 }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12rem, 100%), 1fr)); gap: .75rem; margin-block: .5rem }
.options { display: flex; flex-wrap: wrap; gap: .5rem; margin-block: .4rem }
.option { display: flex; gap: .6rem; align-items: center; min-height: 2.75rem; padding: .45rem .9rem; border: 1px solid var(--edge); border-radius: 8px; cursor: pointer }
.option:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--said) }
.option:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 3px }
.option input:focus-visible { outline: 0 }
input { accent-color: var(--accent); inline-size: 1.15rem; block-size: 1.15rem; flex: none; margin: 0 }
button { font: 600 1rem/1.3 var(--font); min-height: 2.75rem; padding: .6rem 1.25rem; border: 1px solid var(--accent); border-radius: 999px; background: var(--accent); color: var(--on-accent); cursor: pointer }
section > button { margin-block-start: 1rem }
button:disabled, .option:has(:disabled) { background: none; color: var(--quiet); border: 1px dashed var(--edge); cursor: not-allowed }
[aria-busy="true"] button { opacity: .6 }
.unsaved { color: var(--ink); font-weight: 600 }
.unsaved::before { content: "●"; color: var(--accent); margin-inline-end: .4rem }
details { margin-block-start: 1rem; border-block-start: 1px solid var(--line); padding-block-start: .6rem }
summary { cursor: pointer; padding-block: .25rem; color: var(--quiet) }
.facts { margin: .5rem 0 0; font-size: .95rem; color: var(--quiet) } .facts div { display: flex; flex-wrap: wrap; gap: 0 .5rem } dt { font-weight: 600 } dd { margin: 0 }
h3 { font: 600 1rem/1.4 var(--font); margin: .75rem 0 .25rem } details ul { margin: 0; padding-inline-start: 1.2rem }
cite { font-style: normal; display: block } q { color: var(--quiet); display: block; unicode-bidi: isolate }
.last { margin-block: 1.5rem }
.changes { list-style: none; margin: .75rem 0; padding: 0 }
.changes li { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; padding-block: .5rem; border-block-end: 1px solid var(--line) }
.changes time { color: var(--quiet); flex: 0 0 15rem } .changes span { flex: 1 1 10rem }
.links { display: flex; gap: 1.5rem } .links:not(:has(a)) { display: none }
.changes a, .links a, .notice a { display: inline-block; padding-block: .1rem }
.notice { color: var(--quiet); font-size: .95rem; margin-block-start: 2rem } .notice h2 { font-size: 1rem } code { font-size: .8125rem; word-break: break-all }
@media (max-width: 30rem) { .card { padding: 1rem } section > button, .last button { width: 100% } }
@media (forced-colors: active) { .option:has(:checked) { outline: 2px solid Highlight } .state.on b { forced-color-adjust: none; background: Highlight; color: HighlightText } :focus-visible { outline-color: Highlight } }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
@media print { header nav, button, .skip { display: none } .card { break-inside: avoid } }
`;
