import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Emitter, type Span } from "../../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../../functions/shared/telemetry/otlp.ts";
import { childOf } from "../../../functions/shared/telemetry/trace-context.ts";
import { accountsOf, balances, storedSpans, sumOf, traceOf } from "../../../functions/telemetry/accounting.ts";

const span = (): Span => ({
  context: childOf(undefined),
  name: "GET /v1/experience/{slot}",
  kind: "server",
  startMs: 1,
  endMs: 2,
  attributes: {},
  failed: false,
});
const newEmitter = () => new Emitter({ service: "site", version: "abc", region: "eu", jurisdiction: "eu" });

/** What may become of a message on its way. `twice` is stored in two objects. */
const fates = ["stored", "twice", "dropped", "spooled", "rejected"] as const;

describe("what an archive says about its path", () => {
  it("balances, whatever became of each span: emitted = stored + dropped + spooled + rejected", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom(...fates), { maxLength: 30 }), { maxLength: 4 }), (emitters) => {
        const objects: OtlpTraces[] = [];
        let [spooled, rejected] = [0, 0];
        for (const way of emitters) {
          const emitter = newEmitter();
          for (const fate of way) {
            const message = emitter.message("gcp", [span()]);
            if (fate === "stored" || fate === "twice") objects.push(message);
            if (fate === "twice") objects.push(message);
            if (fate === "dropped") emitter.dropped("gcp", "unavailable", 1);
            if (fate === "spooled") spooled++;
            if (fate === "rejected") rejected++;
          }
          // The last word of an emitter is what its counts are known by.
          objects.push(emitter.message("gcp", [span()]));
        }
        const whole = sumOf(accountsOf(storedSpans(objects)).values());
        const all = emitters.flat();
        expect(whole.emitted).toBe(all.length + emitters.length);
        expect(whole.dropped.unavailable ?? 0).toBe(all.filter((fate) => fate === "dropped").length);
        expect(balances(whole, spooled, rejected)).toBe(true);
      }),
    );
  });

  it("does not balance when a span is lost", () => {
    const emitter = newEmitter();
    const messages = [1, 2, 3].map(() => emitter.message("aws", [span()]));
    const whole = sumOf(accountsOf(storedSpans([messages[0], messages[2]] as OtlpTraces[])).values());
    expect(whole).toMatchObject({ emitted: 3, stored: 2, outstanding: 1 });
    expect(balances(whole, 0, 0)).toBe(false);
  });

  it("keeps the paths of one emitter apart", () => {
    const emitter = newEmitter();
    emitter.dropped("aws", "unavailable", 1);
    const [gcp, aws] = (["gcp", "aws"] as const).map((path) => sumOf(accountsOf(storedSpans([emitter.message(path, [span()])])).values()));
    expect([gcp?.dropped, aws?.dropped]).toEqual([{}, { unavailable: 1 }]);
  });

  it("finds a trace by its id, earliest span first", () => {
    const emitter = newEmitter();
    const context = childOf(undefined);
    const late = { ...span(), context: { ...childOf(undefined), traceId: context.traceId }, startMs: 9 };
    const objects = [emitter.message("gcp", [late, span()]), emitter.message("gcp", [{ ...span(), context }])];
    expect(traceOf(storedSpans(objects), context.traceId).map(({ spanId }) => spanId)).toEqual([context.spanId, late.context.spanId]);
  });
});
