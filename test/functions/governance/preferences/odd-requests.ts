// Requests that nobody should send, made from the API's own description: right in most places, and wrong in some.

import fc from "fast-check";
import type { Operation, ServedApi } from "./served-api.ts";

export interface OddRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values; a name may come twice. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | undefined;
  /** Whether the connection ends before the body does. */
  readonly cut: boolean;
}

/** What stands for whom, in a request that is about somebody. */
export interface About {
  readonly sender: { readonly subject: string; readonly token: string };
  readonly another: { readonly subject: string; readonly event: string };
}

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
const words = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "../../../etc/passwd",
  "%00",
  "%",
  "%ff",
  "' OR 1=1 --",
  "$1",
  "{}",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "-1",
  "1.5",
  "1e400",
  "NaN",
  "0x10",
  "9".repeat(40),
  "9007199254740993",
  "2026-02-30T00:00:00Z",
  "+999999-01-01T00:00:00Z",
  "\u202eabc\ufeff",
  "\ud800",
  "e\u0301".repeat(60),
  "\u{1f468}\u200d\u{1f469}",
  "x".repeat(5000),
  '"',
  "\r\nset-cookie: a=b",
  "eu_",
  "us_7Q2M4T9V0C3XK8N5B1HWJ6RSDE",
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);
const value = fc.oneof(
  word,
  fc.constantFrom<unknown>(null, true, -1, 1e308, -0, 2 ** 53, [], {}, [[[]]], [null], { a: { b: { c: [] } } }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The example with one of its parts in the place of which something else stands, or with something more. */
function spoilt(example: unknown, at: number, by: unknown): unknown {
  if (typeof example !== "object" || example === null) return by;
  const entries = Object.entries(example);
  const place = at % (entries.length + 1);
  if (place === entries.length) return { ...example, [typeof by === "string" ? by : "more"]: by };
  return Object.fromEntries(
    entries.map(([key, part], i) => [key, i === place ? spoilt(part, Math.floor(at / (entries.length + 1)), by) : part]),
  );
}

const bodies = (example: unknown): fc.Arbitrary<Buffer> => {
  const text = JSON.stringify(example ?? {});
  const bytes = (from: fc.Arbitrary<string>) => from.map((each) => Buffer.from(each));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(Buffer.from(text)) },
    { weight: 6, arbitrary: bytes(fc.tuple(fc.nat(2000), value).map(([at, by]) => JSON.stringify(spoilt(example ?? {}, at, by)) ?? "")) },
    { weight: 2, arbitrary: bytes(value.map((each) => JSON.stringify(each) ?? "")) },
    { weight: 1, arbitrary: bytes(fc.nat(text.length).map((end) => text.slice(0, end))) },
    {
      weight: 2,
      arbitrary: bytes(
        fc.constantFrom(
          nested(7000, "[", "]"),
          nested(2500, '{"a":', "}"),
          "[".repeat(16_000),
          `{"purposes":{"analytics":1${"0".repeat(400)}}}`,
          '{"purposes":{"analytics":"denied"},"purposes":{"analytics":"granted"}}',
          '{"__proto__":{"purposes":{"analytics":"denied"}}}',
          `\ufeff${text}`,
          "x".repeat(20_000),
          `"${"\\u0000".repeat(500)}"`,
          "List-Unsubscribe=One-Click&List-Unsubscribe=%FF",
          '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
          "--x\r\n",
        ),
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)) },
  );
};

const mediaTypes = [
  "application/json",
  "application/merge-patch+json",
  "application/json; charset=utf-16",
  "application/json, text/plain",
  "text/plain",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "multipart/form-data; boundary=",
  "a/b;",
  "",
];
/** Fields that something on the way reads, whatever the operation. */
const fields = [
  "accept",
  "accept-language",
  "content-encoding",
  "cookie",
  "if-match",
  "if-none-match",
  "idempotency-key",
  "origin",
  "range",
  "sec-gpc",
  "traceparent",
  "tracestate",
  "x-edge-origin",
  "x-forwarded-for",
  "x-http-method-override",
];

