import { describe, expect, it } from "vitest";
import { Emitter, type Span } from "../../../functions/shared/telemetry/emitter.ts";
import { childOf } from "../../../functions/shared/telemetry/trace-context.ts";
import { storedSpans, traceOf } from "../../../functions/telemetry/accounting.ts";

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

describe("what an archive holds", () => {
  it("is each span once, though a batch that was sent twice lies in two objects", () => {
    const emitter = newEmitter();
    const messages = [emitter.message("gcp", [span()]), emitter.message("gcp", [span(), span()])];
    expect(storedSpans([...messages, ...messages]).map(({ values }) => values["bailiwick.sequence"])).toEqual([1, 2, 3]);
  });

  it("finds a trace by its id, earliest span first", () => {
    const emitter = newEmitter();
    const context = childOf(undefined);
    const late = { ...span(), context: { ...childOf(undefined), traceId: context.traceId }, startMs: 9 };
    const objects = [emitter.message("gcp", [late, span()]), emitter.message("gcp", [{ ...span(), context }])];
    expect(traceOf(storedSpans(objects), context.traceId).map(({ spanId }) => spanId)).toEqual([context.spanId, late.context.spanId]);
  });
});
