// By which ways a region's telemetry leaves it, and what keeps it while a way is closed.

import { cloudOf, cloudTitles } from "./holdings.ts";
import type { Holding, StackReview } from "./model.ts";
import { inClouds, type Planned } from "./plan.ts";

/** The component that receives and archives (components/telemetry), and those that keep what was not delivered. */
const pipeline = /:telemetry:TelemetryPipeline\$/;
const receiver = /^(aws:ecs\/service:Service|gcp:cloudrunv2\/service:Service)$/;
const spool = /:edge:EdgeQueue\$cloudflare:index\/queue:Queue::|:governance:GovernanceService\$gcp:cloudrunv2\/service:Service::\S*spool/;

export function telemetryOf(resources: readonly Planned[], holdings: readonly Holding[]): StackReview["telemetry"] {
  const standing = resources.filter((each) => inClouds(each) && each.operation !== "delete");
  const own = standing.filter(({ urn }) => pipeline.test(urn));
  const placesOf = (names: readonly string[]) =>
    [...new Set(holdings.filter(({ name }) => names.includes(name)).flatMap(({ places }) => places))].sort();
  const paths = [...Map.groupBy(own, cloudOf)].flatMap(([cloud, its]) => {
    if (cloud === undefined) return [];
    const receivers = its.filter(({ type }) => receiver.test(type)).map(({ name }) => name);
    const archives = its.filter(({ type }) => /:Bucket$/.test(type)).map(({ name }) => name);
    return receivers.length === 0
      ? []
      : [{ cloud: cloudTitles[cloud], receivers, archives, places: placesOf([...receivers, ...archives]) }];
  });
  const spools = standing.filter(({ urn }) => spool.test(urn)).map(({ name }) => name);
  return { paths: paths.sort((a, b) => a.cloud.localeCompare(b.cloud)), spools: spools.sort() };
}
