// What runs, and how it came there.
import type { Rule } from "../../rule.ts";
import { digestPinned } from "./digest-pinned.ts";

export const deliveryRules: readonly Rule[] = [digestPinned];
