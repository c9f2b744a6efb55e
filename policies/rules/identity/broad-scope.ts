// A role over data, keys or identities is granted where the data, the key or the identity is, not over all of them.
import type { Rule } from "../../rule.ts";
import { isNarrowed, judgeRoles, waitsForRole } from "./grants.ts";

/** Roles that can be granted on a single resource (cloud.google.com/iam/docs/resource-types-with-policies), and what they reach otherwise. */
const reached: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    "every bucket and object": "storage.admin storage.objectAdmin storage.objectUser storage.objectViewer",
    "every secret": "secretmanager.admin secretmanager.secretAccessor secretmanager.secretVersionManager",
    "every key": "cloudkms.admin cloudkms.cryptoKeyDecrypter cloudkms.cryptoKeyEncrypterDecrypter cloudkms.signer cloudkms.signerVerifier",
    "every data set": "bigquery.admin bigquery.dataEditor bigquery.dataOwner bigquery.dataViewer",
    "every Spanner database": "spanner.admin spanner.databaseAdmin spanner.databaseReader spanner.databaseUser",
    "every Bigtable table": "bigtable.admin bigtable.reader bigtable.user",
    "every topic and subscription": "pubsub.admin pubsub.subscriber",
    "every image and package": "artifactregistry.admin artifactregistry.repoAdmin artifactregistry.writer",
    "every service account": "iam.serviceAccountTokenCreator iam.serviceAccountOpenIdTokenCreator iam.workloadIdentityUser",
  }).flatMap(([what, roles]) => roles.split(" ").map((role) => [`roles/${role}`, what])),
);

export const broadScope: Rule = {
  id: "identity/broad-scope",
  title: "Roles over data, keys and identities are granted on the single resource",
  severity: "high",
  why: "secretAccessor on a project reads every secret that any team will ever put there; token creator becomes every account in it.",
  remediation:
    "Grant it on the bucket, secret, key or account itself (BucketIAMMember, SecretIamMember, ...), or add a condition on resource.name.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "ISO 27001", clause: "A.8.3" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:secretmanager/secretIamMember:SecretIamMember",
        props: {
          secretId: "api-key",
          role: "roles/secretmanager.secretAccessor",
          member: "serviceAccount:shop@brand.iam.gserviceaccount.com",
        },
      },
    ],
    fails: [
      {
        type: "gcp:projects/iAMMember:IAMMember",
        props: { role: "roles/secretmanager.secretAccessor", member: "serviceAccount:shop@brand.iam.gserviceaccount.com" },
      },
    ],
  },
  check: judgeRoles((role, grant) =>
    grant.reach !== "resource" && !isNarrowed(grant) && Object.hasOwn(reached, role)
      ? { allowed: `the same role on one resource: here it reaches ${reached[role]}` }
      : undefined,
  ),
  settles: waitsForRole,
};
