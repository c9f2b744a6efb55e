// How data is kept from those who may not read it.
import type { Rule } from "../../rule.ts";

export const encryptionRules: readonly Rule[] = [];
