// How the engine spells a property map on its protocol and in its states, turned into plain values and back. The signatures are
// part of Pulumi's protocol: sdk/go/common/resource/sig and the unknown sentinels of pkg/resource/plugin/rpc.go (v3.259).
import { type Properties, UNKNOWN, type Value } from "./resource.ts";

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** One sentinel for each kind of value that may be unknown: boolean, number, string, array, asset, archive, object. */
const unknowns = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** A property map as it came: the JavaScript form of a protobuf Struct, or what a state holds. */
export type Wire = Readonly<Record<string, unknown>>;

export interface Decoded {
  readonly props: Properties;
  readonly secrets: ReadonlySet<string>;
}

/** Turns what came into properties. Never throws: what it does not know, it keeps as it is. */
export function decode(wire: Wire): Decoded {
  const secrets = new Set<string>();
  const props = Object.fromEntries(Object.entries(wire).map(([key, value]): [string, Value] => [key, decodeValue(value, key, secrets)]));
  return { props, secrets };
}

function decodeValue(value: unknown, path: string, secrets: Set<string>): Value {
  if (typeof value === "string") return unknowns.has(value) ? UNKNOWN : value;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((item, index) => decodeValue(item, `${path}[${index}]`, secrets));
  if (!isWire(value)) return null;
  if (value[signature] === secretSignature) {
    secrets.add(path);
    return decodeSecret(value, path, secrets);
  }
  if (value[signature] === outputSignature) {
    if (value.secret === true) secrets.add(path);
    return "value" in value ? decodeValue(value.value, path, secrets) : UNKNOWN;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== signature)
      .map(([key, item]) => [key, decodeValue(item, `${path}.${key}`, secrets)]),
  );
}

/** The protocol sends a secret's value; a state keeps its ciphertext, or after `--show-secrets` its JSON text. */
function decodeSecret(secret: Wire, path: string, secrets: Set<string>): Value {
  if ("value" in secret) return decodeValue(secret.value, path, secrets);
  if (typeof secret.plaintext !== "string") return UNKNOWN;
  try {
    return decodeValue(JSON.parse(secret.plaintext), path, secrets);
  } catch {
    return UNKNOWN;
  }
}

/**
 * Corrected properties in the engine's spelling. What the correction left alone is given back as it came, so that a secret stays one,
 * an unknown unknown, and an asset an asset.
 * @throws Error naming the place, where the correction would change one of these
 */
export function correct(came: Wire, props: Properties): Wire {
  return correctRecord(came, props, "");
}

function correctRecord(came: Wire, props: Properties, path: string): Wire {
  const keys = [...new Set([...Object.keys(came), ...Object.keys(props)])];
  const corrected = keys.map((key) => [key, correctValue(own(came, key), own(props, key), path === "" ? key : `${path}.${key}`)] as const);
  const changed = corrected.flatMap(([key, value]) => (value === own(came, key) ? [] : [key]));
  if (changed.length === 0) return came;
  // Bridged providers note which inputs are their own defaults, and take a default's old value again (pulumi-terraform-bridge,
  // pkg/tfbridge/schema.go): what was corrected is none, or it would outlive the correction.
  const entries = corrected.map(([key, value]) =>
    key === "__defaults" && Array.isArray(value) ? [key, value.filter((name) => !changed.includes(name))] : [key, value],
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Wire;
}

function correctValue(came: unknown, value: Value | undefined, path: string): unknown {
  if (came !== undefined && value !== undefined && isSame(decodeValue(came, path, new Set()), value)) return came;
  if (isWire(came) && !isSigned(came) && isRecord(value)) return correctRecord(came, value, path);
  if (Array.isArray(came) && Array.isArray(value)) {
    const items = (value as readonly Value[]).map((item, index) => correctValue(came[index], item, `${path}[${index}]`));
    for (const [index, gone] of came.slice(items.length).entries()) correctValue(gone, undefined, `${path}[${items.length + index}]`);
    return items;
  }
  if (mustStay(came) || containsUnknown(value))
    throw new Error(`the correction would change ${path}, which is a secret, an asset or not known yet`);
  return value;
}

/** A property map may have a key `toString`. */
const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

const isWire = (value: unknown): value is Wire => typeof value === "object" && value !== null && !Array.isArray(value);
const isRecord = (value: Value | undefined): value is Properties => isWire(value);
const isSigned = (value: Wire): boolean => signature in value;

/** Whether it is, or holds, what only the engine may change. */
function mustStay(came: unknown): boolean {
  if (typeof came === "string") return unknowns.has(came);
  if (Array.isArray(came)) return came.some(mustStay);
  return isWire(came) && (isSigned(came) || Object.values(came).some(mustStay));
}

function containsUnknown(value: Value | undefined): boolean {
  if (typeof value !== "object" || value === null) return value === UNKNOWN;
  return (Array.isArray(value) ? (value as readonly Value[]) : Object.values(value)).some(containsUnknown);
}

function isSame(one: Value | undefined, other: Value | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return (
      one.length === other.length && (one as readonly Value[]).every((item, index) => isSame(item, (other as readonly Value[])[index]))
    );
  if (!isRecord(one) || !isRecord(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]));
}
