// A subject's pseudonym: `<region>_<26 random characters>`, for instance `eu_7Q2M...`. The prefix says where its data lives,
// so that any address can send a request home without a lookup; the rest is 130 random bits and says nothing.

/** Crockford's base 32: no I, L, O or U. https://www.crockford.com/base32.html */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** What a subject id looks like. */
export const subjectIdPattern = /^([a-z][a-z0-9-]{0,31})_[0-9A-HJKMNP-TV-Z]{26}$/;

declare const brand: unique symbol;
export type SubjectId = string & { readonly [brand]: "SubjectId" };

/** A new random subject of a region. */
export function newSubjectId(region: string): SubjectId {
  const random = crypto.getRandomValues(new Uint8Array(26));
  const id = `${region}_${Array.from(random, (byte) => alphabet[byte & 31]).join("")}`;
  if (!isSubjectId(id)) throw new Error(`"${region}" cannot begin a subject id: lower-case letters, digits and hyphens, at most 32.`);
  return id;
}

export function isSubjectId(value: unknown): value is SubjectId {
  return typeof value === "string" && subjectIdPattern.test(value);
}

/** The region a subject id names, or undefined when it is not a subject id. */
export function regionOfSubject(value: string): string | undefined {
  return subjectIdPattern.exec(value)?.[1];
}
