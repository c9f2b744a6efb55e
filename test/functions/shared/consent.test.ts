import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ConsentEntry,
  type ConsentRecord,
  erasedRecord,
  isRestricting,
  leastPermissive,
  mayReplace,
  mergedWords,
  parseConsentRecord,
  purposes,
  recordedStates,
  refusing,
  signalCounts,
  stateAt,
} from "../../../functions/shared/consent.ts";

const now = new Date("2026-11-22T12:00:00Z");
const record = (state: "granted" | "denied" | "withdrawn", validUntil?: string) => ({
  epoch: 1,
  purposes: { analytics: { state, epoch: 1, validUntil } },
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
    const newer = { epoch: 3, purposes: { "tea-parties": { state: "denied", epoch: 2 } } };
    expect(parseConsentRecord(newer)).toEqual(newer);
  });

  test.each([
    ["a state nobody can say", { epoch: 1, purposes: { analytics: { state: "expired", epoch: 1 } } }],
    ["a negative epoch", { epoch: -1, purposes: {} }],
    ["an epoch that is no integer", { epoch: 1.5, purposes: {} }],
    ["an end that is no instant", { epoch: 1, purposes: { analytics: { state: "granted", epoch: 1, validUntil: "soon" } } }],
    ["a word of no epoch", { epoch: 1, purposes: { analytics: { state: "granted" } } }],
    ["no purposes", { epoch: 1 }],
  ])("refuses a record with %s", (_, value) => expect(() => parseConsentRecord(value)).toThrow());
});

describe("a grant despite the browser's signal", () => {
  const despite = { epoch: 1, purposes: { advertising: { state: "granted", epoch: 1, despiteSignal: true } } } as const;

  test("is the only word to which the signal counts nothing", () => {
    expect(signalCounts(despite, "advertising")).toBe(false);
    expect(signalCounts(despite, "analytics")).toBe(true);
    expect(signalCounts({ epoch: 1, purposes: { advertising: { state: "granted", epoch: 1 } } }, "advertising")).toBe(true);
    expect(
      signalCounts({ epoch: 1, purposes: { advertising: { state: "withdrawn", epoch: 1, despiteSignal: true } } }, "advertising"),
    ).toBe(true);
  });

  test("stays one on its way to the edge", () => expect(parseConsentRecord(structuredClone(despite))).toEqual(despite));

  test("permits more than a grant that the signal counts against", () => {
    const without = { epoch: 1, purposes: { advertising: { state: "granted", epoch: 1 } } } as const;
    for (const [own, other] of [
      [despite, without],
      [without, despite],
    ] as const)
      expect(leastPermissive(own, other, 2).purposes.advertising?.despiteSignal).toBeUndefined();
    expect(mayReplace({ ...despite, epoch: 2 }, without)).toBe(false);
    expect(mayReplace({ ...without, epoch: 2 }, despite)).toBe(true);
  });
});

test.each([
  ["none", "denied"],
  ["granted", "withdrawn"],
  ["expired", "withdrawn"],
  ["denied", undefined],
  ["withdrawn", undefined],
] as const)("whoever says no to what is %s says: %s", (state, word) => expect(refusing(state)).toBe(word));

