// A machine's start script can be read by every program on the machine, and by everyone who may look at the machine.
import type { Context } from "../../context.ts";
import { sourcesOf } from "../../relation.ts";
import { type Located, type Properties, type Resource, select, UNKNOWN } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule, type Undecided } from "../../rule.ts";
import { butPlain, comesFromNoSecret, isReference, isSecretName, kindOfSecret } from "./secrets.ts";
import { userDataPaths } from "./user-data.ts";

const allowed = "a script that fetches the secret with the machine's own identity when it starts";

/** A script, or a map of scripts such as Google's metadata, whose keys hold hyphens and are no paths. */
function scriptsOf({ props }: Resource, path: string): Located[] {
  return select(props, path).flatMap((place): Located[] =>
    typeof place.value === "object" && place.value !== null && !Array.isArray(place.value)
      ? Object.entries(place.value as Properties).map(([key, value]) => ({ path: `${place.path}.${key}`, value }))
      : [place],
  );
}

/** AWS takes some scripts in base64; what is not base64 of a text stays as it is. */
function decoded(text: string): string {
  if (!/^[A-Za-z0-9+/=\s]{16,}$/.test(text)) return text;
  const bytes = Buffer.from(text, "base64");
  return bytes.includes(0) ? text : bytes.toString("utf8");
}

/** `export DB_PASSWORD=...`, `db_password: ...`. */
function assigned(script: string): string | undefined {
  for (const [, name = "", value = ""] of script.matchAll(/\b([A-Za-z_][\w-]*)\s*(?:=|:\s)\s*["']?([^\s"';]+)/g)) {
    if (isSecretName(name) && !isReference(value) && !/^[$`]/.test(value)) return name;
  }
  return undefined;
}

function judgeScript(resource: Resource, { path, value }: Located): Finding[] {
  if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
  if (typeof value !== "string") return [];
  const script = decoded(value);
  const kind = kindOfSecret(script);
  const name = kind === undefined ? assigned(script) : undefined;
  if (kind === undefined && name === undefined) return [];
  const what = kind ?? `the secret ${name}`;
  return [{ kind: "violation", property: path, problem: `${path} holds ${what} in plain${butPlain(resource, path)}`, allowed }];
}

function check(resource: Resource, _context: Context): Outcome {
  const scripts = userDataPaths(resource.type).flatMap((path) => scriptsOf(resource, path));
  return scripts.length === 0 ? "notApplicable" : outcomeOf(scripts.flatMap((script) => judgeScript(resource, script)));
}

/** Judged again in the update, where the script is known. */
const settles = ({ property }: Undecided, resource: Resource, resources: readonly Resource[]): boolean =>
  comesFromNoSecret(sourcesOf(resource, property), resources);

const instance = "aws:ec2/instance:Instance";

export const secretInUserData: Rule = {
  id: "encryption/secret-in-user-data",
  title: "No start script holds a secret",
  severity: "critical",
  why: "Any program on the machine may ask for its start script, one that was broken into as well; the script outlives the secret's rotation.",
  remediation:
    "Let the machine fetch the secret from the secret store with its own identity; then make a new one, for this one has been seen.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: instance, props: { userData: "#!/bin/sh\nexport DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id db)\n" } },
    ],
    fails: [{ type: instance, props: { userData: "#!/bin/sh\nexport DB_PASSWORD=correct-horse\n" } }],
  },
  check,
  settles,
};
