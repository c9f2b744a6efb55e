// Who can reach it.
import type { Rule } from "../../rule.ts";
import { controlPlane } from "./control-plane.ts";
import { dashboard } from "./dashboard.ts";
import { everyone } from "./everyone.ts";
import { functionUrlRule } from "./function-url.ts";
import { ingressAll } from "./ingress-all.ts";
import { instanceMetadata } from "./instance-metadata.ts";
import { openApi } from "./open-api.ts";
import { openIngress } from "./open-ingress.ts";
import { openResourcePolicy } from "./open-resource-policy.ts";
import { previewDomain } from "./preview-domain.ts";
import { publicAddress } from "./public-address.ts";
import { publicBucket } from "./public-bucket.ts";
import { publicBucketDomain } from "./public-bucket-domain.ts";
import { publicDatabase } from "./public-database.ts";
import { sharedImage } from "./shared-image.ts";
import { unguardedEntry } from "./unguarded-entry.ts";
import { wildcardCors } from "./wildcard-cors.ts";
import { workersDev } from "./workers-dev.ts";

export const exposureRules: readonly Rule[] = [
  publicBucket,
  publicBucketDomain,
  everyone,
  openResourcePolicy,
  sharedImage,
  publicDatabase,
  publicAddress,
  openIngress,
  controlPlane,
  dashboard,
  instanceMetadata,
  functionUrlRule,
  openApi,
  ingressAll,
  unguardedEntry,
  workersDev,
  previewDomain,
  wildcardCors,
];
