// Who this service is, from the platform's metadata server: no key is ever stored (cloud.google.com/run/docs/container-contract#metadata-server).

const base = () =>
  `http://${process.env.GCE_METADATA_HOST ?? "metadata.google.internal"}/computeMetadata/v1/instance/service-accounts/default`;

/** What Cloud SQL's login asks for (cloud.google.com/sql/docs/postgres/iam-logins). */
const sqlLogin = "https://www.googleapis.com/auth/sqlservice.login";

export class MetadataUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MetadataUnavailable";
  }
}

/** An access token that is the password of this service's database user. Valid for up to an hour: ask again for each new connection. */
export const databasePassword = (): Promise<string> => accessToken(sqlLogin);

/** An access token of this service's account for one of Google's scopes, valid for up to an hour. */
export async function accessToken(scope: string): Promise<string> {
  const answer = JSON.parse(await get(`/token?scopes=${scope}`)) as { access_token: string };
  return answer.access_token;
}

const renewSeconds = 300;
const identities = new Map<string, { token: string; renewAt: number }>();

/** An ID token of this service's account for an audience; kept until five minutes before it ends, whatever becomes of the clock meanwhile. */
export async function identityToken(audience: string): Promise<string> {
  const kept = identities.get(audience);
  if (kept && kept.renewAt > performance.now()) return kept.token;
  const token = (await get(`/identity?audience=${encodeURIComponent(audience)}&format=full`)).trim();
  const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp: number };
  identities.set(audience, { token, renewAt: performance.now() + (exp - renewSeconds) * 1000 - Date.now() });
  return token;
}

async function get(path: string): Promise<string> {
  try {
    const response = await fetch(base() + path, { headers: { "metadata-flavor": "Google" }, signal: AbortSignal.timeout(3000) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await response.text();
  } catch (error) {
    throw new MetadataUnavailable(`The metadata server gave no token: ${(error as Error).message}.`, { cause: error });
  }
}
