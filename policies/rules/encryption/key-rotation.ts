// A key that is never renewed protects ever more data with what may have leaked long ago. A year at most: NIST SP 800-57 part 1 rev. 5 (5.3.6)
// allows one to two years to a symmetric key that encrypts data, CIS AWS Foundations asks for a year.
import { byType, type Check, mustBe, mustBeWithin } from "../../arguments.ts";
import { type Correction, corrected } from "../../correction.ts";
import { isPresent, type Resource, read, textOf, type Value } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";

const mostDays = 365;
const awsKey = "aws:kms/key:Key";
const gcpKey = "gcp:kms/cryptoKey:CryptoKey";

/** KMS renews symmetric keys that it made itself (KMS Developer Guide, "Rotate AWS KMS keys"). */
const canRotate = ({ props }: Resource): boolean =>
  ["", "SYMMETRIC_DEFAULT"].includes(textOf(read(props, "customerMasterKeySpec"))) &&
  ["", "ENCRYPT_DECRYPT"].includes(textOf(read(props, "keyUsage"))) &&
  !isPresent(props, "customKeyStoreId");

const aws: Check = (resource, context) =>
  canRotate(resource)
    ? [mustBe("enableKeyRotation", true, false), mustBeWithin("rotationPeriodInDays", 1, mostDays, "days", mostDays)].flatMap((check) =>
        check(resource, context),
      )
    : [];

const daysOf = (seconds: Value): number =>
  typeof seconds === "string" && /^\d+(\.\d+)?s$/.test(seconds) ? Number.parseFloat(seconds) / 86_400 : Number.NaN;
const allowed = `rotationPeriod: at most ${mostDays} days, in seconds: 7776000s are 90 days`;
/** Google renews symmetric keys; what signs has versions that are made by hand, and an imported or outside key is renewed where it comes from. */
const gcp: Check = (resource) => {
  const { props } = resource;
  const outside = read(props, "importOnly") === true || textOf(read(props, "versionTemplate.protectionLevel")).startsWith("EXTERNAL");
  if (outside || !["", "ENCRYPT_DECRYPT"].includes(textOf(read(props, "purpose")))) return [];
  if (!isPresent(props, "rotationPeriod"))
    return [{ kind: "violation", property: "rotationPeriod", problem: "rotationPeriod is not set, which means never", allowed }];
  return judge(resource, "rotationPeriod", (place) =>
    daysOf(place.value) <= mostDays ? undefined : { problem: is(resource, place), allowed },
  );
};

const correction: Correction = { path: "enableKeyRotation", right: true };

export const keyRotation: Rule = {
  id: "encryption/key-rotation",
  title: "Keys are renewed at least once a year",
  severity: "medium",
  why: "Whoever got hold of an old key reads everything that was ever encrypted with it; renewal bounds how much that is.",
  remediation: "Switch rotation on: the cloud keeps the older versions, so nothing has to be encrypted again.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: awsKey, props: { enableKeyRotation: true } }],
    fails: [{ type: awsKey, props: { description: "orders" } }],
  },
  check: byType({ [awsKey]: [aws], [gcpKey]: [gcp] }),
  // Google wants the moment of the first renewal with a period it has not had before: that is the program's to choose.
  remediate: (resource) => (resource.type === awsKey && canRotate(resource) ? corrected(resource, [correction]) : undefined),
};
