// A trail of what was done to the cloud leaves out no region, no service, no event and no person.
import { byType, type Check, mustBe, mustNot } from "../../arguments.ts";
import { type Properties, read, select, UNKNOWN, type Value } from "../../resource.ts";
import type { Finding, Rule } from "../../rule.ts";

const nobody = "no exempted members: a trail with exceptions shows what its exceptions want";

/** Management events are in a trail by default; selectors replace the default (docs.aws.amazon.com/awscloudtrail, "Logging management events"). */
const managementEvents: Check = ({ props }) => {
  const basic = select(props, "eventSelectors[*]");
  const advanced = select(props, "advancedEventSelectors[*]");
  const all = [...basic, ...advanced];
  const unknown = all.find(({ value }) => value === UNKNOWN);
  if (unknown) return [{ kind: "undecided", property: unknown.path }];
  const whole =
    all.length === 0 ||
    basic.some(({ path }) => isWhole(read(props, `${path}.includeManagementEvents`), read(props, `${path}.readWriteType`))) ||
    advanced.some(({ path }) => isManagement(props, path));
  const finding: Finding = {
    kind: "violation",
    property: basic.length > 0 ? "eventSelectors" : "advancedEventSelectors",
    problem: "no selector of the trail takes all management events, reads and writes",
    allowed: "a selector with includeManagementEvents and readWriteType All, or one whose only field is eventCategory Management",
  };
  return whole ? [] : [finding];
};

const isWhole = (management: Value | undefined, kind: Value | undefined) => management !== false && (kind === undefined || kind === "All");

/** Only the category is asked for: a selector that asks for more (readOnly, eventSource) takes less. */
const isManagement = (props: Properties, path: string) =>
  select(props, `${path}.fieldSelectors[*]`).length === 1 &&
  read(props, `${path}.fieldSelectors[0].field`) === "eventCategory" &&
  select(props, `${path}.fieldSelectors[0].equals[*]`).some(({ value }) => value === "Management");

const exempted = mustNot("auditLogConfigs[*].exemptedMembers[*]", () => true, nobody);

/** What stands for all services replaces what was there: it must take reads and writes of data. */
const everything: Check = ({ props }) => {
  const kinds = select(props, "auditLogConfigs[*].logType").map(({ value }) => value);
  const missing = ["DATA_READ", "DATA_WRITE"].filter((kind) => !kinds.includes(kind));
  if (read(props, "service") !== "allServices" || kinds.includes(UNKNOWN) || missing.length === 0) return [];
  return [
    {
      kind: "violation",
      property: "auditLogConfigs",
      problem: `auditLogConfigs of all services leave out ${missing.join(" and ")}`,
      allowed: "DATA_READ and DATA_WRITE, and ADMIN_READ as you like",
    },
  ];
};

const google = [exempted, everything];

export const auditTrail: Rule = {
  id: "telemetry/audit-trail",
  title: "The trail of what was done leaves nothing and nobody out",
  severity: "high",
  why: "An intruder works where the trail does not look: in a region nobody uses, through reads, or as the member who was exempted.",
  remediation: "Let a trail take all regions and all management events, and exempt nobody from data access logs.",
  frameworks: [
    { name: "GDPR", clause: "Art. 33(5)" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
    { name: "NIS2", clause: "Art. 21(2)(b)" },
    { name: "DORA", clause: "Art. 10" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:cloudtrail/trail:Trail", props: { isMultiRegionTrail: true } }],
    fails: [{ type: "aws:cloudtrail/trail:Trail", props: { isMultiRegionTrail: false } }],
  },
  check: byType({
    "aws:cloudtrail/eventDataStore:EventDataStore": [
      mustBe("multiRegionEnabled", true, true),
      mustNot("suspend", (value) => value === true, "suspend: false"),
    ],
    "aws:cloudtrail/trail:Trail": [
      mustBe("isMultiRegionTrail", true, false),
      mustBe("enableLogging", true, true),
      mustBe("includeGlobalServiceEvents", true, true),
      managementEvents,
    ],
    "gcp:folder/iamAuditConfig:IamAuditConfig": google,
    "gcp:organizations/iamAuditConfig:IamAuditConfig": google,
    "gcp:projects/iAMAuditConfig:IAMAuditConfig": google,
  }),
};
