// Who can reach it.
import type { Rule } from "../../rule.ts";
import { publicAccess } from "./public-access.ts";
import { workersDev } from "./workers-dev.ts";

export const exposureRules: readonly Rule[] = [publicAccess, workersDev];