const isControl = (character: string) => character < " " || character === "\x7f";
/** As a field's value can be sent: bytes, no control characters. */
const onTheWire = (text: string) => [...Buffer.from(text).toString("latin1")].filter((each) => !isControl(each)).join("");
/** As a path can be sent: all of it encoded, or only what must be. */
const inPath = (text: string, raw: boolean) =>
  raw
    ? [...Buffer.from(text).toString("latin1")]
        .map((each) =>
          isControl(each) || each > "~" || " #?".includes(each) ? `%${each.charCodeAt(0).toString(16).padStart(2, "0")}` : each,
        )
        .join("")
    : encoded(text);
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

const authorizations = ({ sender }: About) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant<string | undefined>(`Bearer ${sender.token}`) },
    { weight: 1, arbitrary: fc.constant<string | undefined>(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        `Bearer ${sender.token}x`,
        "Bearer",
        "Bearer a.b.c",
        "Basic eDp5",
        `bearer  ${sender.token}`,
        "Bearer e30.e30.",
        "Bearer eyJ0eXAiOiJzZXJ2aWNlK2p3dCJ9.eyJpc3MiOjF9.x",
      ),
    },
  );

/** A request to one of the operations, about the sender, somebody else, or nobody. */
export function oddRequest(api: ServedApi, about: About): fc.Arbitrary<OddRequest> {
  const { sender, another } = about;
  const ids = fc.constantFrom(sender.subject, sender.subject, another.subject, another.event);
  return fc.constantFrom(...api.operations).chain((operation: Operation) => {
    const given = (operation.parameters ?? []).map(({ in: where, name, schema }) =>
      fc
        .oneof(
          { weight: 3, arbitrary: fc.constant(String(schema.example)) },
          { weight: 4, arbitrary: ids },
          { weight: 5, arbitrary: word },
          { weight: 1, arbitrary: fc.constant(undefined) },
        )
        .map((given) => ({ where, name, given })),
    );
    return fc
      .record({
        parameters: fc.tuple(...given),
        raw: fc.boolean(),
        authorization: authorizations(about),
        extra: fc.array(fc.tuple(fc.constantFrom(...fields), word), { maxLength: 2 }),
        more: fc.array(fc.tuple(word, word), { maxLength: 2 }),
        mediaType: fc.oneof(fc.constantFrom(operation.bodies[0]?.mediaType ?? "application/json"), fc.constantFrom(...mediaTypes)),
        body: fc.option(bodies(operation.bodies[0]?.example), { nil: undefined, freq: operation.bodies.length > 0 ? 20 : 2 }),
        method: fc.oneof(
          { weight: 12, arbitrary: fc.constant(operation.method) },
          { weight: 1, arbitrary: fc.constantFrom("PUT", "OPTIONS", "HEAD", "TRACE", "DELETE", "PROPFIND") },
        ),
        cut: fc.nat(40).map((n) => n === 0),
      })
      .map(({ parameters, raw, authorization, extra, more, mediaType, body, method, cut }): OddRequest => {
        let path = operation.path;
        const query: string[] = [];
        const headers: [string, string][] = [];
        for (const { where, name, given } of parameters) {
          if (where === "path") path = path.replace(`{${name}}`, () => inPath(given ?? "", raw));
          else if (given === undefined) continue;
          else if (where === "query") query.push(`${name}=${inPath(given, raw)}`);
          else headers.push([name, onTheWire(given)]);
        }
        for (const [name, text] of more) query.push(`${encoded(name)}=${encoded(text)}`);
        if (authorization !== undefined) headers.push(["authorization", authorization]);
        if (body !== undefined) headers.push(["content-type", mediaType], ["content-length", String(body.byteLength + (cut ? 10 : 0))]);
        for (const [name, text] of extra) headers.push([name, onTheWire(text)]);
        return { method, path: query.length > 0 ? `${path}?${query.join("&")}` : path, headers, body, cut: cut && body !== undefined };
      });
  });
}
