// The embedded AWS.
import { join } from "node:path";
import type { Cloud, Ground, Part } from "../../engine/cloud.ts";
import { Credentials, type IssuedCredentials } from "../../runtimes/s3/credentials.ts";
import { S3Service } from "../../runtimes/s3/service.ts";
import { SpanStore } from "../../runtimes/telemetry/span-store.ts";
import { accountFunctions, deployerOf, homeAccount, regions } from "./account.ts";
import { acmDefinitions, certificateParts } from "./acm.ts";
import { CloudWatch } from "./cloudwatch.ts";
import { Door } from "./door.ts";
import { endpoint } from "./ec2-endpoints.ts";
import { routeDefinitions } from "./ec2-routes.ts";
import { securityGroupDefinitions } from "./ec2-security-groups.ts";
import { vpcDefinitions, vpcFunctions } from "./ec2-vpc.ts";
import { Ecr } from "./ecr.ts";
import { ecsDefinitions } from "./ecs.ts";
import { EcsServices } from "./ecs-services.ts";
import { taskDefinition } from "./ecs-task-definition.ts";
import { Tasks } from "./ecs-tasks.ts";
import { Iam } from "./iam.ts";
import { iamDefinitions } from "./iam-roles.ts";
import { alias, findKey, key, keyParts, keyPolicyOf } from "./kms.ts";
import { kmsApi } from "./kms-api.ts";
import { loadBalancer, targetGroup } from "./lb.ts";
import { listener, listenerRule } from "./lb-listener.ts";
import { LoadBalancers } from "./load-balancers.ts";
import { logDefinitions } from "./logs.ts";
import { logsApi } from "./logs-api.ts";
import { LogStore } from "./logs-store.ts";
import { getPolicyDocument } from "./policy-document.ts";
import { bucketDefinition } from "./s3-bucket.ts";
import { bucketSettings } from "./s3-bucket-settings.ts";
import { serveWebsites, websiteDefinitions } from "./s3-website.ts";
import { AwsError } from "./signed-call.ts";
import { parameter, ssm } from "./ssm.ts";
import { sts } from "./sts.ts";
import { keptMs as tracesKeptMs, xray } from "./xray.ts";
import { traceDestinationDefinitions } from "./xray-destination.ts";

export interface Aws extends Cloud {
  /** Id of the account of a provider that names none, twelve digits. */
  readonly account: string;
  /** ARN of the user who deploys to it. */
  readonly deployer: string;
  /** Address for `AWS_ENDPOINT_URL_S3`, for every region. Once started. */
  readonly s3Endpoint: string;
  /** Temporary credentials of a principal's ARN, in the shape that `AWS_CONTAINER_CREDENTIALS_FULL_URI` answers. */
  issueCredentials(principal: string, lifetimeSeconds?: number): IssuedCredentials;
  /** Password of the user `AWS` at the account's container registries, good for 12 hours. */
  registryPassword(principal: string): string;
}

