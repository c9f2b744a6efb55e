// Code runs on what still gets security updates on the day of the deployment.
import { byType, type Check } from "../../arguments.ts";
import { read } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";
import { googleRuntimes, lambdaRuntimes, mariadb, mysql, postgres } from "./end-of-life.ts";

/** The end of support of a value; undefined for what the table does not know: newer than it, or not a version. */
type EndOf = (value: string) => string | undefined;

const supported =
  (path: string, endOf: EndOf): Check =>
  (resource, { now }) =>
    judge(resource, path, (place) => {
      const end = typeof place.value === "string" ? endOf(place.value) : undefined;
      return end !== undefined && end <= now.toISOString().slice(0, 10)
        ? {
            problem: `${is(resource, place)}, which has had no security updates since ${end}`,
            allowed: "a version that its makers still support",
          }
        : undefined;
    });

const inTable =
  (table: Readonly<Record<string, string>>): EndOf =>
  (value) =>
    Object.hasOwn(table, value) ? table[value] : undefined;

/** `14.9`, `14`: PostgreSQL counts majors since 10. `8.0.36`: the others count them in pairs. */
const majorOf = (version: string) => version.split(".")[0] ?? "";
const pairOf = (version: string) => version.split(".").slice(0, 2).join(".");

/** `POSTGRES_14`, `POSTGRES_9_6`, `MYSQL_8_0_31` */
const cloudSql: EndOf = (value) => {
  const [engine, ...version] = value.split("_");
  const dotted = version.join(".");
  if (engine === "POSTGRES") return inTable(postgres)(majorOf(dotted));
  return engine === "MYSQL" ? inTable(mysql)(pairOf(dotted)) : undefined;
};

/** Aurora MySQL writes its own version behind MySQL's: `8.0.mysql_aurora.3.08.0`; its support is Amazon's, so it is not judged. */
const rds: Check = (resource, context) => {
  const engine = read(resource.props, "engine");
  const table = {
    postgres: [postgres, majorOf],
    "aurora-postgresql": [postgres, majorOf],
    mysql: [mysql, pairOf],
    mariadb: [mariadb, pairOf],
  } as const;
  const known = typeof engine === "string" && Object.hasOwn(table, engine) ? table[engine as keyof typeof table] : undefined;
  return known ? supported("engineVersion", (value) => inTable(known[0])(known[1](value)))(resource, context) : [];
};

export const runtimeSupported: Rule = {
  id: "delivery/runtime-supported",
  title: "What code runs on still gets security updates",
  severity: "high",
  why: "Holes that are found after the end of support stay open for ever, under the data that the code or the database holds.",
  remediation: "Move to a version that is supported; rules/delivery/end-of-life.ts says until when.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.8" },
    { name: "SOC 2", clause: "CC7.1" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
    { name: "DORA", clause: "Art. 7" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:lambda/function:Function", props: { runtime: "nodejs24.x" } }],
    fails: [{ type: "aws:lambda/function:Function", props: { runtime: "nodejs16.x" } }],
  },
  check: byType({
    "aws:lambda/function:Function": [supported("runtime", inTable(lambdaRuntimes))],
    "aws:rds/cluster:Cluster": [rds],
    "aws:rds/instance:Instance": [rds],
    "gcp:alloydb/cluster:Cluster": [supported("databaseVersion", cloudSql)],
    "gcp:appengine/standardAppVersion:StandardAppVersion": [supported("runtime", inTable(googleRuntimes))],
    "gcp:cloudfunctions/function:Function": [supported("runtime", inTable(googleRuntimes))],
    "gcp:cloudfunctionsv2/function:Function": [supported("buildConfig.runtime", inTable(googleRuntimes))],
    "gcp:sql/databaseInstance:DatabaseInstance": [supported("databaseVersion", cloudSql)],
  }),
};
