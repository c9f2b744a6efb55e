// Who may do what.
import type { Rule } from "../../rule.ts";

export const identityRules: readonly Rule[] = [];
