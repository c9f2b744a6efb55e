// What the engine asks about, read from its bytes field by field (pulumi/proto/analyzer.proto, google/protobuf/struct.proto) with the
// library's own reader. Its generated classes would first build a message for every value, which is most of what a pack would do all day.
import protobuf from "google-protobuf";
import type { Wire } from "./wire.ts";

type Reader = protobuf.BinaryReader;

export interface AskedProvider {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly properties: Wire;
}

export interface AskedResource extends AskedProvider {
  readonly protect: boolean;
  /** URN; empty where there is none. */
  readonly parent: string;
  readonly provider: AskedProvider | undefined;
  /** Top-level property -> URNs. Told only when the whole stack is asked about. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** Reads an `AnalyzeRequest` or an `AnalyzerResource`: what they share has the same numbers. @throws Error when the bytes are cut off */
export const readResource = (bytes: Uint8Array): AskedResource => resource(new protobuf.BinaryReader(bytes));

/** Reads an `AnalyzeStackRequest`. @throws Error when the bytes are cut off */
export function readStack(bytes: Uint8Array): AskedResource[] {
  const resources: AskedResource[] = [];
  fields(new protobuf.BinaryReader(bytes), (number, reader) => {
    if (number !== 1) return false;
    resources.push(nested(reader, resource));
    return true;
  });
  return resources;
}

function resource(reader: Reader): AskedResource {
  const asked = { type: "", name: "", urn: "", properties: {} as Wire, protect: false, parent: "" };
  let provider: AskedProvider | undefined;
  const dependencies: [string, readonly string[]][] = [];
  fields(reader, (number) => {
    if (named(number, reader, asked)) return true;
    if (number === 5) nested(reader, (options) => optionsInto(options, asked));
    else if (number === 6) provider = nested(reader, providerOf);
    else if (number === 9) dependencies.push(nested(reader, (entry) => keyed(entry, urns, [])));
    else return false;
    return true;
  });
  return { ...asked, provider, propertyDependencies: Object.fromEntries(dependencies) };
}

function providerOf(reader: Reader): AskedProvider {
  const provider = { type: "", name: "", urn: "", properties: {} as Wire };
  fields(reader, (number) => named(number, reader, provider));
  return provider;
}

/** The four fields that a resource and its provider have in common. */
function named(number: number, reader: Reader, into: { -readonly [Key in keyof AskedProvider]: AskedProvider[Key] }): boolean {
  if (number === 1) into.type = reader.readString();
  else if (number === 2) into.properties = nested(reader, struct);
  else if (number === 3) into.urn = reader.readString();
  else if (number === 4) into.name = reader.readString();
  else return false;
  return true;
}

function optionsInto(reader: Reader, into: { protect: boolean; parent: string }): void {
  fields(reader, (number) => {
    if (number === 1) into.protect = reader.readBool();
    else if (number === 8) into.parent = reader.readString();
    else return false;
    return true;
  });
}

function urns(reader: Reader): string[] {
  const all: string[] = [];
  fields(reader, (number) => number === 1 && all.push(reader.readString()) > 0);
  return all;
}

function struct(reader: Reader): Wire {
  const entries: [string, unknown][] = [];
  fields(reader, (number) => number === 1 && entries.push(nested(reader, (entry) => keyed(entry, value, null))) > 0);
  // Defines what it is given, also a key `__proto__`.
  return Object.fromEntries(entries);
}

function value(reader: Reader): unknown {
  let it: unknown = null;
  fields(reader, (number) => {
    if (number === 2) it = reader.readDouble();
    else if (number === 3) it = reader.readString();
    else if (number === 4) it = reader.readBool();
    else if (number === 5) it = nested(reader, struct);
    else if (number === 6) it = nested(reader, list);
    else return false;
    return true;
  });
  return it;
}

function list(reader: Reader): unknown[] {
  const items: unknown[] = [];
  fields(reader, (number) => number === 1 && items.push(nested(reader, value)) > 0);
  return items;
}

/** An entry of a map with texts as keys. */
function keyed<T>(reader: Reader, read: (reader: Reader) => T, absent: T): [string, T] {
  let key = "";
  let its = absent;
  fields(reader, (number) => {
    if (number === 1) key = reader.readString();
    else if (number === 2) its = nested(reader, read);
    else return false;
    return true;
  });
  return [key, its];
}

/** @param read takes the field's content; false where the field is none of its own, and is passed over */
function fields(reader: Reader, read: (number: number, reader: Reader) => boolean): void {
  while (reader.nextField()) if (!read(reader.getFieldNumber(), reader)) reader.skipField();
}

/** The field's content as a message of its own. */
function nested<T>(reader: Reader, read: (reader: Reader) => T): T {
  let its: T | undefined;
  reader.readMessage(undefined, (_: unknown, inner: Reader) => {
    its = read(inner);
  });
  return its as T;
}
