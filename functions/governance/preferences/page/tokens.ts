// Design tokens: what a brand changes to make the page its own. They become custom properties of the style sheet.

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

/** The custom properties of a theme. Throws on a value that would end its declaration. */
export function tokens(theme: Theme = {}): string {
  const all = { ...colours, ...theme.colours };
  const scheme = (name: "light" | "dark") => Object.entries(all).map(([token, value]) => declaration(token, value[name]));
  const shape = Object.entries({ ...shapes, ...theme.shapes }).map(([token, value]) => declaration(token, value));
  return `:root { color-scheme: light dark; ${[...shape, ...scheme("light")].join("; ")} }
@media (prefers-color-scheme: dark) { :root { ${scheme("dark").join("; ")} } }`;
}

function declaration(token: string, value: string): string {
  if (/[;{}<>\\]/.test(value))
    throw new Error(`The design token "${token}" is "${value}": a token is one value of CSS, without any of ; { } < > \\.`);
  return `--${token}: ${value}`;
}
