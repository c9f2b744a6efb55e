// Bookings without a server: an API, a table, queues and events between functions. Ireland.
import { Api } from "@pulumi/aws/apigatewayv2/api.js";
import { Authorizer } from "@pulumi/aws/apigatewayv2/authorizer.js";
import { Integration } from "@pulumi/aws/apigatewayv2/integration.js";
import { Route } from "@pulumi/aws/apigatewayv2/route.js";
import { Stage } from "@pulumi/aws/apigatewayv2/stage.js";
import { EventBus } from "@pulumi/aws/cloudwatch/eventBus.js";
import { EventRule } from "@pulumi/aws/cloudwatch/eventRule.js";
import { EventTarget } from "@pulumi/aws/cloudwatch/eventTarget.js";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { MetricAlarm } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import { UserPool } from "@pulumi/aws/cognito/userPool.js";
import { UserPoolClient } from "@pulumi/aws/cognito/userPoolClient.js";
import { Table } from "@pulumi/aws/dynamodb/table.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { Key } from "@pulumi/aws/kms/key.js";
import { Alias as LambdaAlias } from "@pulumi/aws/lambda/alias.js";
import { EventSourceMapping } from "@pulumi/aws/lambda/eventSourceMapping.js";
import { Function as LambdaFunction } from "@pulumi/aws/lambda/function.js";
import { Permission } from "@pulumi/aws/lambda/permission.js";
import { Provider } from "@pulumi/aws/provider.js";
import { Schedule } from "@pulumi/aws/scheduler/schedule.js";
import { StateMachine } from "@pulumi/aws/sfn/stateMachine.js";
import { Topic } from "@pulumi/aws/sns/topic.js";
import { TopicSubscription } from "@pulumi/aws/sns/topicSubscription.js";
import { Queue } from "@pulumi/aws/sqs/queue.js";
import { QueuePolicy } from "@pulumi/aws/sqs/queuePolicy.js";
import { CryptoKey } from "@pulumi/gcp/kms/cryptoKey.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import { Provider as GoogleProvider } from "@pulumi/gcp/provider.js";
import { Bucket as GoogleBucket } from "@pulumi/gcp/storage/bucket.js";
import * as pulumi from "@pulumi/pulumi";

const region = "eu-west-1";
const provider = new Provider("ireland", { region, defaultTags: { tags: { team: "bookings", jurisdiction: "eu" } } });
const on = { provider };
const kept = { provider, protect: true };
const personal = { "data-class": "personal" };
const operational = { "data-class": "operational" };
const statement = (...its: object[]) => pulumi.jsonStringify({ Version: "2012-10-17", Statement: its });
const assumedBy = (service: string) => statement({ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" });

const key = new Key("bookings", { description: "Bookings of guests", enableKeyRotation: true, deletionWindowInDays: 30 }, kept);
const bookings = new Table(
  "bookings",
  {
    billingMode: "PAY_PER_REQUEST",
    onDemandThroughput: { maxReadRequestUnits: 1000, maxWriteRequestUnits: 500 },
    hashKey: "id",
    attributes: [
      { name: "id", type: "S" },
      { name: "guest", type: "S" },
    ],
    globalSecondaryIndexes: [{ name: "by-guest", hashKey: "guest", projectionType: "KEYS_ONLY" }],
    pointInTimeRecovery: { enabled: true },
    deletionProtectionEnabled: true,
    serverSideEncryption: { enabled: true, kmsKeyArn: key.arn },
    streamEnabled: true,
    streamViewType: "NEW_AND_OLD_IMAGES",
    ttl: { attributeName: "expires", enabled: true },
    tags: personal,
  },
  kept,
);
const failed = new Queue("failed", { kmsMasterKeyId: key.id, messageRetentionSeconds: 1_209_600, tags: personal }, kept);
const mails = new Queue(
  "mails",
  {
    kmsMasterKeyId: key.id,
    visibilityTimeoutSeconds: 180,
    redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: failed.arn, maxReceiveCount: 5 }),
    tags: personal,
  },
  kept,
);
const bus = new EventBus("bookings", { kmsKeyIdentifier: key.arn, tags: personal }, on);
const made = new EventRule("made", { eventBusName: bus.name, eventPattern: JSON.stringify({ "detail-type": ["booking.made"] }) }, on);
new EventTarget("mails", { eventBusName: bus.name, rule: made.name, arn: mails.arn, deadLetterConfig: { arn: failed.arn } }, on);
new QueuePolicy(
  "mails",
  {
    queueUrl: mails.url,
    policy: statement({
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: mails.arn,
      Condition: { ArnEquals: { "aws:SourceArn": made.arn } },
    }),
  },
  on,
);

