import { describe, expect, test } from "vitest";
import { isRestricting, parseConsentRecord, stateAt } from "../../../functions/shared/consent.ts";

const now = new Date("2026-11-22T12:00:00Z");
const record = (state: "granted" | "denied" | "withdrawn", validUntil?: string) => ({
  epoch: 1,
  purposes: { analytics: { state, validUntil } },
});

describe("consent", () => {
  test("is none where nothing was said", () => expect(stateAt(record("granted"), "personalisation", now)).toBe("none"));
  test("is none for what every object inherits", () => expect(stateAt(record("granted"), "constructor", now)).toBe("none"));
  test("counts until its end", () => expect(stateAt(record("granted", "2026-11-22T12:00:00.001Z"), "analytics", now)).toBe("granted"));
  test("has expired at its end", () => expect(stateAt(record("granted", "2026-11-22T12:00:00Z"), "analytics", now)).toBe("expired"));
  test("stays withdrawn after any end", () =>
    expect(stateAt(record("withdrawn", "2020-01-01T00:00:00Z"), "analytics", now)).toBe("withdrawn"));
  test("restricts in every way but by a grant", () =>
    expect((["granted", "denied", "withdrawn"] as const).map(isRestricting)).toEqual([false, true, true]));

  test("bears purposes that a newer writer has introduced", () => {
    const newer = { epoch: 3, purposes: { "tea-parties": { state: "denied" } } };
    expect(parseConsentRecord(newer)).toEqual(newer);
  });

  test.each([
    ["a state nobody can say", { epoch: 1, purposes: { analytics: { state: "expired" } } }],
    ["a negative epoch", { epoch: -1, purposes: {} }],
    ["an epoch that is no integer", { epoch: 1.5, purposes: {} }],
    ["an end that is no instant", { epoch: 1, purposes: { analytics: { state: "granted", validUntil: "soon" } } }],
    ["no purposes", { epoch: 1 }],
  ])("refuses a record with %s", (_, value) => expect(() => parseConsentRecord(value)).toThrow());
});
