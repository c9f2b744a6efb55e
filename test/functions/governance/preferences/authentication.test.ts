import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Keys, ownSubject } from "../../../../functions/governance/preferences/authentication.ts";
import { newSubjectId } from "../../../../functions/shared/subject-id.ts";
import { issueSubjectToken, subjectTokenSeconds } from "../../../../functions/shared/tokens.ts";
import { newKeyPair } from "../../keys.ts";

describe("a subject token", () => {
  const pair = newKeyPair();
  const keys = (): Keys => ({ region: "eu", audience: "https://eu.test", edgePublicKey: "", subjectTokenPublicKey: pair.publicPem });
  const subject = newSubjectId("eu");
  let headers: Headers;
  const judged = vi.spyOn(crypto.subtle, "verify");

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    // A clock that says 0 is none, to the cache.
    vi.advanceTimersByTime(1);
    headers = new Headers({ authorization: `Bearer ${(await issueSubjectToken(pair.privatePem, subject, "eu")).token}` });
    judged.mockClear();
  });
  afterEach(() => vi.useRealTimers());

  test("that was found valid is not judged again at once, but after a minute", async () => {
    const own = keys();
    for (const _ of [1, 2, 3]) expect(await ownSubject(headers, own)).toBe(subject);
    expect(judged).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(61_000);
    expect(await ownSubject(headers, own)).toBe(subject);
    expect(judged).toHaveBeenCalledTimes(2);
  });

  test("is believed no longer than it lives", async () => {
    const own = keys();
    vi.advanceTimersByTime((subjectTokenSeconds - 10) * 1000);
    expect(await ownSubject(headers, own)).toBe(subject);
    // And the seconds by which clocks may differ.
    vi.advanceTimersByTime(16_000);
    await expect(ownSubject(headers, own)).rejects.toMatchObject({ problem: { status: 401 } });
  });

  test("that was found valid is not, for another key", async () => {
    await ownSubject(headers, keys());
    await expect(ownSubject(headers, { ...keys(), subjectTokenPublicKey: newKeyPair().publicPem })).rejects.toThrow();
  });

  test("that is forged is judged each time", async () => {
    const own = keys();
    const forged = new Headers({ authorization: `${headers.get("authorization")?.slice(0, -4)}AAAA` });
    for (const _ of [1, 2]) await expect(ownSubject(forged, own)).rejects.toMatchObject({ problem: { status: 401 } });
    expect(judged).toHaveBeenCalledTimes(2);
  });
});