/** A function with a role and a log of its own, and the version of it that is called. */
function worker(name: string, allows: readonly object[], variables: Record<string, pulumi.Input<string>>) {
  const log = new LogGroup(
    name,
    { name: `/aws/lambda/${name}`, retentionInDays: 60, kmsKeyId: key.arn, deletionProtectionEnabled: true, tags: operational },
    kept,
  );
  const role = new Role(name, { assumeRolePolicy: assumedBy("lambda.amazonaws.com") }, on);
  new RolePolicy(
    name,
    {
      role: role.id,
      policy: statement(
        { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: pulumi.interpolate`${log.arn}:*` },
        { Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: key.arn },
        ...allows,
      ),
    },
    on,
  );
  const its = new LambdaFunction(
    name,
    {
      name,
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      handler: "index.handler",
      code: new pulumi.asset.AssetArchive({ "index.mjs": new pulumi.asset.StringAsset("export const handler = async () => {};") }),
      role: role.arn,
      timeout: 30,
      memorySize: 256,
      publish: true,
      reservedConcurrentExecutions: 50,
      kmsKeyArn: key.arn,
      deadLetterConfig: { targetArn: failed.arn },
      environment: { variables },
      loggingConfig: { logFormat: "JSON", logGroup: log.name },
      tags: personal,
    },
    on,
  );
  return new LambdaAlias(name, { name: "live", functionName: its.name, functionVersion: its.version }, on);
}
const sends = { Effect: "Allow", Action: ["sqs:SendMessage"], Resource: failed.arn };
const write = worker(
  "bookings-write",
  [
    { Effect: "Allow", Action: ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem"], Resource: bookings.arn },
    { Effect: "Allow", Action: ["dynamodb:Query"], Resource: pulumi.interpolate`${bookings.arn}/index/by-guest` },
    sends,
  ],
  { TABLE: bookings.name },
);
const stream = worker(
  "bookings-stream",
  [
    {
      Effect: "Allow",
      Action: ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"],
      Resource: bookings.streamArn,
    },
    { Effect: "Allow", Action: ["events:PutEvents"], Resource: bus.arn },
    sends,
  ],
  { BUS: bus.name },
);
new EventSourceMapping(
  "stream",
  {
    eventSourceArn: bookings.streamArn,
    functionName: stream.arn,
    startingPosition: "LATEST",
    maximumRetryAttempts: 10,
    bisectBatchOnFunctionError: true,
    destinationConfig: { onFailure: { destinationArn: failed.arn } },
  },
  on,
);
const mail = worker(
  "bookings-mail",
  [
    { Effect: "Allow", Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource: mails.arn },
    { Effect: "Allow", Action: ["ses:SendEmail"], Resource: "arn:aws:ses:eu-west-1:123456789012:identity/hotel.example" },
    sends,
  ],
  { FROM: "bookings@hotel.example" },
);
new EventSourceMapping(
  "mails",
  {
    eventSourceArn: mails.arn,
    functionName: mail.arn,
    batchSize: 10,
    functionResponseTypes: ["ReportBatchItemFailures"],
    scalingConfig: { maximumConcurrency: 10 },
  },
  on,
);

const guests = new UserPool(
  "guests",
  {
    passwordPolicy: { minimumLength: 12, requireNumbers: true, requireLowercase: true },
    mfaConfiguration: "OPTIONAL",
    softwareTokenMfaConfiguration: { enabled: true },
    deletionProtection: "ACTIVE",
    accountRecoverySetting: { recoveryMechanisms: [{ name: "verified_email", priority: 1 }] },
    tags: personal,
  },
  kept,
);
const client = new UserPoolClient(
  "web",
  { userPoolId: guests.id, explicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] },
  on,
);
const api = new Api(
  "bookings",
  {
    protocolType: "HTTP",
    corsConfiguration: { allowOrigins: ["https://www.hotel.example"], allowMethods: ["POST", "GET"], allowHeaders: ["authorization"] },
  },
  on,
);
const authorizer = new Authorizer(
  "guests",
  {
    apiId: api.id,
    name: "guests",
    authorizerType: "JWT",
    identitySources: ["$request.header.Authorization"],
    jwtConfiguration: { audiences: [client.id], issuer: pulumi.interpolate`https://${guests.endpoint}` },
  },
  on,
);
const integration = new Integration(
  "write",
  { apiId: api.id, integrationType: "AWS_PROXY", integrationUri: write.invokeArn, payloadFormatVersion: "2.0" },
  on,
);
new Route(
  "book",
  {
    apiId: api.id,
    routeKey: "POST /bookings",
    target: pulumi.interpolate`integrations/${integration.id}`,
    authorizationType: "JWT",
    authorizerId: authorizer.id,
  },
  on,
);
new Permission(
  "api",
  {
    action: "lambda:InvokeFunction",
    function: write.functionName,
    qualifier: write.name,
    principal: "apigateway.amazonaws.com",
    sourceArn: pulumi.interpolate`${api.executionArn}/*/*`,
  },
  on,
);
const accessLog = new LogGroup(
  "api",
  { retentionInDays: 60, kmsKeyId: key.arn, deletionProtectionEnabled: true, tags: { ...operational, "telemetry-path": "first" } },
  kept,
);
new Stage(
  "live",
  {
    apiId: api.id,
    name: "$default",
    autoDeploy: true,
    defaultRouteSettings: { throttlingBurstLimit: 100, throttlingRateLimit: 50 },
    accessLogSettings: {
      destinationArn: accessLog.arn,
      format: JSON.stringify({
        id: "$context.requestId",
        route: "$context.routeKey",
        status: "$context.status",
        ms: "$context.responseLatency",
      }),
    },
  },
  on,
);

