import { keyRotation } from "../../../../policies/rules/encryption/key-rotation.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify, specifyRemedy } from "../../specify.ts";

const aws = "aws:kms/key:Key";
const gcp = "gcp:kms/cryptoKey:CryptoKey";

specify(keyRotation, {
  passes: [
    ["a key that is renewed", { type: aws, props: { enableKeyRotation: true, rotationPeriodInDays: 90 } }],
    ["a key that signs", { type: aws, props: { keyUsage: "SIGN_VERIFY", customerMasterKeySpec: "ECC_NIST_P256" } }],
    ["a key in somebody's own hardware", { type: aws, props: { customKeyStoreId: "cks-1" } }],
    ["a key of Google's", { type: gcp, props: { rotationPeriod: "7776000s" } }],
    ["a key of Google's that signs", { type: gcp, props: { purpose: "ASYMMETRIC_SIGN" } }],
    ["a key outside Google", { type: gcp, props: { versionTemplate: { protectionLevel: "EXTERNAL_VPC" } } }],
  ],
  refused: [
    ["a key", { type: aws }, "enableKeyRotation is not set, which means false"],
    ["a key that is not renewed", { type: aws, props: { enableKeyRotation: false } }, "enableKeyRotation is false"],
    [
      "a key that is renewed too seldom",
      { type: aws, props: { enableKeyRotation: true, rotationPeriodInDays: 730 } },
      "rotationPeriodInDays is 730",
    ],
    ["a key of Google's", { type: gcp }, "rotationPeriod is not set, which means never"],
    ["a key of Google's that is renewed too seldom", { type: gcp, props: { rotationPeriod: "63072000s" } }, "rotationPeriod is"],
    ["a period that is none", { type: gcp, props: { rotationPeriod: "90 days" } }, "rotationPeriod is"],
  ],
  undecided: [["a period", { type: gcp, props: { rotationPeriod: UNKNOWN } }, "rotationPeriod"]],
  silent: "aws:kms/alias:Alias",
});

specifyRemedy(keyRotation, { type: aws, props: { description: "orders" } }, { description: "orders", enableKeyRotation: true }, [
  { type: aws, props: { enableKeyRotation: UNKNOWN } },
  { type: aws, props: { keyUsage: "SIGN_VERIFY" } },
  { type: gcp },
]);
