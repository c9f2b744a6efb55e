// Where a region's collectors stand: known before they are made, for whoever sends to them.

export const collectorHosts = (region: string, domain: string) => ({
  gcp: `telemetry-gcp-${region}.${domain}`,
  aws: `telemetry-aws-${region}.${domain}`,
});
