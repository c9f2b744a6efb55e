// Who else has a hand in it.
import type { Rule } from "../../rule.ts";
import { vendorClauses } from "./clauses.ts";
import { vendorDataClass } from "./data-class.ts";
import { vendorEvidence } from "./evidence.ts";
import { vendorRegion } from "./region.ts";
import { registeredVendor } from "./registered.ts";
import { vendorTransport } from "./transport.ts";

export const vendorsRules: readonly Rule[] = [
  registeredVendor,
  vendorRegion,
  vendorDataClass,
  vendorClauses,
  vendorEvidence,
  vendorTransport,
];
