// When a unix-cron schedule is due next, in its own time zone (cloud.google.com/scheduler/docs/configuring/cron-job-schedules).

export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Days of the month and of the week are both restricted: then either is enough (crontab(5)). */
  readonly either: boolean;
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** @returns the schedule, or why the text is none */
export function parseCron(text: string): Cron | string {
  const fields = text.trim().toLowerCase().split(/\s+/);
  if (fields.length !== 5) return `"${text}" has ${fields.length} fields; a schedule has five: minute hour day-of-month month day-of-week`;
  const sets = [
    field(fields[0] as string, 0, 59),
    field(fields[1] as string, 0, 23),
    field(fields[2] as string, 1, 31),
    field(fields[3] as string, 1, 12, monthNames, 1),
    field(fields[4] as string, 0, 7, dayNames, 0),
  ] as const;
  const bad = sets.indexOf(undefined);
  if (bad >= 0) return `"${text}": "${fields[bad]}" is no ${["minute", "hour", "day of month", "month", "day of week"][bad]}`;
  const [minutes, hours, days, months, weekdays] = sets as unknown as Set<number>[];
  return {
    minutes: minutes as Set<number>,
    hours: hours as Set<number>,
    days: days as Set<number>,
    months: months as Set<number>,
    weekdays: new Set([...(weekdays as Set<number>)].map((day) => day % 7)),
    either: !fields[2]?.startsWith("*") && !fields[4]?.startsWith("*"),
  };
}

function field(text: string, least: number, most: number, names: readonly string[] = [], firstName = 0): Set<number> | undefined {
  const found = new Set<number>();
  const number = (word: string) =>
    names.includes(word) ? names.indexOf(word) + firstName : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  for (const part of text.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [from, to] = range === "*" ? [least, most] : range.split("-").map(number);
    const end = to ?? (step === undefined ? from : most);
    if (from === undefined || end === undefined || !(from >= least && end <= most && from <= end) || step === "0") return undefined;
    for (let value = from; value <= end; value += Number(step ?? 1)) found.add(value);
  }
  return found;
}

const dayMs = 86_400_000;

/**
 * The first due minute after `after`; undefined when there is none within five years (30 February).
 * A local time that a change of the clocks skips is left out, one that comes twice counts twice.
 * @param timeZone a name of the tz database
 */
export function nextDue(cron: Cron, timeZone: string, after: Date): Date | undefined {
  const clock = clockIn(timeZone);
  let at = Math.floor(after.getTime() / 60_000) * 60_000 + 60_000;
  for (const end = at + 5 * 366 * dayMs; at < end; ) {
    const { month, day, weekday, hour, minute } = clock(at);
    const byDay = cron.days.has(day);
    const byWeekday = cron.weekdays.has(weekday);
    if (!cron.months.has(month) || !(cron.either ? byDay || byWeekday : byDay && byWeekday)) {
      // To the last hour of the day, then to its end: whichever way the clocks change in between, nothing of another day is passed over.
      at += (hour < 23 ? (23 - hour) * 60 - minute : 60 - minute) * 60_000;
      continue;
    }
    if (!cron.hours.has(hour)) at += (60 - minute) * 60_000;
    else if (!cron.minutes.has(minute)) at += 60_000;
    else return new Date(at);
  }
  return undefined;
}

/** The parts of a moment on the clocks of a time zone. @throws RangeError for a zone that does not exist */
function clockIn(timeZone: string) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    month: "numeric",
    day: "numeric",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  });
  return (at: number) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return {
      month: Number(parts.month),
      day: Number(parts.day),
      weekday: dayNames.indexOf(String(parts.weekday).toLowerCase()),
      hour: Number(parts.hour),
      minute: Number(parts.minute),
    };
  };
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
