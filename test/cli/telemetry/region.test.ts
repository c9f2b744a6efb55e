import { expect, it } from "vitest";
import { describeCounts } from "../../../cli/telemetry/region.ts";

it("says in a line what a collector counted, and how old that is", () => {
  const counts = { received: 12, stored: 10, sentBack: 2, rejected: { 400: 1, 401: 2 }, toldAtMs: Date.now() - 7000 };
  expect(describeCounts(counts)).toBe("12 spans received = 10 stored + 2 sent back; 3 requests rejected (1 x 400, 2 x 401); said 7 s ago");
});

it("does not take a collector that has said nothing for one that received nothing", () => {
  expect(describeCounts({ received: 0, stored: 0, sentBack: 0, rejected: {} })).toBe("has counted nothing in this time");
});
