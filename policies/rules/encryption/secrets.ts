// What a secret looks like: by the name that somebody gave to it, or by its own shape.
import type { Resource, Value } from "../../resource.ts";

/** Names that end in what they hold: `DB_PASSWORD`, `stripeApiKey`. `TOKEN_URL`, `SECRET_ARN` and `TOKEN_KEY` name something about a secret. */
const secretName =
  /(?:^|[_\-.])(?:PASS(?:WORD|WD|PHRASE)|PWD|SECRETS?|TOKEN|CREDENTIALS?|CONNECTION_?STRING|(?:API|PRIVATE|ACCESS|SECRET|SIGNING|ENCRYPTION|MASTER|AUTH|ACCOUNT|SSH|SESSION|JWT|HMAC|COOKIE|WEBHOOK)[_-]?KEY(?:_BASE)?)$/;
/** What site builders put into the page that they make: its name says that everybody may read it. */
const publicName = /^(?:NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC|REACT_APP|VITE|GATSBY|VUE_APP)_/;

export function isSecretName(name: string): boolean {
  // `stripeApiKey` -> `STRIPE_API_KEY`
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase()
    .replaceAll("-", "_")
    .replace(/^_+/, "");
  return secretName.test(words) && !publicName.test(words);
}

/** Says where a secret is, and is none: an ARN, a path, a template that is filled in later, an address without a password; or a switch, or nothing. */
export function isReference(value: Value | undefined): boolean {
  if (typeof value !== "string") return true;
  const text = value.trim();
  return (
    text === "" ||
    /^(true|false|none|null|disabled|enabled|optional|required|\d+)$/i.test(text) ||
    /^(arn:|projects\/|\/|\.{1,2}\/|\$\{|\$\(|\$[A-Z_]+$|\{\{|<|%\{|op:\/\/|vault:|sm:\/\/|secret:|secretsmanager:|ssm:|kms:|file:|https?:\/\/(?![^/]*@))/i.test(
      text,
    ) ||
    /-----BEGIN (CERTIFICATE|[A-Z ]*PUBLIC KEY)-----/.test(text)
  );
}

/** Shapes as their vendors document them. Nothing here matches what is meant to be public. */
const shapes: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/],
  ["a private key", /"kty"\s*:\s*"[^"]+"[^{}]*"d"\s*:\s*"[\w-]{20,}"|"d"\s*:\s*"[\w-]{20,}"[^{}]*"kty"\s*:/],
  ["a private key of age", /\bAGE-SECRET-KEY-1[0-9A-Z]{50,}/],
  ["an access key of AWS", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  // 40 characters and a checksum: developers.cloudflare.com/fundamentals/api/get-started/token-formats
  ["a key or token of Cloudflare", /\bcf(?:k|ut|at)_[A-Za-z0-9]{40,}\b/],
  ["a key of Cloudflare's Origin CA", /\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b/],
  ["a client secret of Google", /\bGOCSPX-[\w-]{28}\b/],
  ["an access token of Google", /\bya29\.[\w-]{30,}/],
  ["a token of GitHub", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/],
  ["a token of GitLab", /\bglpat-[\w-]{20,}/],
  ["a token of npm", /\bnpm_[A-Za-z0-9]{36}\b/],
  ["a token of PyPI", /\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}/],
  ["a token of Hugging Face", /\bhf_[A-Za-z]{34}\b/],
  ["a token of Pulumi", /\bpul-[0-9a-f]{40}\b/],
  ["a token of Vault", /\bhv[sb]\.[\w-]{24,}/],
  ["a token of Slack", /\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com\/services\/T\w+\/B\w+\/\w{16,}/],
  ["a key of Stripe", /\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}\b/],
  ["a signing secret of Stripe", /\bwhsec_[0-9A-Za-z]{24,}\b/],
  ["a key of SendGrid", /\bSG\.[\w-]{22}\.[\w-]{43}\b/],
  ["a key of Anthropic", /\bsk-ant-[\w-]{20,}/],
  ["a key of OpenAI", /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,}/],
  ["a token of Shopify", /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/],
  ["a token of DigitalOcean", /\bdo[opr]_v1_[0-9a-f]{64}\b/],
  ["a token of Databricks", /\bdapi[0-9a-f]{32}\b/],
  ["a key of New Relic", /\bNRAK-[A-Z0-9]{27}\b/],
  ["a JSON web token", /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/],
  // RFC 3986 3.2.1: user:password@host. What stands for a password that is filled in later is none.
  ["an address with a password", /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"'<>]*:(?![$<{*%])[^\s@/"'<>]{3,}@[^\s@/]/i],
  ["a connection string with a password", /(?:^|;)\s*(?:password|pwd|accountkey|sharedaccesskey)\s*=\s*(?![$<{*%])[^;\s]{4,}(?:;|$)/i],
];

/** Longer texts are programs: what is looked for stands at their beginning or nowhere that a regular expression should look. */
const mostCharacters = 500_000;

/** What kind of secret a text holds; undefined if none that is known. */
export const kindOfSecret = (text: string): string | undefined => {
  const looked = text.slice(0, mostCharacters);
  return shapes.find(([, pattern]) => pattern.test(looked))?.[0];
};

/** What is said of a secret that Pulumi keeps encrypted: that helps in the state, and nowhere else. */
export const butPlain = ({ secrets }: Resource, path: string): string =>
  [...secrets].some((secret) => path === secret || path.startsWith(`${secret}.`) || path.startsWith(`${secret}[`))
    ? "; Pulumi encrypts it in its state, but the cloud shows it to everyone who may look at the resource"
    : "";

/** Resources whose outputs may be secrets. What an unknown value is made of tells whether it can be one. */
const secretSources =
  /^(random:|tls:|command:|pulumi:pulumi:StackReference|aws:iam\/(accessKey|user)|aws:(rds|redshift|docdb|elasticache|memorydb|secretsmanager\/secretVersion|ssm\/parameter)\b|gcp:(sql\/user|serviceaccount\/key|secretmanager\/\w*[vV]ersion|apikeys|redis|container\/cluster)|cloudflare:index\/(account|api)Token|cloudflare:index\/zeroTrust)/;

/** Whether an unknown value is made only of resources of the stack that give out no secret: an ARN, a name, an address. */
export function comesFromNoSecret(sources: readonly string[], resources: readonly Resource[]): boolean {
  const types = sources.map((urn) => resources.find((other) => other.urn === urn)?.type);
  return types.length > 0 && types.every((type) => type !== undefined && !secretSources.test(type));
}
