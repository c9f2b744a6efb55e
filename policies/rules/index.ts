// Every rule of the pack. The order is the order of the documentation.
import type { Rule } from "../rule.ts";
import { dataClassRules } from "./data-class/index.ts";
import { deliveryRules } from "./delivery/index.ts";
import { encryptionRules } from "./encryption/index.ts";
import { exposureRules } from "./exposure/index.ts";
import { identityRules } from "./identity/index.ts";
import { recoverabilityRules } from "./recoverability/index.ts";
import { residencyRules } from "./residency/index.ts";
import { telemetryRules } from "./telemetry/index.ts";
import { vendorsRules } from "./vendors/index.ts";

export const rules: readonly Rule[] = [
  ...residencyRules,
  ...dataClassRules,
  ...encryptionRules,
  ...exposureRules,
  ...identityRules,
  ...recoverabilityRules,
  ...telemetryRules,
  ...deliveryRules,
  ...vendorsRules,
];
