// What a declaration's comment says of a property's values, where it says it in a form that can be relied on.

// "Valid values are", "Possible values for the mode:", ... "Valid values include" names examples only and does not match.
const INTRODUCTION =
  /\b(?:valid|possible|available|allowed|accepted|(?:currently[- ])?supported)\s+values(?:\s+for\s+[^:.\n]{1,60}?)?\s*(?::|\b(?:are|is)\b\s*:?)\s*/gi;
const LEAD = /^(?:either|one of|the following)\s*:?\s*/i;
const VALUE = /^(?:`"([^`"\n]*)"`|`([^`\n]*)`|"([^"\n]*)"|'([^'\n]*)'|([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b)/;
const ASIDE = /^\s*\((?:default|the default|Default)\)/;
const SEPARATOR = /^\s*(?:,\s*(?:and|or)\b|,|\b(?:and|or)\b|\|)\s*/;
const END = /^\s*(?:\.(?:\s|$)|;|$|\n\s*\n|\]|\(?defaults?\b|\n\s*(?:default|note|\*\*))/i;
const BULLET = /^\s*[*-]\s+/;
/** "Protocols `email` and `https` are also valid": the list is not the whole. */
const MORE = /\bare also (?:valid|allowed|accepted|supported)\b/i;

/**
 * The values that a comment allows, as it spells them, or undefined where it names none or not reliably: only a plain list of quoted values that ends its
 * sentence counts ("Possible values are: `A`, `B`."), or a bullet list of which every line begins with one.
 */
export function allowedValues(comment: string): string[] | undefined {
  const text = plain(comment);
  if (MORE.test(text)) return undefined;
  const lists: string[] = [];
  for (const match of text.matchAll(INTRODUCTION)) {
    const rest = text.slice(match.index + match[0].length).replace(LEAD, "");
    const values = BULLET.test(rest) ? bullets(rest) : sentence(rest.replace(/^\[/, ""));
    // Where one of several lists cannot be read ("For X, valid values are ...; for Y, ..."), the others are not the whole.
    if (!values && value(rest)) return undefined;
    // A single value is more often an example than a list.
    if (values && values.length > 1) lists.push(...values);
  }
  return lists.length > 0 ? [...new Set(lists)] : undefined;
}

/** Whether two spellings mean the same value: comments lose underscores and case (`durable*object*namespace`, `httpPull`). */
export function sameValue(a: string, b: string): boolean {
  return fold(a) === fold(b);
}

function fold(value: string): string {
  const folded = value.toLowerCase().replace(/[^a-z0-9]/g, "");
  return folded === "" ? value : folded;
}

function plain(comment: string): string {
  return comment
    .replace(/^\s*\/\*\*/, "")
    .replace(/\*\/\s*$/, "")
    .replace(/^\s*\* ?/gm, "")
    .replace(/&#47;/g, "/")
    .trim();
}

function value(text: string): { value: string; length: number } | undefined {
  const match = VALUE.exec(text);
  if (!match) return undefined;
  const found = match.slice(1).find((group) => group !== undefined) as string;
  // A pattern (`projects/{project}`, `t2.*`, `2XX`) or an empty string is no value to compare with.
  if (found === "" || /[{}<>\s]|\.\*|^\dXX$/.test(found)) return undefined;
  return { value: found, length: match[0].length };
}

function sentence(text: string): string[] | undefined {
  const values: string[] = [];
  for (let rest = text; ; ) {
    const next = value(rest);
    if (!next) return undefined;
    values.push(next.value);
    rest = rest.slice(next.length).replace(ASIDE, "");
    if (END.test(rest)) return values;
    const separator = SEPARATOR.exec(rest);
    if (!separator) return undefined;
    rest = rest.slice(separator[0].length);
  }
}

function bullets(text: string): string[] | undefined {
  const values: string[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    if (!BULLET.test(line)) {
      // A further line of a bullet's explanation is indented; anything else ends the list.
      if (/^\s{2,}/.test(line)) continue;
      break;
    }
    const next = value(line.replace(BULLET, ""));
    if (!next) return undefined;
    values.push(next.value);
  }
  return values;
}
