// Access tokens and ID tokens, signed with keys that the store keeps, so that they outlive a restart.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  generateKeyPairSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import type { Store } from "../../engine/store.ts";

/** Both kinds live one hour (cloud.google.com/docs/authentication/token-types). */
export const lifetimeSeconds = 3600;

export const issuer = "https://accounts.google.com";

export interface IdTokenClaims {
  readonly iss: string;
  /** Whom the token is for: the URL of the service called. */
  readonly aud: string;
  /** Unique id of the service account, like `sub`. */
  readonly azp: string;
  readonly sub: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly iat: number;
  readonly exp: number;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
const now = () => Math.floor(Date.now() / 1000);

export class Tokens {
  readonly #secret: Buffer;
  readonly #keyId: string;
  readonly #pem: string;

  constructor(store: Store) {
    this.#secret = Buffer.from(
      store.fact("gcp/access-token-secret", () => randomBytes(32).toString("base64")),
      "base64",
    );
    const key = store.fact("gcp/id-token-key", () => ({
      kid: randomBytes(20).toString("hex"),
      pem: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    }));
    this.#keyId = key.kid;
    this.#pem = key.pem;
  }

  /** An opaque access token of this member (`serviceAccount:...`, `user:...`). */
  accessToken(member: string): string {
    const body = encode({ member, exp: now() + lifetimeSeconds, id: randomBytes(9).toString("base64url") });
    return `ya29.${body}.${this.#mac(body)}`;
  }

  /** Whose access token this is; undefined when it is forged or expired. */
  memberOf(accessToken: string): string | undefined {
    const [prefix, body, mac] = accessToken.split(".");
    if (prefix !== "ya29" || !body || !mac) return undefined;
    const expected = this.#mac(body);
    if (mac.length !== expected.length || !timingSafeEqual(Buffer.from(mac), Buffer.from(expected))) return undefined;
    const { member, exp } = decode(body) as { member: string; exp: number };
    return exp > now() ? member : undefined;
  }

  /** A Google-signed ID token (RS256) of a service account. */
  idToken(account: { readonly email: string; readonly uniqueId: string }, audience: string): string {
    const claims: IdTokenClaims = {
      aud: audience,
      azp: account.uniqueId,
      email: account.email,
      email_verified: true,
      exp: now() + lifetimeSeconds,
      iat: now(),
      iss: issuer,
      sub: account.uniqueId,
    };
    const signed = `${encode({ alg: "RS256", kid: this.#keyId, typ: "JWT" })}.${encode(claims)}`;
    return `${signed}.${createSign("sha256").update(signed).sign(createPrivateKey(this.#pem)).toString("base64url")}`;
  }

  /** The claims of an ID token that we signed, that has not expired and whose audience is one of these; else undefined. */
  verifyIdToken(token: string, audiences: readonly string[]): IdTokenClaims | undefined {
    const [header, body, signature] = token.split(".");
    if (!header || !body || !signature) return undefined;
    const verify = createVerify("sha256").update(`${header}.${body}`);
    if (!verify.verify(createPublicKey(this.#pem), Buffer.from(signature, "base64url"))) return undefined;
    const claims = decode(body) as IdTokenClaims;
    return claims.exp > now() && audiences.includes(claims.aud) ? claims : undefined;
  }

  /** The public keys as https://www.googleapis.com/oauth2/v3/certs gives them. */
  jwks(): { keys: object[] } {
    return { keys: [{ ...createPublicKey(this.#pem).export({ format: "jwk" }), alg: "RS256", use: "sig", kid: this.#keyId }] };
  }

  #mac(body: string): string {
    return createHmac("sha256", this.#secret).update(body).digest("base64url");
  }
}
