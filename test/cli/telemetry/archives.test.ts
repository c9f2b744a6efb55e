import { expect, it } from "vitest";
import { newest } from "../../../cli/telemetry/archives.ts";

const listed = [5000, 1000, 9000, 7000].map((storedMs) => ({ name: `at-${storedMs}`, storedMs }));

it("of a window what was stored since its beginning is read, a time in whole seconds counted as its end", () => {
  expect(newest(listed, { fromMs: 5500, atMost: 10 })).toEqual({ names: ["at-9000", "at-7000", "at-5000"], fromMs: 5500 });
});

it("where there is more than may be read the newest is, and the window begins after what is not", () => {
  expect(newest(listed, { fromMs: 0, atMost: 2 })).toEqual({ names: ["at-9000", "at-7000"], fromMs: 6000 });
});
