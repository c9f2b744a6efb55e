// When schedules are due.
import { describe, expect, test } from "vitest";
import { type Cron, nextDue, parseCron } from "../../../sandbox/clouds/gcp/cron.ts";

const next = (schedule: string, timeZone: string, after: string): string | undefined =>
  nextDue(parseCron(schedule) as Cron, timeZone, new Date(after))?.toISOString();

describe("a schedule", () => {
  test.each([
    ["* * * * *", "Etc/UTC", "2026-11-22T07:00:30Z", "2026-11-22T07:01:00.000Z"],
    ["*/15 * * * *", "Etc/UTC", "2026-11-22T07:45:00Z", "2026-11-22T08:00:00.000Z"],
    ["30 2 * * *", "Europe/Berlin", "2026-11-22T07:00:00Z", "2026-11-23T01:30:00.000Z"],
    ["0 9 * * mon-fri", "America/New_York", "2026-11-20T15:00:00Z", "2026-11-23T14:00:00.000Z"],
    ["0 0 1 jan *", "Asia/Singapore", "2026-11-22T00:00:00Z", "2026-12-31T16:00:00.000Z"],
    ["0 0 29 2 *", "Etc/UTC", "2026-11-22T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["0 12 13 * 5", "Etc/UTC", "2026-11-22T00:00:00Z", "2026-11-27T12:00:00.000Z"],
    ["0 0 * * 7", "Etc/UTC", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00.000Z"],
    ["5,50 1-2/1 * * *", "Asia/Kolkata", "2026-11-22T00:00:00Z", "2026-11-22T19:35:00.000Z"],
  ])("%s in %s is due after %s at %s", (schedule, timeZone, after, due) => {
    expect(next(schedule, timeZone, after)).toBe(due);
  });

  test("leaves out a local time that the change to summer time skips", () => {
    expect(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z")).toBe("2026-03-30T00:30:00.000Z");
  });

  test("is never due on a day that does not exist", () => {
    expect(next("0 0 30 2 *", "Etc/UTC", "2026-01-01T00:00:00Z")).toBeUndefined();
  });

  test.each([
    ["* * * *", "has 4 fields; a schedule has five"],
    ["60 * * * *", '"60" is no minute'],
    ["* 5-3 * * *", '"5-3" is no hour'],
    ["* * * foo *", '"foo" is no month'],
    ["*/0 * * * *", '"*/0" is no minute'],
    ["every 5 minutes", "has 3 fields"],
  ])("%s is none", (text, why) => {
    expect(parseCron(text)).toContain(why);
  });
});
