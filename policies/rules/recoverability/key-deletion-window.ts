// A key that is gone takes with it all that it encrypted: between the decision and the end there is time to think.
import { byType, mustBeWithin } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";
import { inDurable } from "./kept.ts";

/** What both vendors give whoever asks for nothing (aws.kms.Key deletionWindowInDays, gcp.kms.CryptoKey destroyScheduledDuration). */
const leastDays = 30;
/** A secret can be issued anew: the least that AWS takes, but not zero, which deletes at once. */
const leastDaysOfSecrets = 7;

const window = [mustBeWithin("deletionWindowInDays", leastDays, 30, "days", 30)];

export const keyDeletionWindow: Rule = {
  id: "recoverability/key-deletion-window",
  title: "A key or secret can be called back for weeks after its deletion",
  severity: "high",
  why: "Destroying a key destroys every record, backup and archive under it; a wrong order must be found before it is carried out.",
  remediation: "Leave the window at the provider's default of 30 days.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
    { name: "DORA", clause: "Art. 9(4)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:kms/key:Key", props: { deletionWindowInDays: 30 } }],
    fails: [{ type: "aws:kms/key:Key", props: { deletionWindowInDays: 7 } }],
  },
  check: inDurable(
    byType({
      "aws:kms/externalKey:ExternalKey": window,
      "aws:kms/key:Key": window,
      "aws:kms/replicaExternalKey:ReplicaExternalKey": window,
      "aws:kms/replicaKey:ReplicaKey": window,
      "aws:secretsmanager/secret:Secret": [mustBeWithin("recoveryWindowInDays", leastDaysOfSecrets, 30, "days", 30)],
      "gcp:kms/cryptoKey:CryptoKey": [
        mustBeWithin("destroyScheduledDuration", leastDays * 86_400, Number.POSITIVE_INFINITY, "seconds", leastDays * 86_400),
      ],
    }),
  ),
};
