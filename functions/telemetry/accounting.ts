// What an archive says about its path, from its objects alone: which spans it holds, and what is missing of each emitter's. Pure.
import { type OtlpSpan, type OtlpTraces, valuesOf } from "../shared/telemetry/otlp.ts";

/** A span with its emitter's words. */
export interface StoredSpan extends OtlpSpan {
  /** Attributes of its resource and of its own. */
  readonly values: Readonly<Record<string, string | number>>;
}

/** The spans of an archive's objects. One that lies in two objects (a batch that was sent twice) is one span. */
export function storedSpans(objects: readonly OtlpTraces[]): StoredSpan[] {
  const found = new Map<string, StoredSpan>();
  for (const { resourceSpans } of objects)
    for (const { resource, scopeSpans } of resourceSpans)
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const values = { ...valuesOf(resource.attributes), ...valuesOf(span.attributes) };
        found.set(`${span.traceId} ${span.spanId}`, { ...span, values });
      }
  return [...found.values()];
}

/** The spans of a trace, earliest first. */
export function traceOf(spans: readonly StoredSpan[], traceId: string): StoredSpan[] {
  return spans.filter((span) => span.traceId === traceId).sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
}

/** One emitter, or all of a path together. In spans. */
export interface Account {
  readonly emitted: number;
  readonly stored: number;
  /** By reason, as the emitter counted it. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Emitted, neither stored nor dropped: on its way, put aside as rejected, or lost. Which, the spools say. */
  readonly outstanding: number;
}

/** Of the attributes in which an emitter says what it dropped. */
export const droppedPrefix = "bailiwick.dropped.";

/** The account of each emitter that the archive has heard of, by its id. */
export function accountsOf(spans: readonly StoredSpan[]): Map<string, Account> {
  const byEmitter = Map.groupBy(spans, ({ values }) => String(values["service.instance.id"]));
  return new Map([...byEmitter].map(([emitter, its]) => [emitter, accountOf(its)]));
}

function accountOf(spans: readonly StoredSpan[]): Account {
  const numbers = new Set(spans.map(({ values }) => Number(values["bailiwick.sequence"])));
  const dropped: Record<string, number> = {};
  // The counts only grow, so the largest is the newest.
  for (const { values } of spans)
    for (const [key, count] of Object.entries(values))
      if (key.startsWith(droppedPrefix))
        dropped[key.slice(droppedPrefix.length)] = Math.max(dropped[key.slice(droppedPrefix.length)] ?? 0, Number(count));
  return balanced(Math.max(0, ...numbers), numbers.size, dropped);
}

/** All accounts as one. */
export function sumOf(accounts: Iterable<Account>): Account {
  let [emitted, stored] = [0, 0];
  const dropped: Record<string, number> = {};
  for (const account of accounts) {
    emitted += account.emitted;
    stored += account.stored;
    for (const [reason, count] of Object.entries(account.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  return balanced(emitted, stored, dropped);
}

function balanced(emitted: number, stored: number, dropped: Readonly<Record<string, number>>): Account {
  const known = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return { emitted, stored, dropped, outstanding: emitted - stored - known };
}

/** Whether what is outstanding is what waits in the path's spool and what was put aside: then nothing is lost, and nothing was counted twice. */
export const balances = (account: Account, spooled: number, rejected: number): boolean => account.outstanding === spooled + rejected;
