// What a reviewer must never read. The engine marks secrets in its event log; what it marked is known, and is taken out of every other
// text as well: a program may have put the same value into a name, a provider may repeat it in an error.

/** Pulumi's protocol: sdk/go/common/resource/sig in pulumi/pulumi (v3.259). */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

export const secretText = "[secret]";

/** Shorter ones would take ordinary words and numbers out of every sentence. */
const shortest = 4;
/** A line of a longer text, such as of a key. */
const shortestLine = 12;

/**
 * Secrets that nobody marked are known by their shape: private keys, tokens of AWS, GitHub, Google and Slack, signed tokens (RFC 7519),
 * passwords in addresses (RFC 3986, userinfo).
 */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, secretText],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, secretText],
  [/\b(gh[oprsu]_|github_pat_)\w{20,}/g, secretText],
  [/\bAIza[\w-]{35}/g, secretText],
  [/\bya29\.[\w-]{20,}/g, secretText],
  [/\bxox[abprs]-[\w-]{10,}/g, secretText],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, secretText],
  [/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${secretText}@`],
];

/**
 * The value with `[secret]` in the place of every marked secret.
 * @param found gets what the secrets were, where the log tells
 */
export function masked(value: unknown, found: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => masked(item, found));
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  const mark = record[signature];
  if (mark === secretSignature || (mark === outputSignature && record.secret === true)) {
    for (const [key, item] of Object.entries(record)) if (key !== signature && key !== "dependencies") collect(item, found);
    return secretText;
  }
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, masked(item, found)]));
}

/** Every text and number in what was secret. The engine writes it as JSON in a string. */
function collect(value: unknown, found: Set<string>): void {
  if (typeof value === "number") collect(String(value), found);
  else if (typeof value === "string") {
    const inner = /^["[{]/.test(value) ? parsed(value) : undefined;
    if (inner !== undefined) collect(inner, found);
    for (const text of [value, ...value.split("\n").filter((line) => line.length >= shortestLine)])
      if (text.length >= shortest && text !== secretText) found.add(text);
  } else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) collect(item, found);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Takes these secrets, in every usual spelling, and whatever has the shape of one out of a text. */
export function redactor(secrets: ReadonlySet<string>): (text: string) => string {
  const spellings = [...secrets].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
    Buffer.from(secret).toString("base64url"),
  ]);
  const known = [...new Set(spellings)].sort((a, b) => b.length - a.length);
  return (text) =>
    shapes.reduce(
      (clean, [shape, instead]) => clean.replace(shape, instead),
      known.reduce((clean, secret) => clean.replaceAll(secret, secretText), text),
    );
}

/** The same for every text and every key of a value. */
export function redacted<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === "string") return redact(value) as T;
  // A number may be what the secret was.
  if (typeof value === "number") return (redact(String(value)) === String(value) ? value : 0) as T;
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redacted(item, redact)])) as T;
}
