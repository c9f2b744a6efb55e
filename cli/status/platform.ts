// The platform as it is now, region by region: what the running parts say, and where every span is.

import { paths } from "../../functions/shared/telemetry/emitter.ts";
import type { Part } from "../../sandbox/engine/cloud.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { PersonError } from "../errors.ts";
import { byRegion, regionOf } from "../regions.ts";
import { type Status, sandboxStatus } from "../sandbox.ts";
import { describeCounts, describeSum, type RegionTelemetry, regionTelemetry, waitedSeconds } from "../telemetry/region.ts";
import { shownCertificate } from "./certificates.ts";
import { type ShownCertificate, type Topic, topicsOf } from "./topics.ts";

export interface RegionStatus {
  readonly region: string;
  readonly well: boolean;
  readonly topics: readonly Topic[];
  /** Of every host of the region, as it shows it. */
  readonly certificates: readonly ShownCertificate[];
  readonly telemetry?: Omit<RegionTelemetry, "spans">;
}

export interface PlatformStatus extends Omit<Status, "parts"> {
  /** Nothing is failed, stopped, starting or missing, and nothing is hurt on purpose. */
  readonly well: boolean;
  readonly regions: readonly RegionStatus[];
  readonly parts: readonly (Part & { readonly cloud: string; readonly region: string })[];
}

/** What waits for longer was refused more than once: somebody should look. */
const longestWaitSeconds = 60;
/** Objects of an archive that are read at the most: what keeps a look quick. */
const objectsAtMost = 100;

/** @param sinceMs how far back spans are counted */
export async function platformStatus(sandbox: SandboxFile, sinceMs: number): Promise<PlatformStatus> {
  const now = await sandboxStatus(sandbox);
  const window = { fromMs: Date.now() - sinceMs, atMost: objectsAtMost };
  const regions = await Promise.all(
    byRegion(now.parts).map(async ([region, parts]): Promise<RegionStatus> => {
      const [certificates, telemetry] = await Promise.all([
        Promise.all(hostsOf(region, parts, now.hostnames).map((host) => shownCertificate(sandbox, host))),
        telemetryOf(sandbox, region, window),
      ]);
      const topics = [...topicsOf(parts, certificates), ...telemetry.topics];
      const { counted } = telemetry;
      return { region, well: topics.every(({ well }) => well), topics, certificates, ...(counted ? { telemetry: counted } : {}) };
    }),
  );
  const parts = now.parts.map((part) => ({ ...part, region: regionOf(part) }));
  return { ...now, parts, regions, well: now.faults.length === 0 && regions.every(({ well }) => well) };
}

/** Hosts that end TLS for a region: its own, and those of its certificates. */
function hostsOf(region: string, parts: readonly Part[], hostnames: readonly string[]): string[] {
  const own = hostnames.filter((name) => regionOf({ name, detail: "" }) === region);
  const certified = parts.flatMap(({ kind, detail }) => (kind === "certificate" ? (detail.split(": ")[1]?.split(", ") ?? []) : []));
  return [...new Set([...own, ...certified])].filter((host) => !host.startsWith("*.")).sort();
}

/** A store that does not answer is a trouble to be told, not the end of the report. */
async function telemetryOf(
  sandbox: SandboxFile,
  stack: string,
  window: { readonly fromMs: number; readonly atMost: number },
): Promise<{ topics: Topic[]; counted?: Omit<RegionTelemetry, "spans"> }> {
  try {
    const found = await regionTelemetry(sandbox, stack, window);
    if (!found) return { topics: [] };
    const { spans: _, ...counted } = found;
    const topics = paths.flatMap((path): Topic[] => {
      const sum = counted.sums[path];
      const text = describeSum(sum);
      const well = sum.missing === 0 && waitedSeconds(sum) <= longestWaitSeconds;
      const told = counted.collectors?.[path];
      return [
        { topic: `path ${path}`, well, text, troubles: well ? [] : [text] },
        // For information: what a collector sends back waits, and shows there.
        ...(told ? [{ topic: `collector ${path}`, well: true, text: describeCounts(told), troubles: [] }] : []),
      ];
    });
    return { counted, topics };
  } catch (error) {
    if (!(error instanceof PersonError)) throw error;
    return { topics: [{ topic: "telemetry", well: false, text: "cannot be counted", troubles: [error.message] }] };
  }
}
