// A person as others know it, kept as a hash that only this region's key makes: whoever has the database cannot try addresses out on it.
import { createHmac } from "node:crypto";

export const identityKinds = ["email", "phone", "customer"] as const;
export type IdentityKind = (typeof identityKinds)[number];

/** @throws RangeError where the value is not what its kind has, in a spelling of its own */
function canonical(kind: IdentityKind, value: string): string {
  const text = value.normalize("NFC").trim();
  // The local part belongs to the host by the letter (RFC 5321 section 2.4); no host that people use tells its cases apart.
  if (kind === "email" && /^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(text)) return text.toLowerCase();
  if (kind === "phone" && /^\+[1-9]\d{6,14}$/.test(text.replaceAll(/[\s().-]/g, ""))) return text.replaceAll(/[\s().-]/g, "");
  if (kind === "customer" && /^\S{1,200}$/u.test(text)) return text;
  const allowed = {
    email: "an address, such as a@brand.example",
    phone: "a number in E.164, such as +4930123456",
    customer: "an id without spaces",
  };
  throw new RangeError(`The value is no ${kind}: ${allowed[kind]} is allowed.`);
}

/** 32 bytes. @param key 32 bytes, of the region @throws RangeError where the value is none of its kind */
export const identityHash = (key: Uint8Array, kind: IdentityKind, value: string): Buffer =>
  createHmac("sha256", key)
    .update(`${kind}\n${canonical(kind, value)}`)
    .digest();
