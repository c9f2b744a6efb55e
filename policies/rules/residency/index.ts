// Where data may be.
import type { Rule } from "../../rule.ts";
import { location } from "./location.ts";

export const residencyRules: readonly Rule[] = [location];
