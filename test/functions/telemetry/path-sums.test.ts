import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Emitter, type Path, paths, type Span } from "../../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../../functions/shared/telemetry/otlp.ts";
import { childOf } from "../../../functions/shared/telemetry/trace-context.ts";
import { storedSpans } from "../../../functions/telemetry/accounting.ts";
import { type Backlog, pathSums } from "../../../functions/telemetry/path-sums.ts";

const nowMs = Date.parse("2026-11-22T10:00:00Z");
const longAgoMs = nowMs - 60_000;
const span = (endMs = longAgoMs): Span => ({
  context: childOf(undefined),
  name: "GET /",
  kind: "server",
  startMs: endMs - 1,
  endMs,
  attributes: {},
  failed: false,
});
const newEmitter = () => new Emitter({ service: "site", version: "abc", region: "eu", jurisdiction: "eu" });
const none: Backlog = { spooled: 0, rejected: 0, dropped: 0 };

const fates = ["stored", "twice", "dropped", "spooled", "rejected"] as const;

/** Emitters whose messages the test delivers to the archives, or not. */
class Region {
  readonly objects: Record<Path, OtlpTraces[]> = { gcp: [], aws: [] };
  readonly backlogs: Record<Path, Backlog> = { gcp: none, aws: none };

  sums(fromMs = 0, now = nowMs) {
    const spans = { gcp: storedSpans(this.objects.gcp), aws: storedSpans(this.objects.aws) };
    return pathSums(spans, this.backlogs, { fromMs, nowMs: now });
  }
}

describe("where every span is", () => {
  it("emitted = stored + rejected + dropped + spooled on each path, whatever became of each span", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.tuple(fc.constantFrom(...fates), fc.constantFrom(...fates)), { maxLength: 30 }), { maxLength: 4 }),
        (emitters) => {
          const region = new Region();
          for (const ways of emitters) {
            const emitter = newEmitter();
            for (const way of ways)
              for (const [i, path] of paths.entries()) {
                const message = emitter.message(path, [span()]);
                const fate = way[i];
                if (fate === "stored" || fate === "twice") region.objects[path].push(message);
                if (fate === "twice") region.objects[path].push(message);
                if (fate === "dropped") emitter.dropped(path, "unavailable", 1);
                if (fate === "spooled" || fate === "rejected")
                  region.backlogs[path] = { ...region.backlogs[path], [fate]: region.backlogs[path][fate] + 1 };
              }
            // An emitter's last word is what its counts are known by.
            for (const path of paths) region.objects[path].push(emitter.message(path, [span()]));
          }
          const sums = region.sums();
          for (const [i, path] of paths.entries()) {
            const ways = emitters.flat().map((way) => way[i]);
            const of = (...some: string[]) => ways.filter((fate) => some.includes(fate as string)).length;
            expect(sums[path]).toEqual({
              emitted: ways.length + emitters.length,
              stored: of("stored", "twice") + emitters.length,
              rejected: of("rejected"),
              dropped: of("dropped") > 0 ? { unavailable: of("dropped") } : {},
              spooled: of("spooled"),
              underWay: 0,
              missing: 0,
              gaps: [],
            });
          }
        },
      ),
    );
  });

  it("says how many are missing, and which numbers of which emitter they are among", () => {
    const region = new Region();
    const emitter = newEmitter();
    const messages = [1, 2, 3, 4, 5].map(() => emitter.message("gcp", [span()]));
    region.objects.gcp.push(messages[0] as OtlpTraces, messages[3] as OtlpTraces, messages[4] as OtlpTraces);
    expect(region.sums().gcp).toMatchObject({ emitted: 5, stored: 3, missing: 2, gaps: [{ service: "site", from: 2, to: 3 }] });
    region.backlogs.gcp = { spooled: 1, rejected: 1, dropped: 0 };
    expect(region.sums().gcp).toMatchObject({ emitted: 5, stored: 3, spooled: 1, rejected: 1, missing: 0, gaps: [] });
  });

  it("misses on an empty path what the other path has", () => {
    const region = new Region();
    const emitter = newEmitter();
    for (let i = 0; i < 3; i++) {
      region.objects.aws.push(emitter.message("aws", [span()]));
      emitter.message("gcp", [span()]);
    }
    expect(region.sums().gcp).toMatchObject({ emitted: 3, stored: 0, missing: 3 });
    region.backlogs.gcp = { ...none, spooled: 3 };
    expect(region.sums().gcp).toMatchObject({ emitted: 3, stored: 0, spooled: 3, missing: 0 });
  });

  it("counts what waits and no archive has heard of as emitted, and not as lost", () => {
    const region = new Region();
    region.backlogs.aws = { spooled: 4, rejected: 1, dropped: 2 };
    expect(region.sums().aws).toMatchObject({ emitted: 7, stored: 0, spooled: 4, rejected: 1, dropped: { "spool-full": 2 }, missing: 0 });
  });

  it("calls under way what was emitted a moment ago, and missing what is not there after that", () => {
    const region = new Region();
    const emitter = newEmitter();
    emitter.message("gcp", [span(nowMs - 2000)]);
    region.objects.gcp.push(emitter.message("gcp", [span(nowMs - 1000)]));
    expect(region.sums().gcp).toMatchObject({ emitted: 2, stored: 1, underWay: 1, missing: 0, gaps: [] });
    expect(region.sums(0, nowMs + 60_000).gcp).toMatchObject({ underWay: 0, missing: 1 });
  });

  it("counts of a window what ended in it, and holds none of the time before against it", () => {
    const region = new Region();
    const emitter = newEmitter();
    // Of the time before: one that is lost, and one that was dropped.
    emitter.message("gcp", [span(nowMs - 600_000)]);
    emitter.message("gcp", [span(nowMs - 600_000)]);
    emitter.dropped("gcp", "unavailable", 1);
    region.objects.gcp.push(emitter.message("gcp", [span(nowMs - 200_000)]));
    emitter.message("gcp", [span(nowMs - 150_000)]);
    emitter.dropped("gcp", "unavailable", 1);
    region.objects.gcp.push(emitter.message("gcp", [span(nowMs - 100_000)]));
    expect(region.sums(nowMs - 300_000).gcp).toMatchObject({ emitted: 3, stored: 2, dropped: { unavailable: 1 }, missing: 0 });
    expect(region.sums().gcp).toMatchObject({ emitted: 5, stored: 2, dropped: { unavailable: 2 }, missing: 1 });
  });

  it("misses nothing at a window's edge: of spans handed over together a later number may have ended earlier", () => {
    const region = new Region();
    const emitter = newEmitter();
    region.objects.gcp.push(emitter.message("gcp", [span(nowMs - 290_000), span(nowMs - 310_000), span(nowMs - 280_000)]));
    expect(region.sums(nowMs - 300_000).gcp).toMatchObject({ emitted: 3, stored: 3, missing: 0 });
  });
});
