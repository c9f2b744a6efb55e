// One page of a tea house that does not exist. `data-slot` marks what the edge may personalise, `data-part` the parts it may fill.

const style = `
  :root { color-scheme: light dark; --paper: #fbf8f2; --ink: #23291f; --quiet: #5d6656; --leaf: #2f6b3c; --on-leaf: #fff; --line: #ddd8cb; --card: #fff }
  @media (prefers-color-scheme: dark) { :root { --paper: #171a15; --ink: #eceee6; --quiet: #a9b1a0; --leaf: #8fce9b; --on-leaf: #10210f; --line: #343a30; --card: #1f231c } }
  * { box-sizing: border-box }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 ui-sans-serif, system-ui, sans-serif }
  a { color: var(--leaf) }
  :focus-visible { outline: 3px solid var(--leaf); outline-offset: 3px; border-radius: 4px }
  .skip { position: absolute; left: -999px } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem }
  .wide { max-width: 66rem; margin: 0 auto; padding: 0 1.25rem }
  header .wide { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; padding-block: 1.25rem }
  .brand { font: 600 1.25rem/1 ui-serif, Georgia, serif; color: inherit; text-decoration: none; margin-right: auto }
  nav ul { display: flex; gap: 1.5rem; list-style: none; margin: 0; padding: 0 } nav a { color: inherit }
  .hero { border-block: 1px solid var(--line); background: linear-gradient(120deg, color-mix(in srgb, var(--leaf) 16%, var(--paper)), var(--paper)) }
  .hero .wide { padding-block: clamp(3rem, 9vw, 7rem) }
  h1 { font: 600 clamp(2.1rem, 6vw, 3.75rem)/1.1 ui-serif, Georgia, serif; margin: 0 0 1rem; max-width: 18ch; text-wrap: balance }
  .hero p { font-size: 1.2rem; color: var(--quiet); max-width: 48ch; margin: 0 0 2rem }
  .button { display: inline-block; background: var(--leaf); color: var(--on-leaf); padding: .75rem 1.5rem; border-radius: 999px; text-decoration: none; font-weight: 600 }
  h2 { font: 600 1.5rem/1.2 ui-serif, Georgia, serif; margin: 3rem 0 1.25rem }
  .teas { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1.25rem; list-style: none; margin: 0; padding: 0 }
  .teas li { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem }
  .teas h3 { margin: 0 0 .25rem; font-size: 1.1rem } .teas p { margin: 0; color: var(--quiet) }
  footer { margin-top: 4rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .95rem } footer .wide { padding-block: 1.5rem }`;

const teas = [
  ["Morning Ridge", "Black, malty, stands up to milk."],
  ["Green Quarter", "Steamed green tea, grassy and sweet."],
  ["Ember", "Roasted oolong with a note of hazelnut."],
] as const;

const hero = `
    <section class="hero" data-slot="hero" aria-labelledby="hero-title">
      <div class="wide">
        <h1 id="hero-title" data-part="title">Tea, grown slowly</h1>
        <p data-part="text">Small gardens, one harvest at a time. We pack what was picked this season and nothing else.</p>
        <a class="button" data-part="action" href="#season">See this season</a>
      </div>
    </section>
    <section class="wide" aria-labelledby="season">
      <h2 id="season">This season</h2>
      <ul class="teas">${teas.map(([name, text]) => `<li><h3>${name}</h3><p>${text}</p></li>`).join("")}</ul>
    </section>`;

const notFound = `
    <section class="wide"><h1>This page is still growing</h1><p>We have no page at this address. <a href="/">Back to the start</a></p></section>`;

/** The whole document: the home page, or the page that says there is none. */
export function html(home: boolean): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${home ? "Fernhollow, tea grown slowly" : "Not found, Fernhollow"}</title>
    <meta name="description" content="Single-garden teas, packed in season.">
    <style>${style}
    </style>
  </head>
  <body>
    <a class="skip" href="#main">Skip to content</a>
    <header><div class="wide">
      <a class="brand" href="/">Fernhollow</a>
      <nav aria-label="Main"><ul><li><a href="/#season">This season</a></li><li><a href="/#about">About</a></li></ul></nav>
    </div></header>
    <main id="main">${home ? hero : notFound}
    </main>
    <footer id="about"><div class="wide">Fernhollow is a made-up tea house. It stands where your own site will.</div></footer>
  </body>
</html>
`;
}
