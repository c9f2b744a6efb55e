// How the page looks: one column that fits a phone, tables that become cards there, the reader's own choice of light or dark.
export const style = `
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1c2024; --soft: #5a6370; --line: #d9dee4; --raised: #f6f8fa;
  --good: #14692f; --good-back: #e2f4e7; --warn: #7d4e00; --warn-back: #fdf1d8; --bad: #a3151c; --bad-back: #fde7e7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111418; --ink: #e6e9ed; --soft: #9aa5b1; --line: #313842; --raised: #1a1f25;
    --good: #6fd68d; --good-back: #12301d; --warn: #f0c060; --warn-back: #33270e; --bad: #ff9b96; --bad-back: #3d1719;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
p { margin: .5rem 0; }
header { border-left: .4rem solid; border-radius: .4rem; padding: 1rem; }
header.yes { border-color: var(--good); background: var(--good-back); }
header.no { border-color: var(--bad); background: var(--bad-back); }
header ul { margin: .5rem 0 0; padding-left: 1.2rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: 1rem 0; font-size: .9rem; }
a { color: inherit; }
code { overflow-wrap: anywhere; font: .86em/1.45 ui-monospace, monospace; background: var(--raised); border-radius: .25rem; padding: .05em .3em; }
pre { font: .82rem/1.5 ui-monospace, monospace; background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem; margin: .3rem 0 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.good { color: var(--good); font-weight: 600; } .warn { color: var(--warn); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
td > div > div + div { margin-top: .25rem; }
summary { cursor: pointer; font-weight: 600; margin: 2rem 0 .6rem; font-size: 1.1rem; }
figure { margin: 1rem 0; }
figcaption { font-weight: 600; margin-bottom: .3rem; }
.legend { color: var(--soft); font-size: .9rem; }
svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.box { fill: var(--raised); stroke: var(--soft); stroke-width: 1.2; }
.create .box { stroke: var(--good); fill: var(--good-back); }
.change .box { stroke: var(--warn); fill: var(--warn-back); }
.replace .box, .delete .box { stroke: var(--bad); fill: var(--bad-back); stroke-width: 2; }
.name, .kind { text-anchor: middle; font: 600 12px system-ui, sans-serif; fill: var(--ink); }
.kind { font: 11px system-ui, sans-serif; fill: var(--soft); }
.edge { fill: none; stroke: var(--soft); stroke-width: 1.3; opacity: .75; } .edge.needs { stroke-dasharray: 4 4; } .end { fill: var(--soft); }
footer { color: var(--soft); font-size: .85rem; margin-top: 3rem; }
@media (max-width: 44rem) {
  .wide { display: none; } .narrow { display: block; }
  thead { display: none; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border: 1px solid var(--line); border-radius: .5rem; padding: .3rem .7rem; margin-bottom: .6rem; }
  td { border: 0; padding: .25rem 0; }
  td:empty { display: none; }
  .compact td { display: flex; gap: .6rem; } .compact td::before { flex: 0 0 5.5rem; }
  td::before { content: attr(data-head); display: block; color: var(--soft); font-size: .8rem; line-height: 1.9; }
}
@media print { nav { display: none; } }
`;
