// A log that could be changed unseen proves nothing.
import { byType, mustBe, mustNot } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";

export const logIntegrity: Rule = {
  id: "telemetry/log-integrity",
  title: "A change to the trail would be seen",
  severity: "high",
  why: "Who breaks in wipes their traces first; without digests over the log nobody can tell a clean day from a cleaned one.",
  remediation: "Set enableLogFileValidation on the trail; let a sink write as an identity of its own.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(f)" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
    { name: "NIS2", clause: "Art. 21(2)(b)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:cloudtrail/trail:Trail", props: { enableLogFileValidation: true } }],
    fails: [{ type: "aws:cloudtrail/trail:Trail", props: {} }],
  },
  check: byType({
    // Digests every hour, signed and chained (docs.aws.amazon.com/awscloudtrail, "Validating CloudTrail log file integrity").
    "aws:cloudtrail/trail:Trail": [mustBe("enableLogFileValidation", true, false)],
    // A store of events is immutable; only its end can be brought forward.
    "aws:cloudtrail/eventDataStore:EventDataStore": [mustBe("terminationProtectionEnabled", true, true)],
    // A shared writer (cloud-logs@system.gserviceaccount.com) may write entries of any project into the destination.
    "gcp:logging/projectSink:ProjectSink": [mustNot("uniqueWriterIdentity", (value) => value === false, "uniqueWriterIdentity: true")],
  }),
};
