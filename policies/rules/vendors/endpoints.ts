// Where a program names the addresses that it sends data to.

import { parseJson } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { type Located, type Properties, type Resource, read, select, UNKNOWN, type Value } from "../../resource.ts";
import { type Endpoint, endpointOf, isOutside } from "./endpoint.ts";

/** Arguments that hold an address, or a host. */
const addresses: Readonly<Record<string, readonly string[]>> = {
  "aws:apigateway/integration:Integration": ["uri"],
  "aws:apigatewayv2/integration:Integration": ["integrationUri"],
  "aws:cloudfront/distribution:Distribution": ["origins[*].domainName"],
  "aws:cloudwatch/eventApiDestination:EventApiDestination": ["invocationEndpoint"],
  "aws:dms/endpoint:Endpoint": ["serverName"],
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ["httpEndpointConfiguration.url", "splunkConfiguration.hecEndpoint"],
  "aws:sns/topicSubscription:TopicSubscription": ["endpoint"],
  "cloudflare:index/hyperdriveConfig:HyperdriveConfig": ["origin.host"],
  "cloudflare:index/loadBalancerPool:LoadBalancerPool": ["origins[*].address"],
  "cloudflare:index/logpushJob:LogpushJob": ["destinationConf"],
  "cloudflare:index/notificationPolicyWebhooks:NotificationPolicyWebhooks": ["url"],
  "gcp:cloudscheduler/job:Job": ["httpTarget.uri"],
  "gcp:cloudtasks/queue:Queue": ["httpTarget.uriOverride.host"],
  "gcp:compute/globalNetworkEndpoint:GlobalNetworkEndpoint": ["fqdn"],
  "gcp:eventarc/trigger:Trigger": ["destination.httpEndpoint.uri"],
  "gcp:monitoring/notificationChannel:NotificationChannel": ["labels.url"],
  "gcp:pubsub/subscription:Subscription": ["pushConfig.pushEndpoint"],
};

/** Environments: lists of a name and a value, and maps. */
const lists: Readonly<Record<string, readonly (readonly [list: string, value: string])[]>> = {
  "cloudflare:index/workerVersion:WorkerVersion": [["bindings", "text"]],
  "cloudflare:index/workersScript:WorkersScript": [["bindings", "text"]],
  "gcp:cloudrun/service:Service": [["template.spec.containers[*].envs", "value"]],
  "gcp:cloudrunv2/job:Job": [["template.template.containers[*].envs", "value"]],
  "gcp:cloudrunv2/service:Service": [["template.containers[*].envs", "value"]],
  "gcp:cloudrunv2/workerPool:WorkerPool": [["template.containers[*].envs", "value"]],
};
const maps: Readonly<Record<string, readonly string[]>> = {
  "aws:apprunner/service:Service": [
    "sourceConfiguration.imageRepository.imageConfiguration.runtimeEnvironmentVariables",
    "sourceConfiguration.codeRepository.codeConfiguration.codeConfigurationValues.runtimeEnvironmentVariables",
  ],
  "aws:lambda/function:Function": ["environment.variables"],
  "cloudflare:index/pagesProject:PagesProject": ["deploymentConfigs.production.envVars", "deploymentConfigs.preview.envVars"],
  "gcp:appengine/standardAppVersion:StandardAppVersion": ["envVariables"],
  "gcp:cloudfunctions/function:Function": ["environmentVariables"],
  "gcp:cloudfunctionsv2/function:Function": ["serviceConfig.environmentVariables"],
};
const documents: Readonly<Record<string, readonly string[]>> = {
  "aws:batch/jobDefinition:JobDefinition": ["containerProperties"],
  "aws:ecs/taskDefinition:TaskDefinition": ["containerDefinitions"],
};

/** What a program calls an address that it talks to. An issuer, an audience or a schema is a name that looks like one. */
const namesAddress = /(^|_)(URL|URI|ENDPOINT|WEBHOOK|DSN|ORIGIN|COLLECTOR\w*|INTAKE|EXPORTER\w*)$/i;
const namesName = /ISSUER|AUDIENCE|JWKS|SCHEMA|ALLOWED|CORS|CALLBACK|REDIRECT|PUBLIC|SELF|(^|_)(APP|SITE|BASE)_URL$/i;
const isAddress = (name: Value | undefined): boolean => typeof name === "string" && namesAddress.test(name) && !namesName.test(name);

const isRecord = (value: Value | undefined): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);

/** The values of the environment that name an address. */
function environmentOf(resource: Resource): Located[] {
  const { type, props } = resource;
  const listed = (lists[type] ?? []).flatMap(([list, value]) =>
    select(props, `${list}[*]`)
      .filter(({ path }) => isAddress(read(props, `${path}.name`)))
      .flatMap(({ path }) => select(props, `${path}.${value}`)),
  );
  // Names of variables may hold dots, so they are no paths.
  const mapped = (maps[type] ?? []).flatMap((path) => {
    const all = read(props, path);
    return isRecord(all)
      ? Object.entries(all)
          .filter(([name]) => isAddress(name))
          .map(([name, value]): Located => ({ path: `${path}.${name}`, value: isRecord(value) ? (value.value ?? null) : value }))
      : [];
  });
  const written = (documents[type] ?? []).flatMap((property) => {
    const text = parseJson(resource, property);
    if (text === undefined || text === UNKNOWN) return [];
    const containers = Array.isArray(text) ? { all: text } : { all: [text] };
    return select(containers, "all[*].environment[*]")
      .filter(({ path }) => isAddress(read(containers, `${path}.name`)))
      .flatMap(({ path }) => select(containers, `${path}.value`).map(({ value }): Located => ({ path: property, value })));
  });
  return [...listed, ...mapped, ...written];
}

export interface Endpoints {
  /** That lead to somebody else. */
  readonly outside: readonly Endpoint[];
  /** Paths whose address only the deployment will tell. */
  readonly unknown: readonly string[];
}

/**
 * The addresses that a resource sends to; undefined where it names none. An unknown one in an environment is left to the update, where it
 * is judged before the resource exists: in a preview it is nearly always made of other resources of the stack.
 */
export function endpointsOf(resource: Resource, context: Context): Endpoints | undefined {
  const named = (addresses[resource.type] ?? []).flatMap((path) => select(resource.props, path));
  const all = [...named, ...environmentOf(resource).filter(({ value }) => value !== UNKNOWN)];
  if (all.length === 0) return undefined;
  return {
    outside: all.flatMap((place) => {
      const endpoint = endpointOf(place);
      return endpoint && isOutside(endpoint.host, context) ? [endpoint] : [];
    }),
    unknown: named.filter(({ value }) => value === UNKNOWN).map(({ path }) => path),
  };
}
