// A pack of one rule that corrects, for the tests of what the engine makes of corrections. It is run like the real one.
import { serve } from "../../policies/analyzer.ts";
import { byType, mustBe } from "../../policies/arguments.ts";
import { contextOf } from "../../policies/context.ts";
import type { Rule } from "../../policies/rule.ts";
import { Session } from "../../policies/session.ts";

const bucket = "aws:s3/bucket:Bucket";
const closed: Rule = {
  id: "test/closed",
  title: "Buckets are closed",
  severity: "high",
  why: "A test needs a rule that corrects.",
  remediation: 'Set acl: "private".',
  frameworks: [{ name: "GDPR", clause: "Art. 32" }],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: { passes: [], fails: [] },
  check: byType({ [bucket]: [mustBe("acl", "private")] }),
  remediate: ({ type, props }) => (type === bucket && props.acl !== "private" ? { ...props, acl: "private" } : undefined),
};

const { port } = await serve(
  {
    name: "correcting",
    version: "1.0.0",
    rules: [closed],
    open: ({ dryRun, ...facts }) => new Session({ rules: [closed], context: contextOf(facts, () => undefined), exemptions: [], dryRun }),
  },
  "127.0.0.1",
);
process.stdout.write(`${port}\n`);
