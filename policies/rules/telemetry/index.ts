// What is told of what runs, and to whom.
import type { Rule } from "../../rule.ts";

export const telemetryRules: readonly Rule[] = [];
