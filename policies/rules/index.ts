// Every rule of the pack. The order is the order of the documentation.
import type { Rule } from "../rule.ts";
import { digestPinned } from "./delivery/digest-pinned.ts";
import { publicAccess } from "./exposure/public-access.ts";
import { workersDev } from "./exposure/workers-dev.ts";
import { deletionProtection } from "./recoverability/deletion-protection.ts";
import { location } from "./residency/location.ts";

export const rules: readonly Rule[] = [location, publicAccess, workersDev, digestPinned, deletionProtection];