describe("of two records", () => {
  const granted = (epoch: number, validUntil?: string): ConsentEntry => ({ state: "granted", epoch, validUntil });
  const withdrawn = (epoch: number): ConsentEntry => ({ state: "withdrawn", epoch });
  const held: ConsentRecord = { epoch: 2, purposes: { personalisation: withdrawn(2) } };

  test.each<[string, boolean, ConsentRecord]>([
    ["a later one with a later word replaces the other", true, { epoch: 3, purposes: { personalisation: granted(3) } }],
    ["one of the same epoch does not", false, { epoch: 2, purposes: { personalisation: withdrawn(2) } }],
    ["a later one with an older grant does not", false, { epoch: 9, purposes: { personalisation: granted(1), analytics: withdrawn(9) } }],
    ["a later one with another word of the same epoch does not", false, { epoch: 9, purposes: { personalisation: granted(2) } }],
    ["a later one that has never heard of the refusal does not", false, { epoch: 9, purposes: { analytics: withdrawn(9) } }],
    ["a later one that refuses as well does", true, { epoch: 3, purposes: { personalisation: { state: "denied", epoch: 1 } } }],
  ])("%s", (_, expected, record) => expect(mayReplace(record, held)).toBe(expected));

  test("a grant for longer does not replace one that ends sooner, unless it was said later", () => {
    const sooner = { epoch: 2, purposes: { analytics: granted(2, "2027-01-01T00:00:00Z") } };
    expect(mayReplace({ epoch: 3, purposes: { analytics: granted(1, "2028-01-01T00:00:00Z") } }, sooner)).toBe(false);
    expect(mayReplace({ epoch: 3, purposes: { analytics: granted(3, "2028-01-01T00:00:00Z") } }, sooner)).toBe(true);
  });

  test("one is made that says anew what it takes over", () =>
    expect(leastPermissive({ epoch: 2, purposes: { personalisation: granted(1), analytics: granted(2) } }, held, 3)).toEqual({
      epoch: 3,
      purposes: { personalisation: withdrawn(3), analytics: granted(2) },
    }));

  test("of one person, the known one takes over what permits less, and no grant", () => {
    const own = { epoch: 4, purposes: { analytics: granted(4), advertising: withdrawn(2) } };
    const other = { epoch: 9, purposes: { analytics: withdrawn(9), advertising: granted(8), personalisation: granted(7) } };
    expect(mergedWords(own, other, 5)).toEqual({ analytics: withdrawn(5) });
    expect(mergedWords({ epoch: 0, purposes: {} }, own, 1)).toEqual({ advertising: withdrawn(1) });
    const sooner = { epoch: 1, purposes: { analytics: granted(1, "2027-01-01T00:00:00Z") } };
    expect(mergedWords(own, sooner, 5)).toEqual({ analytics: granted(5, "2027-01-01T00:00:00Z") });
    const despite = { epoch: 1, purposes: { analytics: { ...granted(1, "2027-01-01T00:00:00Z"), despiteSignal: true as const } } };
    expect(mergedWords(own, despite, 5)).toEqual({ analytics: granted(5, "2027-01-01T00:00:00Z") });
    const later = { epoch: 4, purposes: { analytics: { ...granted(4), despiteSignal: true as const } } };
    expect(mergedWords(later, despite, 5)).toEqual({ analytics: { ...granted(5, "2027-01-01T00:00:00Z"), despiteSignal: true } });
  });

  test("the last of a subject that was erased replaces any, refuses everything, and is never replaced", () => {
    const newer = { epoch: 10 ** 9, purposes: { "of-a-newer-writer": granted(10 ** 9), personalisation: granted(5) } };
    expect(mayReplace(erasedRecord, newer)).toBe(true);
    expect(mayReplace(newer, erasedRecord)).toBe(false);
    expect(parseConsentRecord(structuredClone(erasedRecord))).toEqual(erasedRecord);
    for (const purpose of purposes) expect(stateAt(erasedRecord, purpose, now)).toBe("withdrawn");
  });

  const anyRecord = fc
    .dictionary(
      fc.constantFrom("personalisation", "analytics", "constructor"),
      fc.record({
        state: fc.constantFrom(...recordedStates),
        epoch: fc.integer({ min: 1, max: 4 }),
        validUntil: fc.option(fc.constantFrom("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), { nil: undefined }),
      }),
    )
    .map((purposes): ConsentRecord => ({ epoch: Math.max(0, ...Object.values(purposes).map(({ epoch }) => epoch)), purposes }));

  test("the one that is made of both replaces either, and grants nothing that one of them refused later", () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, (own, other) => {
        const settled = leastPermissive(own, other, Math.max(own.epoch, other.epoch) + 1);
        expect(mayReplace(settled, other)).toBe(true);
        expect(mayReplace(settled, own)).toBe(true);
        for (const [purpose, word] of Object.entries(other.purposes))
          if (isRestricting(word.state) && word.epoch >= (Object.hasOwn(own.purposes, purpose) ? (own.purposes[purpose]?.epoch ?? 0) : 0))
            expect(settled.purposes[purpose]?.state).not.toBe("granted");
      }),
    );
  });
});
