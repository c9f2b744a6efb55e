// What brings data back, and what keeps it from going.
import type { Rule } from "../../rule.ts";
import { deletionProtection } from "./deletion-protection.ts";

export const recoverabilityRules: readonly Rule[] = [deletionProtection];