export function createAws(ground: Ground): Aws {
  const { store, internet, dataDir, logDir, pidDir, socketDir, log } = ground;
  const command = ground.tools.versitygw;
  if (!command) throw new Error("the embedded AWS needs the tool versitygw, and its path is not given: tools.versitygw");
  const credentials = new Credentials(store);
  const account = homeAccount(store);
  const iam = new Iam(store);
  const keyRefusal: ConstructorParameters<typeof S3Service>[0]["keyRefusal"] = (demand) =>
    // AWS's own key of S3 is for everyone in the account, through S3.
    demand.resource.includes(":alias/aws/") ? undefined : iam.keyRefusal(demand, keyPolicyOf(store, demand.resource));
  const s3 = new S3Service({
    command,
    dataDir: join(dataDir, "s3"),
    socketPath: join(socketDir, "s3.sock"),
    logFile: join(logDir, "s3.log"),
    pidDir,
    log,
    internet,
    regions,
    credentials,
    key: (reference, region) => findKey(store, reference, region),
    refusal: (demand, policy) => iam.refusal(demand, policy),
    keyRefusal,
  });
  const ecr = new Ecr(ground, credentials);
  const logs = new LogStore(join(dataDir, "logs.sqlite"));
  const spans = new SpanStore(join(dataDir, "xray.sqlite"));
  const door = new Door(internet);
  const endpoints = () => ({ AWS_ENDPOINT_URL: door.url, AWS_ENDPOINT_URL_S3: s3.endpoint });
  const tasks = new Tasks({ ground, credentials, iam, images: ecr.images, logs, endpoints });
  const metrics = new CloudWatch(ground, credentials, iam);
  const balancers = new LoadBalancers(ground, metrics);
  const services = new EcsServices(ground, tasks, balancers);
  const authorize = (principal: string, action: string, keyArn: string) => {
    const refusal = keyRefusal({ principal, action, resource: keyArn, context: {} });
    if (refusal !== undefined) throw new AwsError("AccessDeniedException", refusal);
  };
  let offline: (() => void)[] = [];
  return {
    name: "aws",
    resources: [
      bucketDefinition(s3),
      ...bucketSettings(s3),
      ...websiteDefinitions(s3),
      key,
      alias,
      ...ecr.resources,
      ...vpcDefinitions,
      ...routeDefinitions,
      ...securityGroupDefinitions,
      endpoint,
      ...iamDefinitions,
      ...logDefinitions(logs),
      ...acmDefinitions(internet),
      loadBalancer((arn) => balancers.changed(arn)),
      targetGroup,
      listener(internet),
      listenerRule,
      parameter,
      ...traceDestinationDefinitions,
      taskDefinition,
      ...ecsDefinitions(services),
      ...metrics.resources,
    ],
    functions: [...accountFunctions, ...vpcFunctions, getPolicyDocument, ...ecr.functions],
    account,
    deployer: deployerOf(account),
    get s3Endpoint() {
      return s3.endpoint;
    },
    issueCredentials: (principal, lifetimeSeconds) => credentials.issue(principal, lifetimeSeconds),
    registryPassword: (principal) => ecr.password(principal),
    async start() {
      await s3.start();
      ecr.start();
      spans.expire(Date.now() - tracesKeptMs);
      offline = regions.flatMap((region) => [
        internet.register(`kms.${region}.amazonaws.com`, kmsApi(region, { store, credentials, authorize })),
        internet.register(`logs.${region}.amazonaws.com`, logsApi(region, { store, credentials, iam, logs })),
        internet.register(`xray.${region}.amazonaws.com`, xray(region, { store, credentials, iam, spans })),
        internet.register(`ssm.${region}.amazonaws.com`, ssm(region, { store, credentials, iam })),
        internet.register(`sts.${region}.amazonaws.com`, sts(region, { internet, credentials, iam })),
      ]);
      offline.push(serveWebsites(internet, store, s3, iam, regions));
      metrics.start();
      await door.start();
      Object.assign(ground.egress.environment ?? {}, endpoints());
      await tasks.start();
      balancers.start();
      services.start();
    },
    async stop() {
      // First the balancers: tasks then end without waiting for requests.
      balancers.stop();
      await services.stop();
      await tasks.stop();
      await door.stop();
      metrics.stop();
      for (const takeOff of offline) takeOff();
      logs.close();
      spans.close();
      ecr.stop();
      await s3.stop();
    },
    parts: () => [
      ...s3Parts(s3),
      ...keyParts(store),
      ...certificateParts(store, internet),
      ...balancers.parts(),
      ...services.parts(),
      ...metrics.parts(),
      tracesPart(spans),
    ],
  };
}

const tracesPart = (spans: SpanStore): Part => ({ kind: "traces", name: "xray", state: "running", detail: `${spans.count()} spans` });

function s3Parts(s3: S3Service): Part[] {
  const running = s3.server.process;
  const memory = running?.memory();
  const state = memory === undefined ? "stopped" : "running";
  const buckets = s3.book.list();
  const server: Part = {
    kind: "object storage",
    name: "s3",
    state,
    detail: `${buckets.length} buckets`,
    ...(running && memory !== undefined ? { memory, pid: running.pid } : {}),
  };
  return [server, ...buckets.map(({ name, region }) => ({ kind: "bucket", name, state, detail: region }) as const)];
}
