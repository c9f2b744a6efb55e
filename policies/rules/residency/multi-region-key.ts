// A key that can be copied to any region lets data be read there.
import type { Rule } from "../../rule.ts";
import { type Arguments, forbid, judgeArguments, madeHere, reference } from "./places.ts";

const multiRegion = forbid("multiRegion", "lets the key be copied to any region", "multiRegion: false", false);

export const multiRegionKeyArguments: Arguments = {
  "aws:kms/externalKey:ExternalKey": [multiRegion],
  "aws:kms/key:Key": [multiRegion],
  "aws:kms/replicaExternalKey:ReplicaExternalKey": [reference("primaryKeyArn")],
  "aws:kms/replicaKey:ReplicaKey": [reference("primaryKeyArn")],
};

export const multiRegionKey: Rule = {
  id: "residency/multi-region-key",
  title: "Keys stay in one region",
  severity: "high",
  why: "Whoever may replicate a multi-region key makes copied ciphertext readable outside the jurisdiction, and destroying the key at home no longer destroys the data.",
  remediation: "Make a single-region key (multiRegion: false); a second region of the jurisdiction gets a key of its own.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "DORA", clause: "Art. 9(4)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:kms/key:Key", props: { region: "eu-central-1", multiRegion: false } }],
    fails: [{ type: "aws:kms/key:Key", props: { region: "eu-central-1", multiRegion: true } }],
  },
  check: judgeArguments(multiRegionKeyArguments),
  settles: madeHere(multiRegionKeyArguments),
};
