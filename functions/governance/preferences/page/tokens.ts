// Design tokens: what a brand changes to make the page its own. They become custom properties of the style sheet.
import { contrast } from "./contrast.ts";

export const colours = {
  page: { light: "#fbf8f2", dark: "#171a15" },
  card: { light: "#ffffff", dark: "#1f231c" },
  ink: { light: "#23291f", dark: "#eceee6" },
  quiet: { light: "#565f50", dark: "#b2baa9" },
  line: { light: "#ddd8cb", dark: "#3a4135" },
  /** Borders of what can be operated: 3 to 1 against the card (WCAG 2.2, 1.4.11). */
  edge: { light: "#7d8575", dark: "#87907d" },
  accent: { light: "#2f6b3c", dark: "#8fce9b" },
  "on-accent": { light: "#ffffff", dark: "#10210f" },
  said: { light: "#eaf3e6", dark: "#263324" },
} as const;

export const shapes = {
  radius: "12px",
  width: "46rem",
  font: "ui-sans-serif, system-ui, sans-serif",
  "head-font": "ui-serif, Georgia, serif",
} as const;

export type ColourToken = keyof typeof colours;
export type ShapeToken = keyof typeof shapes;

/** What a brand says otherwise; the rest stays. */
export interface Theme {
  readonly colours?: Readonly<Partial<Record<ColourToken, { readonly light: string; readonly dark: string }>>>;
  readonly shapes?: Readonly<Partial<Record<ShapeToken, string>>>;
}

type Scheme = "light" | "dark";

/** What the page puts on what, and how much they must differ: WCAG 2.2, 1.4.3 for text, 1.4.11 for what can be operated. */
const pairs: readonly (readonly [ColourToken, ColourToken, number])[] = [
  ["ink", "page", 4.5],
  ["ink", "card", 4.5],
  ["ink", "said", 4.5],
  ["quiet", "page", 4.5],
  ["quiet", "card", 4.5],
  ["accent", "page", 4.5],
  ["accent", "card", 4.5],
  ["on-accent", "accent", 4.5],
  ["accent", "said", 3],
  ["edge", "card", 3],
];

/** The custom properties of a theme. Throws one error with everything in it that cannot be read, or cannot be a token. */
export function tokens(theme: Theme = {}): string {
  const all = { ...colours, ...theme.colours };
  const shape = { ...shapes, ...theme.shapes };
  const wrong = [...wrongColours(all), ...wrongShapes(shape)];
  if (wrong.length > 0) throw new Error(`The theme cannot be used:\n${wrong.map((each) => `- ${each}`).join("\n")}`);
  const declared = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([token, value]) => `--${token}: ${value}`);
  const scheme = (name: Scheme) => declared(Object.fromEntries(Object.entries(all).map(([token, value]) => [token, value[name]])));
  return `:root { color-scheme: light dark; ${[...declared(shape), ...scheme("light")].join("; ")} }
@media (prefers-color-scheme: dark) { :root { ${scheme("dark").join("; ")} } }`;
}

function wrongColours(all: Readonly<Record<ColourToken, Readonly<Record<Scheme, string>>>>): string[] {
  return (["light", "dark"] as const).flatMap((scheme) => {
    const misspelt = Object.entries(all).flatMap(([token, { [scheme]: value }]) =>
      /^#[0-9a-f]{6}$/i.test(value) ? [] : [`${token} (${scheme}) is "${value}": write a colour as #rrggbb`],
    );
    if (misspelt.length > 0) return misspelt;
    return pairs.flatMap(([front, back, least]) => {
      const ratio = contrast(all[front][scheme], all[back][scheme]);
      const colours = `${front} ${all[front][scheme]} on ${back} ${all[back][scheme]} (${scheme})`;
      return ratio >= least ? [] : [`${colours} has a contrast of ${ratio.toFixed(2)}: WCAG 2.2 AA asks for ${least}`];
    });
  });
}

const wrongShapes = (shape: Readonly<Record<string, string>>): string[] =>
  Object.entries(shape).flatMap(([token, value]) =>
    /[;{}<>\\]/.test(value) ? [`${token} is "${value}": write one value of CSS, without any of ; { } < > \\`] : [],
  );
