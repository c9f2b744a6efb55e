// Google's identity, as far as a Worker sees it: its public keys, and ID tokens signed with them.
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export interface Google {
  /** Answers https://www.googleapis.com/oauth2/v3/certs. */
  readonly certs: () => Response;
  readonly idToken: (claims: JWTPayload) => Promise<string>;
}

export async function newGoogle(): Promise<Google> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "google-1", alg: "RS256", use: "sig" };
  return {
    certs: () => Response.json({ keys: [jwk] }),
    idToken: (claims) =>
      new SignJWT({ iss: "https://accounts.google.com", email_verified: true, ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "google-1", typ: "JWT" })
        .setIssuedAt()
        .setExpirationTime(claims.exp ?? "1h")
        .sign(privateKey),
  };
}
