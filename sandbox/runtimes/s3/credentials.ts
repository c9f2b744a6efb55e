// Credentials of the embedded AWS: issued and recognised without a table, so that a restart forgets none.
// A secret is an HMAC of its access key id; a session token carries its principal and expiry, sealed the same way.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Store } from "../../engine/store.ts";

/** Field names as the container credentials endpoint and STS answer them. */
export interface IssuedCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  /** RFC 3339 */
  readonly Expiration: string;
}

export type Recognised =
  | { readonly state: "valid"; readonly principal: string; readonly secret: string }
  | { readonly state: "unknown" | "expired" | "badToken" };

export class Credentials {
  readonly #key: Buffer;

  constructor(store: Store) {
    this.#key = Buffer.from(
      store.fact("aws/credentials/key", () => randomBytes(32).toString("hex")),
      "hex",
    );
  }

  /**
   * Temporary credentials of a principal.
   * @param principal ARN of the user or role
   */
  issue(principal: string, lifetimeSeconds = 3600): IssuedCredentials {
    const id = `ASIA${base32(randomBytes(10))}`;
    const expires = Math.floor(Date.now() / 1000) + lifetimeSeconds;
    const claims = Buffer.from(JSON.stringify({ id, principal, expires })).toString("base64url");
    return {
      AccessKeyId: id,
      SecretAccessKey: this.#secret(id),
      Token: `${claims}.${this.#seal(claims)}`,
      Expiration: new Date(expires * 1000).toISOString(),
    };
  }

  /** Whose credentials these are. Every access key id of ours is temporary and so needs its session token. */
  recognise(accessKeyId: string, sessionToken: string | undefined): Recognised {
    if (!/^ASIA[A-Z2-7]{16}$/.test(accessKeyId)) return { state: "unknown" };
    const claims = sessionToken === undefined ? undefined : this.#open(sessionToken);
    if (claims?.id !== accessKeyId) return { state: "badToken" };
    if (claims.expires * 1000 < Date.now()) return { state: "expired" };
    return { state: "valid", principal: claims.principal, secret: this.#secret(accessKeyId) };
  }

  /** Whose session token this is; undefined when it is forged or expired. */
  principalOf(sessionToken: string): string | undefined {
    const claims = this.#open(sessionToken);
    return claims && claims.expires * 1000 >= Date.now() ? claims.principal : undefined;
  }

  #open(token: string): { id: string; principal: string; expires: number } | undefined {
    const [claims = "", seal = ""] = token.split(".");
    const expected = Buffer.from(this.#seal(claims));
    const given = Buffer.from(seal);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return JSON.parse(Buffer.from(claims, "base64url").toString()) as { id: string; principal: string; expires: number };
  }

  #secret(accessKeyId: string): string {
    return createHmac("sha256", this.#key).update(`secret:${accessKeyId}`).digest("base64").slice(0, 40);
  }

  #seal(claims: string): string {
    return createHmac("sha256", this.#key).update(`token:${claims}`).digest("base64url");
  }
}

/** RFC 4648 base 32 without padding, of a whole number of 5-byte groups. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? []).map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)]).join("");
}
