// Secrets are replicated to regions that are named, all of them the jurisdiction's.
import type { Rule } from "../../rule.ts";
import { type Arguments, at, forbid, judgeArguments } from "./places.ts";

const automatic = forbid(
  "replication.auto",
  "lets Google choose the regions",
  "replication.userManaged with one replica per allowed region",
);

export const secretReplicationArguments: Arguments = {
  "aws:secretsmanager/secret:Secret": [at("replicas[*].region")],
  "gcp:secretmanager/secret:Secret": [automatic, at("replication.userManaged.replicas[*].location")],
};

export const secretReplication: Rule = {
  id: "residency/secret-replication",
  title: "Secrets are kept in the jurisdiction's regions only",
  severity: "high",
  why: "A database's password or a pseudonymisation key that lies abroad can be demanded abroad, and with it the data that it opens.",
  remediation: "Name each replica's region from the residency map; do not leave the choice to the vendor.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "SOC 2", clause: "CC6.1" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:secretmanager/secret:Secret",
        props: { replication: { userManaged: { replicas: [{ location: "europe-west3" }] } }, labels: { "data-class": "sensitive" } },
      },
    ],
    fails: [{ type: "gcp:secretmanager/secret:Secret", props: { replication: { auto: {} }, labels: { "data-class": "sensitive" } } }],
  },
  check: judgeArguments(secretReplicationArguments),
};
