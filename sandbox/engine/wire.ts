// How Pulumi's protocol spells properties: secrets are wrapped in an object with a signature, unknown values are well-known strings.
import structs, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { type Properties, UNKNOWN, type Value } from "./definition.ts";

// Signatures and unknown values: sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig in pulumi/pulumi.
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
export const ASSET = "c44067f5952c0a294b673a41bacd8c17";
export const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const TYPED_UNKNOWNS = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Properties as they travel: like `Properties`, but secrets are still wrapped. */
export type WireProperties = { [key: string]: Value };

export function fromStruct(struct: Struct | undefined): WireProperties {
  return struct ? (normalise(struct.toJavaScript() as Value) as WireProperties) : {};
}

export function toStruct(properties: WireProperties): Struct {
  return structs.Struct.fromJavaScript(properties as Record<string, structs.JavaScriptValue>);
}

function normalise(value: Value): Value {
  if (typeof value === "string") return TYPED_UNKNOWNS.has(value) ? UNKNOWN : value;
  return mapChildren(value, normalise);
}

export function isRecord(value: Value | undefined): value is { [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with Pulumi's signature: an asset or archive, kept as it came. */
export function signatureOf(value: Value | undefined): string | undefined {
  return isRecord(value) && typeof value[SIGNATURE] === "string" ? value[SIGNATURE] : undefined;
}

export function isSecret(value: Value | undefined): value is { value: Value; [SIGNATURE]: string } {
  return signatureOf(value) === SECRET;
}

/** Takes every secret out of its wrapping, and leaves out what is null at the top level, as the SDKs do. */
export function unwrap(properties: WireProperties): Properties {
  return Object.fromEntries(Object.entries(unwrapValue(properties) as Properties).filter(([, value]) => value !== null));
}

export function unwrapValue(value: Value): Value {
  return isSecret(value) ? unwrapValue(value.value) : mapChildren(value, unwrapValue);
}

/**
 * Wraps again what was secret in `like`: each output that an input gave stays as secret as that input. Where the two no longer
 * have the same form (a list was sorted, a text was built from parts), the whole value becomes secret rather than leaking a part.
 */
export function rewrap(properties: Properties, like: WireProperties, secretNames: readonly string[] = []): WireProperties {
  const wrapped: WireProperties = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const reference = like[name];
    const done = reference === undefined ? clean(value) : rewrapValue(value, reference);
    wrapped[name] = secretNames.includes(name) && !isSecret(done) ? secret(done) : done;
  }
  return wrapped;
}

function rewrapValue(value: Value, like: Value): Value {
  if (isSecret(like)) return secret(clean(value));
  if (!holdsSecret(like)) return clean(value);
  if (isRecord(value) && isRecord(like)) return rewrap(value, like);
  const sameList = Array.isArray(value) && Array.isArray(like) && JSON.stringify(value) === JSON.stringify(unwrapValue(like));
  return sameList ? value.map((element, index) => rewrapValue(element, like[index] as Value)) : secret(clean(value));
}

function holdsSecret(value: Value): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return isRecord(value) && Object.values(value).some(holdsSecret);
}

function secret(value: Value): Value {
  return { [SIGNATURE]: SECRET, value };
}

/** A definition may leave `undefined` in what it returns; the protocol has no such value. */
function clean(value: Value | undefined): Value {
  return value === undefined ? null : mapChildren(value, clean);
}

function mapChildren(value: Value, change: (child: Value) => Value): Value {
  if (Array.isArray(value)) return value.map(change);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, change(child)]),
  );
}
