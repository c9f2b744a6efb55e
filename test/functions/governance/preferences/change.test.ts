import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changesOf, checkPrecondition, choicesOf, type Wanted } from "../../../../functions/governance/preferences/change.ts";
import { etagOf, matches, preferencesDocument } from "../../../../functions/governance/preferences/document.ts";
import { type ConsentRecord, nothingSaid, purposes, recordedStates, stateAt } from "../../../../functions/shared/consent.ts";
import type { ProblemError } from "../../../../functions/shared/problem.ts";
import { newSubjectId } from "../../../../functions/shared/subject-id.ts";

const now = new Date("2026-11-22T12:00:00Z");
const etag = '"current"';
const said = (state: "granted" | "denied" | "withdrawn", validUntil?: string): ConsentRecord => ({
  epoch: 1,
  purposes: { analytics: { state, epoch: 1, validUntil } },
});

function problemOf(act: () => void) {
  try {
    act();
  } catch (error) {
    return (error as ProblemError).problem;
  }
  throw new Error("nothing was thrown");
}

const anyRecord = fc.record({
  epoch: fc.nat(),
  purposes: fc.dictionary(
    fc.constantFrom(...purposes),
    fc.record({
      state: fc.constantFrom(...recordedStates),
      epoch: fc.nat(),
      validUntil: fc.option(fc.constantFrom("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), { nil: undefined }),
    }),
  ),
});
const anyWish: fc.Arbitrary<Wanted> = fc.dictionary(fc.constantFrom(...purposes), fc.constantFrom(...recordedStates));

describe("a wanted change", () => {
  test("is nothing where it is already so", () => expect(changesOf(said("granted"), { analytics: "granted" }, now)).toEqual([]));
  test("is something where a grant has expired", () =>
    expect(changesOf(said("granted", "2026-01-01T00:00:00Z"), { analytics: "granted" }, now)).toEqual([["analytics", "granted"]]));
  test("is something for a first no", () =>
    expect(changesOf(nothingSaid, { analytics: "denied" }, now)).toEqual([["analytics", "denied"]]));

  test("once made, is nothing when wanted again", () => {
    fc.assert(
      fc.property(anyRecord, anyWish, (record, wish) => {
        const made = Object.fromEntries(
          changesOf(record, wish, now).map(([purpose, state]) => [purpose, { state, epoch: record.epoch + 1 }]),
        );
        expect(changesOf({ epoch: record.epoch + 1, purposes: { ...record.purposes, ...made } }, wish, now)).toEqual([]);
      }),
    );
  });

  test("touches only what the wish names", () => {
    fc.assert(
      fc.property(anyRecord, anyWish, (record, wish) => {
        for (const [purpose, state] of changesOf(record, wish, now)) {
          expect(wish[purpose]).toBe(state);
          expect(stateAt(record, purpose, now)).not.toBe(state);
        }
      }),
    );
  });
});

describe("a precondition", () => {
  test("is not asked of a change that only restricts, with a stale ETag or none", () => {
    expect(() => checkPrecondition([["analytics", "withdrawn"]], [], undefined, etag)).not.toThrow();
    expect(() => checkPrecondition([["analytics", "denied"]], [], '"stale"', etag)).not.toThrow();
  });

  test("is asked of a grant: 428 without it", () =>
    expect(problemOf(() => checkPrecondition([["analytics", "granted"]], [], undefined, etag))).toMatchObject({
      status: 428,
      headers: { etag },
    }));
  test("fails a grant on something stale: 412", () =>
    expect(problemOf(() => checkPrecondition([["analytics", "granted"]], [], '"stale"', etag)).status).toBe(412));
  test.each([[etag], ["*"], [`"other", ${etag}`]])("holds for %s", (list) =>
    expect(() => checkPrecondition([["analytics", "granted"]], [], list, etag)).not.toThrow());

  test("that fails a mixed change names the part that may be sent alone", () => {
    const problem = problemOf(() =>
      checkPrecondition(
        [
          ["analytics", "granted"],
          ["advertising", "withdrawn"],
        ],
        choicesOf({ "email-marketing": { topics: ["news"] } }, { "email-marketing": { topics: ["offers"], frequency: ["weekly"] } }),
        '"stale"',
        etag,
      ),
    );
    expect(problem).toMatchObject({ status: 412, extensions: { resend: { purposes: { advertising: "withdrawn" } } } });
    expect((problem.extensions as { resend: object }).resend).not.toHaveProperty("preferences");
  });
});

describe("the preferences document", () => {
  const subject = newSubjectId("eu");
  const document = (record: ConsentRecord, at = now) => preferencesDocument(subject, "eu", { at, record, chosen: {} });

  test("shows every purpose, and the end of what is granted", () => {
    expect(document(said("granted", "2027-01-01T00:00:00Z"))).toEqual({
      subject,
      jurisdiction: "eu",
      consentEpoch: 1,
      purposes: { personalisation: "none", analytics: "granted", "email-marketing": "none", advertising: "none" },
      validUntil: { analytics: "2027-01-01T00:00:00Z" },
      preferences: {},
      despiteSignal: [],
    });
  });

  test("has another ETag after a change, and after a grant has expired", () => {
    const before = etagOf(document(said("granted", "2027-01-01T00:00:00Z")));
    expect(etagOf(document(said("withdrawn")))).not.toBe(before);
    expect(etagOf(document(said("granted", "2027-01-01T00:00:00Z"), new Date("2028-01-01")))).not.toBe(before);
    expect(etagOf(document(said("granted", "2027-01-01T00:00:00Z"), new Date("2026-11-23")))).toBe(before);
  });

  test("is not matched by a weak tag", () => expect(matches(`W/${etag}`, etag)).toBe(false));
});
