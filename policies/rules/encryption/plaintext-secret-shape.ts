// Secrets that give themselves away: whatever the argument is called, a private key is a private key.
import type { Context } from "../../context.ts";
import type { Properties, Resource, Value } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule } from "../../rule.ts";
import { environmentOf, environmentPaths } from "./environment.ts";
import { butPlain, isSecretName, kindOfSecret } from "./secrets.ts";
import { userDataPaths } from "./user-data.ts";

/** Arguments that are made to hold a secret: the provider keeps them, and shows them to nobody. */
const madeForSecrets =
  /password|passphrase|secret(string|data|binary)?$|token$|privateKey|customKey$|apiKey$|accessKey$|authKey|sharedKey|presharedKey|credentials?$|keyBase64|keyJwk|connectionString|certificateKey|rawKey|keyMaterial|plaintext$|Wo$/i;
const secretStores = new Set([
  "aws:secretsmanager/secretVersion:SecretVersion",
  "cloudflare:index/secretsStoreSecret:SecretsStoreSecret",
  "gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion",
  "gcp:secretmanager/secretVersion:SecretVersion",
]);
const isSecureParameter = ({ type, props }: Resource) => type === "aws:ssm/parameter:Parameter" && props.type === "SecureString";

/** Every text of a value with its path, but for what is made to hold secrets and what other rules read. */
function texts(value: Value, path: string, skipped: readonly string[]): { readonly path: string; readonly value: string }[] {
  if (skipped.includes(path.replace(/\[\d+\]/g, "[*]"))) return [];
  if (typeof value === "string") return [{ path, value }];
  if (Array.isArray(value)) return (value as readonly Value[]).flatMap((item, index) => texts(item, `${path}[${index}]`, skipped));
  if (typeof value !== "object" || value === null) return [];
  const record = value as Properties;
  // A binding of a Worker that Cloudflare keeps secret.
  if (record.type === "secret_text" || record.type === "secret_key") return [];
  return Object.entries(record).flatMap(([key, item]) =>
    madeForSecrets.test(key) ? [] : texts(item, path === "" ? key : `${path}.${key}`, skipped),
  );
}

/** An unknown value has no shape yet; it is judged in the update, before the resource is made. */
function check(resource: Resource, _context: Context): Outcome {
  const { type, props } = resource;
  if (!/^(aws|gcp|cloudflare):/.test(type) || secretStores.has(type) || isSecureParameter(resource)) return "notApplicable";
  const variables = environmentOf(resource).filter(({ name }) => !isSecretName(name));
  const elsewhere = texts(props, "", [...environmentPaths(resource), ...userDataPaths(type)]);
  return outcomeOf(
    [...variables, ...elsewhere].flatMap(({ path, value }): Finding[] => {
      const kind = typeof value === "string" ? kindOfSecret(value) : undefined;
      return kind
        ? [
            {
              kind: "violation",
              property: path,
              problem: `${path} holds ${kind} in plain${butPlain(resource, path)}`,
              allowed: "a reference to a secret store",
            },
          ]
        : [];
    }),
  );
}

const parameter = "aws:ssm/parameter:Parameter";

export const plaintextSecretShape: Rule = {
  id: "encryption/plaintext-secret-shape",
  title: "No property holds a key, a token or a password in plain",
  severity: "critical",
  why: "Keys in ordinary properties are copied into state, consoles, logs and audit trails, where nobody looks for them but thieves.",
  remediation: "Put the secret into the cloud's secret store and refer to it; then make a new one, for this one has been seen.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: parameter, props: { type: "String", value: "postgres://db.brand.example/orders" } }],
    fails: [{ type: parameter, props: { type: "String", value: "postgres://shop:correct-horse@db.brand.example/orders" } }],
  },
  check,
};
