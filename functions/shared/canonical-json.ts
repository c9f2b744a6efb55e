// JSON with exactly one spelling per value, so that it can be hashed and signed: RFC 8785 (JCS).

/**
 * Serialises a JSON value canonically: members sorted by UTF-16 code units, no white space, numbers as ECMAScript prints them.
 * Throws a TypeError on what JSON cannot hold (undefined, functions, NaN, infinities, lone surrogates), naming its path.
 */
export function canonicalJson(value: unknown, path = "$"): string {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}: JSON has no such number.`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError(`${path} holds half of a surrogate pair: JSON text must be well-formed Unicode.`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item, index) => canonicalJson(item, `${path}[${index}]`)).join(",")}]`;
  if (typeof value === "object") {
    // The default order of sort() is the one RFC 8785 section 3.2.3 asks for.
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([key, member]) => `${canonicalJson(key, path)}:${canonicalJson(member, `${path}.${key}`)}`).join(",")}}`;
  }
  throw new TypeError(`${path} is of type ${typeof value}: JSON cannot hold it.`);
}

/** SHA-256 of the canonical form, as `sha256:` and 64 hexadecimal digits. */
export async function canonicalDigest(value: unknown): Promise<`sha256:${string}`> {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
