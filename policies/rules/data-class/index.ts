// What data a store may hold.
import type { Rule } from "../../rule.ts";
import { auditLocked } from "./audit-locked.ts";
import { copyKeepsClass } from "./copy-keeps-class.ts";
import { declared } from "./declared.ts";
import { listedType } from "./listed-type.ts";
import { personalInCache } from "./personal-in-cache.ts";
import { phaseOne } from "./phase-one.ts";
import { sensitiveOwnKey } from "./sensitive-own-key.ts";

export const dataClassRules: readonly Rule[] = [
  listedType,
  declared,
  personalInCache,
  sensitiveOwnKey,
  auditLocked,
  copyKeepsClass,
  phaseOne,
];
