// Behind a load balancer: the group that stands for a Cloud Run service, and the backend service that speaks to it.
import { CloudError, type Failure, type Properties, type ResourceDefinition, type Stored, UNKNOWN } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { invalid, nameOf, numericId, regional } from "./compute.ts";
import { listOf, objectOf } from "./outputs.ts";
import { securityPolicyToken } from "./security-policy.ts";

export const groupToken = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup";
export const backendServiceToken = "gcp:compute/regionBackendService:RegionBackendService";
const test = "test/sandbox/gcp/load-balancer.test.ts";

function refuseGroup(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const type = inputs.networkEndpointType ?? "SERVERLESS";
  if (type !== "SERVERLESS" && type !== UNKNOWN)
    failures.push({ property: "networkEndpointType", reason: `"${type}" leads nowhere here; SERVERLESS with cloudRun does` });
  const kinds = ["cloudRun", "appEngine", "cloudFunction", "serverlessDeployment"].filter((kind) => inputs[kind] !== undefined);
  if (kinds.length !== 1)
    failures.push({ property: "cloudRun", reason: "a serverless group stands for exactly one service: give cloudRun" });
  else if (kinds[0] !== "cloudRun") failures.push({ property: String(kinds[0]), reason: "leads nowhere here; cloudRun does" });
  for (const property of ["network", "subnetwork"])
    if (inputs[property] !== undefined) failures.push({ property, reason: "a serverless group is in no network" });
  const { service, urlMask } = objectOf(inputs.cloudRun);
  if (kinds[0] === "cloudRun" && inputs.cloudRun !== UNKNOWN && service === undefined)
    failures.push({ property: "cloudRun.service", reason: urlMask ? "URL masks are not run here; name the service" : "name the service" });
  return failures;
}

export const endpointGroup: ResourceDefinition = regional({
  token: groupToken,
  fidelity: { level: "runs", how: "leads to the Cloud Run service of that name in its region", test },
  collection: "networkEndpointGroups",
  // Nothing about it can be changed [MM RegionNetworkEndpointGroup.yaml], and what is made before the old one goes needs another name.
  replaceOn: [
    "name",
    "project",
    "region",
    "description",
    "networkEndpointType",
    "cloudRun",
    "appEngine",
    "cloudFunction",
    "serverlessDeployment",
    "network",
    "subnetwork",
    "pscData",
    "pscTargetService",
  ],
  refuse: refuseGroup,
  users: [backendServiceToken],
  computed: (_context, inputs) => ({ networkEndpointType: inputs.networkEndpointType ?? "SERVERLESS", network: "", pscData: {} }),
});

function refuseBackend({ backends, loadBalancingScheme, timeoutSec, healthChecks }: Properties): Failure[] {
  const failures: Failure[] = [];
  // The provider's own check [MM constants/region_backend_service.go].
  if (loadBalancingScheme !== undefined && loadBalancingScheme !== "INTERNAL" && loadBalancingScheme !== UNKNOWN)
    for (const [i, { capacityScaler }] of listOf(backends).entries())
      if (capacityScaler === undefined || capacityScaler === 0)
        failures.push({
          property: `backends[${i}].capacityScaler`,
          reason: `must be set and more than 0 where loadBalancingScheme is ${loadBalancingScheme}: without it a backend gets no requests`,
        });
  if (typeof timeoutSec === "number" && timeoutSec < 1) failures.push({ property: "timeoutSec", reason: "must be 1 or more" });
  if (Array.isArray(healthChecks) && healthChecks.length > 1) failures.push({ property: "healthChecks", reason: "at most one" });
  return failures;
}

export const backendService = (users: readonly string[]): ResourceDefinition =>
  regional({
    token: backendServiceToken,
    fidelity: { level: "runs", how: "passes requests to its group, past its security policy", test },
    collection: "backendServices",
    replaceOn: ["name", "project", "region", "loadBalancingScheme", "network"], // [MM RegionBackendService.yaml]
    unordered: ["backends"],
    recomputed: ["fingerprint"],
    refuse: refuseBackend,
    users,
    references: ({ backends, securityPolicy }) => [
      ...listOf(backends).map(({ group }) => ({ token: groupToken, to: group })),
      { token: securityPolicyToken, to: securityPolicy },
    ],
    admit(_context, inputs) {
      const scheme = inputs.loadBalancingScheme ?? "INTERNAL";
      if (scheme !== "EXTERNAL_MANAGED")
        throw new CloudError("unsupported", `a backend service with loadBalancingScheme ${scheme} is not run here; EXTERNAL_MANAGED is`);
      // Every group that exists here is serverless.
      const backends = listOf(inputs.backends);
      const notSupported = (field: string, value: unknown, what: string) =>
        invalid(field, value, `${what} is not supported for a backend service with Serverless network endpoint groups`);
      if (backends.length > 1)
        throw invalid("backends", backends.length, "A regional backend service takes one serverless network endpoint group");
      if (backends.length === 0) return;
      if (inputs.timeoutSec !== undefined) throw notSupported("timeoutSec", inputs.timeoutSec, "Timeout sec");
      if (inputs.healthChecks) throw notSupported("healthChecks", inputs.healthChecks, "A health check");
      if (inputs.portName !== undefined) throw notSupported("portName", inputs.portName, "Port name");
      if (backends[0]?.balancingMode === "RATE") throw notSupported("backends[0].balancingMode", "RATE", "Balancing mode RATE");
    },
    computed: (_context, inputs, _place, before) => ({
      fingerprint: numericId().slice(0, 12),
      generatedId: before.generatedId ?? Number(numericId().slice(0, 15)),
      protocol: inputs.protocol ?? "HTTP",
      portName: "",
      sessionAffinity: inputs.sessionAffinity ?? "NONE",
      timeoutSec: 30,
      logConfig: inputs.logConfig ?? { enable: false },
    }),
  });

/** The Cloud Run service behind a backend service, and its tag, where it asks for one. */
export function cloudRunBehind(store: Store, backend: Stored): { readonly id: string; readonly tag?: string } | undefined {
  const [first] = listOf(backend.state.backends);
  const group = first && store.get(groupToken, nameOf(first.group));
  if (!group) return undefined;
  const { service, tag } = objectOf(group.state.cloudRun);
  const id = `projects/${group.state.project}/locations/${group.state.region}/services/${service}`;
  return tag ? { id, tag: String(tag) } : { id };
}
