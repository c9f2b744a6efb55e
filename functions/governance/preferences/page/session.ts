// The page's one cookie: the subject token. It is set when the person asks for it, and renewed by using the page; a mere visit sets nothing.
import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import type { SubjectId } from "../../../shared/subject-id.ts";
import { isHalfOver, subjectTokenOf, subjectTokenSeconds, verifySubjectToken } from "../../../shared/tokens.ts";

export interface Person {
  readonly subject: SubjectId;
  readonly token: string;
}

export interface SessionKeys {
  readonly region: string;
  /** SPKI PEM. */
  readonly subjectTokenPublicKey: string;
  /** A new token for a subject. */
  readonly issue: (subject: SubjectId) => Promise<string>;
}

const name = "subject_token";
// Lax, so that a link from a letter finds the person's choices; a form of another site brings no cookie along.
const attributes = { path: "/", httpOnly: true, secure: true, sameSite: "Lax" } as const;

/** Whom the request's token names; undefined where it has none, or one that is forged, over or of another region. */
export async function personOf(headers: Headers, { subjectTokenPublicKey, region }: SessionKeys): Promise<Person | undefined> {
  const token = subjectTokenOf(headers);
  if (token === undefined) return undefined;
  const subject = await verifySubjectToken(subjectTokenPublicKey, token, region).catch(() => undefined);
  return subject && { subject, token };
}

export async function welcome(c: Context, subject: SubjectId, { issue }: SessionKeys): Promise<Person> {
  const token = await issue(subject);
  setCookie(c, name, token, { ...attributes, maxAge: subjectTokenSeconds });
  return { subject, token };
}

/** The person with a new token, where the old one is past half its life. */
export const renewed = async (c: Context, person: Person, keys: SessionKeys): Promise<Person> =>
  isHalfOver(person.token) ? welcome(c, person.subject, keys) : person;

/** A cookie that names nobody is of no use to anybody. */
export function forget(c: Context): void {
  if (c.req.header("cookie")?.includes(`${name}=`)) deleteCookie(c, name, attributes);
}
