// Every argument in which a residency rule looks for a place, by type: for the tests that compare them with the SDKs.
import { backupArguments } from "../../policies/rules/residency/backup-copies.ts";
import { bindingArguments } from "../../policies/rules/residency/binding-jurisdiction.ts";
import { modelArguments } from "../../policies/rules/residency/cross-region-inference.ts";
import { hints } from "../../policies/rules/residency/location-hint.ts";
import { logArguments } from "../../policies/rules/residency/log-destination.ts";
import { messageStorageArguments } from "../../policies/rules/residency/message-storage.ts";
import { multiRegionArguments } from "../../policies/rules/residency/multi-region.ts";
import { multiRegionKeyArguments } from "../../policies/rules/residency/multi-region-key.ts";
import { peeringArguments } from "../../policies/rules/residency/network-peering.ts";
import { ownPlaceArguments } from "../../policies/rules/residency/own-place.ts";
import type { Arguments } from "../../policies/rules/residency/places.ts";
import { targetRegionArguments } from "../../policies/rules/residency/reference.ts";
import { bucketReplicas, replicationArguments } from "../../policies/rules/residency/replication.ts";
import { secretReplicationArguments } from "../../policies/rules/residency/secret-replication.ts";
import { placementArguments } from "../../policies/rules/residency/smart-placement.ts";
import { served } from "../../policies/rules/residency/tls-termination.ts";
import { transferArguments, transferSinks } from "../../policies/rules/residency/transfer.ts";

const tables: readonly Arguments[] = [
  backupArguments,
  bindingArguments,
  logArguments,
  messageStorageArguments,
  multiRegionArguments,
  multiRegionKeyArguments,
  ownPlaceArguments,
  peeringArguments,
  placementArguments,
  replicationArguments,
  secretReplicationArguments,
  targetRegionArguments,
  transferArguments,
];

/** Type and path of every argument. */
export const residencyArguments: readonly (readonly [type: string, path: string])[] = [
  ...tables.flatMap((table) => Object.entries(table).flatMap(([type, all]) => all.map(({ path }) => [type, path] as const))),
  ...Object.entries(modelArguments).flatMap(([type, paths]) => paths.map((path) => [type, path] as const)),
  ...Object.entries(hints),
  ...Object.entries(bucketReplicas),
  ...Object.entries(served).map(([type, { path }]) => [type, path] as const),
  ...Object.entries(transferSinks).flatMap(([type, { paths }]) => paths.map((path) => [type, path] as const)),
];
