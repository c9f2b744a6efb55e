// Who else has a hand in it.
import type { Rule } from "../../rule.ts";

export const vendorsRules: readonly Rule[] = [];
