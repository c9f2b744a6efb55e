// Where data may be.
import type { Rule } from "../../rule.ts";
import { backupCopies } from "./backup-copies.ts";
import { bindingJurisdiction } from "./binding-jurisdiction.ts";
import { crossRegionInference } from "./cross-region-inference.ts";
import { declaredJurisdiction } from "./declared-jurisdiction.ts";
import { jurisdictionPin } from "./jurisdiction-pin.ts";
import { location } from "./location.ts";
import { locationHint } from "./location-hint.ts";
import { logDestination } from "./log-destination.ts";
import { messageStorage } from "./message-storage.ts";
import { multiRegion } from "./multi-region.ts";
import { multiRegionKey } from "./multi-region-key.ts";
import { networkPeering } from "./network-peering.ts";
import { reference } from "./reference.ts";
import { replication } from "./replication.ts";
import { secretReplication } from "./secret-replication.ts";
import { smartPlacement } from "./smart-placement.ts";
import { tlsTermination } from "./tls-termination.ts";
import { transfer } from "./transfer.ts";
import { unpinnable } from "./unpinnable.ts";

export const residencyRules: readonly Rule[] = [
  location,
  multiRegion,
  replication,
  multiRegionKey,
  secretReplication,
  backupCopies,
  logDestination,
  messageStorage,
  reference,
  declaredJurisdiction,
  jurisdictionPin,
  bindingJurisdiction,
  locationHint,
  smartPlacement,
  unpinnable,
  tlsTermination,
  transfer,
  networkPeering,
  crossRegionInference,
];
