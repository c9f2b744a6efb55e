import { describe, expect, test } from "vitest";
import { isSubjectId, newSubjectId, regionOfSubject } from "../../../functions/shared/subject-id.ts";

describe("a subject id", () => {
  test("names its region and is a subject id", () => {
    const id = newSubjectId("eu");
    expect(isSubjectId(id)).toBe(true);
    expect(regionOfSubject(id)).toBe("eu");
  });

  test("uses every letter of the alphabet about as often, and never repeats", () => {
    const ids = Array.from({ length: 2000 }, () => newSubjectId("us"));
    expect(new Set(ids).size).toBe(2000);
    const counts = Map.groupBy(
      ids.flatMap((id) => [...id.slice(3)]),
      (letter) => letter,
    );
    expect([...counts.keys()].sort().join("")).toBe("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    // 1625 expected of each; ten standard deviations are about 400.
    for (const letters of counts.values()) expect(Math.abs(letters.length - 1625)).toBeLessThan(400);
  });

  test("cannot be made for something that is no region", () =>
    expect(() => newSubjectId("EU!")).toThrow('"EU!" cannot begin a subject id'));

  test.each([
    ["eu_short"],
    ["_7Q2M4T9V0C3XK8N5B1HWJ6RSDE"],
    ["eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDI"],
    ["eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE/.."],
    [7],
    [undefined],
  ])("is not %s", (value) => {
    expect(isSubjectId(value)).toBe(false);
  });
});
