// What must wake somebody: log lines with a fixed name, which the region's alert policy watches (components/telemetry/slo-alerts.ts names it again).
import { log } from "../log.ts";

export const alarmName = "transparency-log";

export const alarms = {
  /** A log, ours or another region's, has said two things that cannot both be true. */
  distrust: "A transparency log contradicts itself.",
  /** A log that is watched has not grown for longer than was agreed, or does not answer. */
  silence: "A transparency log is silent.",
  /** What is stored of our own log is not what was signed, or not what the ledger says. */
  damage: "The transparency log is damaged.",
  /** What was published knows more than the database: it was restored to an earlier moment. */
  rollback: "The database has forgotten what the log had published.",
} as const;

export type Alarm = keyof typeof alarms;

/** Only hashes, sizes and notes may be told: no subject and no event's words. */
export const alarm = (which: Alarm, fields: Readonly<Record<string, unknown>>): void =>
  log("ERROR", alarms[which], { alarm: alarmName, ...fields });
