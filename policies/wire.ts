// How the engine spells a property map on its protocol, turned into plain values. The signatures are part of Pulumi's
// protocol: sdk/go/common/resource/sig and the unknown sentinels of sdk/go/common/resource/plugin/rpc.go (v3.259).
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

export interface Decoded {
  readonly props: Properties;
  readonly secrets: ReadonlySet<string>;
}

/** Turns the JavaScript form of a protobuf Struct into properties. Never throws: what it does not know, it keeps as it is. */
export function decode(struct: Record<string, unknown>): Decoded {
  const secrets = new Set<string>();
  const props: Record<string, Value> = {};
  for (const [key, value] of Object.entries(struct)) props[key] = decodeValue(value, key, secrets);
  return { props, secrets };
}

function decodeValue(value: unknown, path: string, secrets: Set<string>): Value {
  if (typeof value === "string") return unknowns.has(value) ? UNKNOWN : value;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((item, index) => decodeValue(item, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return null;
  const record = value as Record<string, unknown>;
  if (record[signature] === secretSignature) {
    secrets.add(path);
    return decodeValue(record.value, path, secrets);
  }
  if (record[signature] === outputSignature) {
    if (record.secret === true) secrets.add(path);
    return "value" in record ? decodeValue(record.value, path, secrets) : UNKNOWN;
  }
  return Object.fromEntries(
    Object.entries(record)
      .filter(([key]) => key !== signature)
      .map(([key, item]) => [key, decodeValue(item, `${path}.${key}`, secrets)]),
  );
}
