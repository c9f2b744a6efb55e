// Credentials that never end are found, sooner or later, by somebody else.
import { byType, type Check, where } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";

const refuse =
  (problem: string, allowed: string): Check =>
  () => [{ kind: "violation", problem, allowed }];

const role = "a role that is assumed for an hour (IAM role, instance profile, IAM Roles Anywhere, OIDC federation)";
const federation = "workload identity: the attached service account, federation from another cloud, or impersonation for an hour";

export const longLivedKeys: Rule = {
  id: "identity/long-lived-keys",
  title: "Nothing logs in with a key that does not end",
  severity: "high",
  why: "Keys lie in repositories, logs and old laptops for years, work from anywhere, and their first use by a stranger looks like any other.",
  remediation: "Remove the key; let the program assume a role or use the identity of what it runs on.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "ISO 27001", clause: "A.8.5" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(j)" },
    { name: "DORA", clause: "Art. 9(4)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:iam/accessKey:AccessKey", props: { user: "legacy", status: "Inactive" } }],
    fails: [{ type: "gcp:serviceaccount/key:Key", props: { serviceAccountId: "shop" } }],
  },
  check: byType({
    "aws:iam/accessKey:AccessKey": [
      // On its way out: it opens nothing any more.
      where("status", (status) => status !== "Inactive", refuse("is an access key, which is valid until somebody deletes it", role)),
    ],
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": [
      where(
        "status",
        (status) => status !== "Inactive",
        refuse("is a user name and password for one service, valid until somebody deletes it", role),
      ),
    ],
    "aws:iam/signingCertificate:SigningCertificate": [
      where("status", (status) => status !== "Inactive", refuse("is a certificate that signs in as an IAM user", role)),
    ],
    "aws:iam/sshKey:SshKey": [
      where(
        "status",
        (status) => status !== "Inactive" && status !== "inactive",
        refuse("is a key by which an IAM user reaches repositories", role),
      ),
    ],
    "aws:iam/userLoginProfile:UserLoginProfile": [
      refuse(
        "gives an IAM user a password for the console",
        "people come through the identity centre, with a second factor, for some hours",
      ),
    ],
    "aws:lightsail/bucketAccessKey:BucketAccessKey": [refuse("is an access key, which is valid until somebody deletes it", role)],
    "gcp:serviceaccount/key:Key": [refuse("is a key of a service account, valid for years wherever it is copied to", federation)],
    "gcp:storage/hmacKey:HmacKey": [
      where("state", (state) => state !== "INACTIVE", refuse("is an HMAC key, valid until somebody deactivates it", federation)),
    ],
  }),
};
