// A deployed region as a drill sees it.
import type { Path } from "../../functions/shared/telemetry/emitter.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { isJurisdiction, type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { stateOutputs } from "../pulumi/checkpoint.ts";
import { regionOf } from "../regions.ts";
import { type Status, sandboxStatus } from "../sandbox.ts";
import { chosenStacks } from "../stacks.ts";
import type { Archive } from "../telemetry/archives.ts";
import type { TelemetryOutput } from "../telemetry/region.ts";

export type RunningPart = Status["parts"][number];

export interface DrilledRegion {
  readonly stack: string;
  readonly jurisdiction: Jurisdiction;
  readonly telemetry: TelemetryOutput;
  readonly buckets: { readonly exports: string; readonly archive: string };
  readonly database: { readonly connectionName: string; readonly name: string; readonly owner: string };
}

/** @throws PersonError when the stack is no region, or not deployed */
export function drilledRegion(name: string): DrilledRegion {
  const [stack] = chosenStacks([name]) as [string];
  const { telemetry, jurisdiction, buckets, database } = (stateOutputs(stack) ?? {}) as Partial<DrilledRegion>;
  if (!telemetry || !buckets || !database || !isJurisdiction(jurisdiction))
    throw new PersonError(
      `Stack "${stack}" is no region that is deployed.`,
      `Deploy it first: ./bailiwick up ${stack}.`,
      exitCodes.unavailable,
    );
  return { stack, jurisdiction, telemetry, buckets, database };
}

/** Parts of the region that run now. */
export async function partsOf(sandbox: SandboxFile, stack: string): Promise<RunningPart[]> {
  return (await sandboxStatus(sandbox)).parts.filter((part) => regionOf(part) === stack);
}

/** Where the region's archive of a path is. */
export const archiveOf = ({ telemetry, jurisdiction }: DrilledRegion, path: Path): Archive => ({
  bucket: telemetry.archives[path],
  location: residencyOf(jurisdiction)[path].location,
  account: telemetry.awsAccountId,
});
