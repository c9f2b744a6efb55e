// A mistake spreads into every nightly backup until somebody sees it: the way back is to the minute before.
import { byType, type Check, mustBe, mustBeWithin, where } from "../../arguments.ts";
import type { Value } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";
import { exceptReplicas, inDurable, isOwed, ofClass } from "./kept.ts";

/** A week: a mistake of Friday evening is still undone on the Thursday after. It is also the most that Spanner and Firestore offer. */
const leastDays = 7;

const days = { d: 1, h: 1 / 24, m: 1 / 1440, s: 1 / 86_400 } as const;

/** `7d`, `168h`, `604800s` */
const inDays = (value: Value): number => {
  const [, amount, unit] = typeof value === "string" ? (/^(\d+)([dhms])$/.exec(value) ?? []) : [];
  return amount === undefined ? Number.NaN : Number(amount) * days[unit as keyof typeof days];
};

const spanner: Check = (resource) => {
  const allowed = `versionRetentionPeriod: ${leastDays}d`;
  const found = judge(resource, "versionRetentionPeriod", (place) =>
    inDays(place.value) >= leastDays ? undefined : { problem: is(resource, place), allowed },
  );
  return resource.props.versionRetentionPeriod == null
    ? [{ kind: "violation", property: "versionRetentionPeriod", problem: "versionRetentionPeriod is not set, which means 1h", allowed }]
    : found;
};

const isMySql = (version: Value | undefined): boolean => typeof version === "string" && version.startsWith("MYSQL");
const config = "settings.backupConfiguration";

/** RDS, DocumentDB and Neptune go back to any point as long as they keep backups at all: that is `backup-retention`'s question. */
export const pointInTime: Rule = {
  id: "recoverability/point-in-time",
  title: "A database goes back to any minute of the last week",
  severity: "high",
  why: "A faulty migration withdraws nobody's consent, but can make it look so; what people had decided since the last nightly backup is then lost.",
  remediation: "Switch point-in-time recovery on; seven days at least.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12(1)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:dynamodb/table:Table", props: { pointInTimeRecovery: { enabled: true } } }],
    fails: [{ type: "aws:dynamodb/table:Table", props: {} }],
  },
  check: inDurable(
    ofClass(
      isOwed,
      exceptReplicas(
        byType({
          "aws:dynamodb/table:Table": [
            mustBe("pointInTimeRecovery.enabled", true, false),
            mustBeWithin("pointInTimeRecovery.recoveryPeriodInDays", leastDays, 35, "days", 35),
          ],
          "aws:dynamodb/tableReplica:TableReplica": [mustBe("pointInTimeRecovery", true, false)],
          "aws:keyspaces/table:Table": [mustBe("pointInTimeRecovery.status", "ENABLED", "DISABLED")],
          "gcp:alloydb/cluster:Cluster": [
            mustBe("continuousBackupConfig.enabled", true, true),
            mustBeWithin("continuousBackupConfig.recoveryWindowDays", leastDays, 35, "days", 14),
          ],
          "gcp:firestore/database:Database": [
            mustBe("pointInTimeRecoveryEnablement", "POINT_IN_TIME_RECOVERY_ENABLED", "POINT_IN_TIME_RECOVERY_DISABLED"),
          ],
          "gcp:spanner/database:Database": [spanner],
          "gcp:sql/databaseInstance:DatabaseInstance": [
            where("databaseVersion", isMySql, mustBe(`${config}.binaryLogEnabled`, true, false)),
            where("databaseVersion", (version) => !isMySql(version), mustBe(`${config}.pointInTimeRecoveryEnabled`, true, false)),
            mustBeWithin(`${config}.transactionLogRetentionDays`, leastDays, 35, "days", 7),
          ],
        }),
      ),
    ),
  ),
};
