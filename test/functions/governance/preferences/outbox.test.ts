import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelayMs } from "../../../../functions/governance/preferences/outbox.ts";

test("retries begin within a quarter of a second, grow, and never lie more than twenty seconds apart", () => {
  expect(retryDelayMs(1, 0.99)).toBeLessThanOrEqual(250);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempts, random) => {
      const delay = retryDelayMs(attempts, random);
      expect(delay).toBeGreaterThanOrEqual(125);
      expect(delay).toBeLessThanOrEqual(20_000);
      expect(retryDelayMs(attempts + 1, random)).toBeGreaterThanOrEqual(delay);
    }),
  );
});
