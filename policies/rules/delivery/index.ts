// What runs, and how it came there.
import type { Rule } from "../../rule.ts";
import { compatibilityDate } from "./compatibility-date.ts";
import { costCeiling } from "./cost-ceiling.ts";
import { digestPinned } from "./digest-pinned.ts";
import { healthCheck } from "./health-check.ts";
import { imageScan } from "./image-scan.ts";
import { immutableTags } from "./immutable-tags.ts";
import { instanceCeiling } from "./instance-ceiling.ts";
import { knownArtifact } from "./known-artifact.ts";
import { migrationAlone } from "./migration-alone.ts";
import { noInteractiveAccess } from "./no-interactive-access.ts";
import { noRemoteScript } from "./no-remote-script.ts";
import { pinnedSource } from "./pinned-source.ts";
import { previousRevision } from "./previous-revision.ts";
import { runtimeSupported } from "./runtime-supported.ts";
import { unprivileged } from "./unprivileged.ts";

export const deliveryRules: readonly Rule[] = [
  digestPinned,
  knownArtifact,
  pinnedSource,
  noRemoteScript,
  immutableTags,
  imageScan,
  runtimeSupported,
  compatibilityDate,
  previousRevision,
  migrationAlone,
  healthCheck,
  unprivileged,
  noInteractiveAccess,
  instanceCeiling,
  costCeiling,
];