const cancels = new Role("cancels", { assumeRolePolicy: assumedBy("states.amazonaws.com") }, on);
new RolePolicy(
  "cancels",
  { role: cancels.id, policy: statement({ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: write.arn }) },
  on,
);
const cancel = new StateMachine(
  "cancel",
  {
    roleArn: cancels.arn,
    encryptionConfiguration: { type: "CUSTOMER_MANAGED_KMS_KEY", kmsKeyId: key.arn },
    definition: pulumi.jsonStringify({
      StartAt: "Cancel",
      States: {
        Cancel: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Parameters: { FunctionName: write.arn, "Payload.$": "$" },
          End: true,
        },
      },
    }),
    tags: personal,
  },
  on,
);
const clock = new Role("clock", { assumeRolePolicy: assumedBy("scheduler.amazonaws.com") }, on);
new RolePolicy(
  "clock",
  { role: clock.id, policy: statement({ Effect: "Allow", Action: "states:StartExecution", Resource: cancel.arn }, sends) },
  on,
);
new Schedule(
  "unpaid",
  {
    scheduleExpression: "rate(1 hour)",
    flexibleTimeWindow: { mode: "OFF" },
    kmsKeyArn: key.arn,
    target: { arn: cancel.arn, roleArn: clock.arn, deadLetterConfig: { arn: failed.arn } },
  },
  on,
);

const alerts = new Topic("alerts", { kmsMasterKeyId: key.id, tags: operational }, on);
new TopicSubscription("on-call", { topic: alerts.arn, protocol: "email", endpoint: "on-call@hotel.example" }, on);
new MetricAlarm(
  "failed",
  {
    namespace: "AWS/SQS",
    metricName: "ApproximateNumberOfMessagesVisible",
    dimensions: { QueueName: failed.name },
    statistic: "Maximum",
    period: 300,
    evaluationPeriods: 1,
    threshold: 0,
    comparisonOperator: "GreaterThanThreshold",
    alarmActions: [alerts.arn],
  },
  on,
);

// Telemetry ends here and with a second vendor; what neither has taken yet waits in a queue.
const google = new GoogleProvider("belgium", {
  project: "bookings-telemetry",
  region: "europe-west1",
  defaultLabels: { jurisdiction: "eu" },
});
const googleOnly = { provider: google, protect: true };
const secondRing = new KeyRing("telemetry", { location: "europe-west1" }, googleOnly);
const secondKey = new CryptoKey(
  "telemetry",
  { keyRing: secondRing.id, rotationPeriod: "7776000s", destroyScheduledDuration: "2592000s" },
  googleOnly,
);
new GoogleBucket(
  "traces",
  {
    location: "europe-west1",
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    encryption: { defaultKmsKeyName: secondKey.id },
    labels: { "data-class": "operational", "telemetry-path": "second" },
  },
  googleOnly,
);
new Queue(
  "spool",
  {
    kmsMasterKeyId: key.id,
    redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: failed.arn, maxReceiveCount: 50 }),
    messageRetentionSeconds: 1_209_600,
    tags: { ...operational, "telemetry-spool": "first_second" },
  },
  kept,
);
