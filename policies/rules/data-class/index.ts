// What data a store may hold.
import type { Rule } from "../../rule.ts";

export const dataClassRules: readonly Rule[] = [];
