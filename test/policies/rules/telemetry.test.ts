import { describe, expect, it } from "vitest";
import { accessLogs } from "../../../policies/rules/telemetry/access-logs.ts";
import { alertRoute } from "../../../policies/rules/telemetry/alert-route.ts";
import { auditTrail } from "../../../policies/rules/telemetry/audit-trail.ts";
import { deadLetter } from "../../../policies/rules/telemetry/dead-letter.ts";
import { logIntegrity } from "../../../policies/rules/telemetry/log-integrity.ts";
import { personalInLogs } from "../../../policies/rules/telemetry/personal-in-logs.ts";
import { unsampledAudit } from "../../../policies/rules/telemetry/unsampled-audit.ts";
import { context, UNKNOWN } from "../judging.ts";
import { type Member, said } from "../said.ts";
import { specify } from "../table.ts";

const bucket = { type: "aws:s3/bucket:Bucket" };
const stage = "aws:apigatewayv2/stage:Stage";
const logpush = "cloudflare:index/logpushJob:LogpushJob";
const worker = "cloudflare:index/worker:Worker";
const sql = "gcp:sql/databaseInstance:DatabaseInstance";
const sink = "gcp:logging/projectSink:ProjectSink";
const exclusion = "gcp:logging/projectExclusion:ProjectExclusion";
const trail = "aws:cloudtrail/trail:Trail";
const auditConfig = "gcp:projects/iAMAuditConfig:IAMAuditConfig";

const format = (text: string) => ({ type: stage, props: { accessLogSettings: { format: text } } });
const observed = (logs: Member["props"]) => ({
  type: worker,
  props: { observability: { enabled: true, logs: { enabled: true, ...logs } } },
});
const flags = (...list: [string, string][]) => ({
  type: sql,
  props: { settings: { databaseFlags: list.map(([name, value]) => ({ name, value })) } },
});

specify(personalInLogs, {
  passes: {
    "a format of ids": format('{"id":"$context.requestId","status":$context.status,"route":"$context.routeKey"}'),
    "a push without addresses": {
      type: logpush,
      props: { dataset: "http_requests", outputOptions: { fieldNames: ["RayID", "EdgeResponseStatus"] } },
    },
    "a push of what staff did": { type: logpush, props: { dataset: "audit_logs_v2", outputOptions: { fieldNames: ["ActorEmail"] } } },
    "a Worker without invocation logs": observed({ invocationLogs: false }),
    "a Worker that is not observed": { type: worker, props: { name: "a" } },
    "a database that logs nobody": flags(["log_connections", "on"], ["log_min_duration_statement", "-1"]),
    "statements without their values": flags(["log_min_duration_statement", "500"], ["log_parameter_max_length", "0"]),
    "a database of nobody": {
      ...flags(["log_statement", "all"]),
      props: {
        ...flags(["log_statement", "all"]).props,
        settings: { ...flags(["log_statement", "all"]).props.settings, userLabels: { "data-class": "public" } },
      },
    },
    "a firewall that leaves out tokens": {
      type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
      props: { redactedFields: [{ singleHeader: { name: "Authorization" } }, { singleHeader: { name: "cookie" } }] },
    },
    "a state machine": { type: "aws:sfn/stateMachine:StateMachine", props: { loggingConfiguration: { level: "ERROR" } } },
  },
  fails: {
    "an address in a format": [format("$context.identity.sourceIp $context.status"), "accessLogSettings.format is"],
    "a token's claims": [{ ...format("$context.authorizer.claims.email"), type: "aws:apigateway/stage:Stage" }, "it names who called"],
    "whole requests": [
      { type: "aws:apigateway/methodSettings:MethodSettings", props: { settings: { dataTraceEnabled: true } } },
      "dataTraceEnabled is true",
    ],
    "whole requests of a route": [
      { type: stage, props: { routeSettings: [{ routeKey: "a", dataTraceEnabled: true }] } },
      "routeSettings[0]",
    ],
    "cookies at the edge": [
      { type: "aws:cloudfront/distribution:Distribution", props: { loggingConfig: { includeCookies: true } } },
      "includeCookies is true",
    ],
    "addresses in real time": [
      { type: "aws:cloudfront/realtimeLogConfig:RealtimeLogConfig", props: { fields: ["timestamp", "c-ip"] } },
      'fields[1] is "c-ip"',
    ],
    "addresses in a push": [
      { type: logpush, props: { dataset: "http_requests", outputOptions: { fieldNames: ["RayID", "ClientIP"] } } },
      'fieldNames[1] is "ClientIP"',
    ],
    "the older way to say it": [
      { type: logpush, props: { dataset: "http_requests", logpullOptions: "fields=RayID,ClientIP&timestamps=rfc3339" } },
      "logpullOptions",
    ],
    "invocation logs": [observed({ invocationLogs: true }), "invocationLogs is true"],
    "invocation logs by default": [
      { type: worker, props: { observability: { enabled: true } } },
      "invocationLogs is not set, which means true",
    ],
    "every statement": [flags(["log_statement", "all"]), "the flag log_statement writes statements"],
    "slow statements with their values": [flags(["log_min_duration_statement", "500"]), "log_min_duration_statement"],
    "every statement at Amazon": [
      { type: "aws:rds/parameterGroup:ParameterGroup", props: { parameters: [{ name: "general_log", value: "1" }] } },
      "general_log",
    ],
    "addresses of clients": [
      { type: sql, props: { settings: { insightsConfig: { recordClientAddress: true } } } },
      "recordClientAddress is true",
    ],
    "whole requests of a firewall": [
      {
        type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        props: { redactedFields: [{ singleHeader: { name: "cookie" } }] },
      },
      "the header authorization",
    ],
    "what a firewall matched": [
      { type: "gcp:compute/securityPolicy:SecurityPolicy", props: { advancedOptionsConfig: { logLevel: "VERBOSE" } } },
      "VERBOSE",
    ],
    "every step's input": [
      { type: "aws:sfn/stateMachine:StateMachine", props: { loggingConfiguration: { includeExecutionData: true } } },
      "includeExecutionData",
    ],
    "whole events": [
      { type: "aws:pipes/pipe:Pipe", props: { logConfiguration: { level: "INFO", includeExecutionDatas: ["ALL"] } } },
      "includeExecutionDatas",
    ],
    "resolvers' values": [
      { type: "aws:appsync/graphQLApi:GraphQLApi", props: { logConfig: { fieldLogLevel: "ALL" } } },
      "excludeVerboseContent is not set",
    ],
    "every call's arguments": [{ type: "gcp:workflows/workflow:Workflow", props: { callLogLevel: "LOG_ALL_CALLS" } }, "LOG_ALL_CALLS"],
  },
  notApplicable: { "what logs nothing": bucket },
  undecided: {
    "a format": [{ type: stage, props: { accessLogSettings: { format: UNKNOWN } } }, "accessLogSettings.format"],
    "a flag": [
      { type: sql, props: { settings: { databaseFlags: [{ name: "log_statement", value: UNKNOWN }] } } },
      "settings.databaseFlags[0].value",
    ],
  },
});

const audited = { tags: { "data-class": "audit" } };
specify(unsampledAudit, {
  passes: {
    "every audit log": { type: logpush, props: { dataset: "audit_logs_v2" } },
    "a sample of visits": { type: logpush, props: { dataset: "http_requests", outputOptions: { sampleRate: 0.01 } } },
    "a sample of a Worker's traces": { type: worker, props: { observability: { enabled: true, headSamplingRate: 0.1 } } },
    "an exclusion of visits": { type: exclusion, props: { filter: 'resource.type="http_load_balancer" AND sample(insertId, 0.99)' } },
    "an exclusion that spares the audit log": {
      type: exclusion,
      props: { filter: 'severity<ERROR AND NOT LOG_ID("cloudaudit.googleapis.com/data_access")' },
    },
    "an exclusion that is off": {
      type: sink,
      props: { exclusions: [{ name: "a", disabled: true, filter: 'LOG_ID("cloudaudit.googleapis.com/data_access")' }] },
    },
    "a sink of the audit log": { type: sink, props: { filter: 'LOG_ID("cloudaudit.googleapis.com/data_access")' } },
    "a sampling rule of the shop": { type: "aws:xray/samplingRule:SamplingRule", props: { fixedRate: 0.05 } },
  },
  fails: {
    "a sample of the audit log": [
      { type: logpush, props: { dataset: "audit_logs", outputOptions: { sampleRate: 0.5 } } },
      "sampleRate is 0.5",
    ],
    "the older way to say it": [
      { type: logpush, props: { dataset: "audit_logs", logpullOptions: "fields=When&sample=0.1" } },
      "logpullOptions",
    ],
    "a Worker of the audit trail": [
      { type: worker, props: { ...audited, observability: { headSamplingRate: 0.1 } } },
      "headSamplingRate is 0.1",
    ],
    "a rule of the audit trail": [
      { type: "aws:xray/samplingRule:SamplingRule", props: { ...audited, fixedRate: 0.05 } },
      "fixedRate is 0.05",
    ],
    "an exclusion of the audit log": [
      { type: exclusion, props: { filter: 'logName:"cloudaudit.googleapis.com%2Fdata_access"' } },
      "it drops audit entries",
    ],
    "an exclusion of a share of everything": [{ type: exclusion, props: { filter: "sample(insertId, 0.9)" } }, "it drops audit entries"],
    "an exclusion within a sink": [
      {
        type: "gcp:logging/organizationSink:OrganizationSink",
        props: { exclusions: [{ name: "a", filter: 'LOG_ID("cloudaudit.googleapis.com/data_access")' }] },
      },
      "exclusions[0].filter",
    ],
    "a sink that keeps a share": [
      { type: sink, props: { filter: 'LOG_ID("cloudaudit.googleapis.com/data_access") AND sample(insertId, 0.1)' } },
      "a sample of audit entries",
    ],
  },
  notApplicable: { "what logs nothing": bucket },
  undecided: { "a filter": [{ type: exclusion, props: { filter: UNKNOWN } }, "filter"] },
});

const management = { fieldSelectors: [{ field: "eventCategory", equals: ["Management"] }] };
specify(auditTrail, {
  passes: {
    "a trail of everything": { type: trail, props: { isMultiRegionTrail: true } },
    "a trail that says so": {
      type: trail,
      props: { isMultiRegionTrail: true, eventSelectors: [{ readWriteType: "All", includeManagementEvents: true }] },
    },
    "a trail of data events too": {
      type: trail,
      props: {
        isMultiRegionTrail: true,
        advancedEventSelectors: [{ fieldSelectors: [{ field: "eventCategory", equals: ["Data"] }] }, management],
      },
    },
    "data access of all": {
      type: auditConfig,
      props: { service: "allServices", auditLogConfigs: [{ logType: "DATA_READ" }, { logType: "DATA_WRITE" }] },
    },
    "one service's reads": { type: auditConfig, props: { service: "storage.googleapis.com", auditLogConfigs: [{ logType: "DATA_READ" }] } },
    "a store of events": { type: "aws:cloudtrail/eventDataStore:EventDataStore", props: {} },
  },
  fails: {
    "one region": [{ type: trail, props: {} }, "isMultiRegionTrail is not set, which means false"],
    "a trail that stands still": [{ type: trail, props: { isMultiRegionTrail: true, enableLogging: false } }, "enableLogging is false"],
    "without global services": [
      { type: trail, props: { isMultiRegionTrail: true, includeGlobalServiceEvents: false } },
      "includeGlobalServiceEvents",
    ],
    "writes only": [
      { type: trail, props: { isMultiRegionTrail: true, eventSelectors: [{ readWriteType: "WriteOnly" }] } },
      "no selector of the trail",
    ],
    "data only": [
      {
        type: trail,
        props: { isMultiRegionTrail: true, advancedEventSelectors: [{ fieldSelectors: [{ field: "eventCategory", equals: ["Data"] }] }] },
      },
      "no selector of the trail",
    ],
    "management in part": [
      {
        type: trail,
        props: {
          isMultiRegionTrail: true,
          advancedEventSelectors: [{ fieldSelectors: [...management.fieldSelectors, { field: "readOnly", equals: ["false"] }] }],
        },
      },
      "no selector of the trail",
    ],
    "a member who is exempted": [
      {
        type: auditConfig,
        props: {
          service: "allServices",
          auditLogConfigs: [{ logType: "DATA_READ", exemptedMembers: ["user:a@b.example"] }, { logType: "DATA_WRITE" }],
        },
      },
      "exemptedMembers[0]",
    ],
    "all services without writes": [
      { type: auditConfig, props: { service: "allServices", auditLogConfigs: [{ logType: "DATA_READ" }] } },
      "leave out DATA_WRITE",
    ],
    "a store that is suspended": [{ type: "aws:cloudtrail/eventDataStore:EventDataStore", props: { suspend: true } }, "suspend is true"],
  },
  notApplicable: { "what is no trail": bucket },
  undecided: {
    "a setting": [{ type: trail, props: { isMultiRegionTrail: UNKNOWN } }, "isMultiRegionTrail"],
    selectors: [{ type: trail, props: { isMultiRegionTrail: true, eventSelectors: UNKNOWN } }, "eventSelectors"],
  },
});

specify(logIntegrity, {
  passes: {
    digests: { type: trail, props: { enableLogFileValidation: true } },
    "a sink's own identity": { type: sink, props: { uniqueWriterIdentity: true } },
    "the default of a sink": { type: sink, props: {} },
  },
  fails: {
    none: [{ type: trail, props: {} }, "enableLogFileValidation is not set, which means false"],
    "a shared writer": [{ type: sink, props: { uniqueWriterIdentity: false } }, "uniqueWriterIdentity is false"],
    "a store that may end early": [
      { type: "aws:cloudtrail/eventDataStore:EventDataStore", props: { terminationProtectionEnabled: false } },
      "terminationProtectionEnabled",
    ],
  },
  notApplicable: { "what is no log": bucket },
  undecided: { "a setting": [{ type: trail, props: { enableLogFileValidation: UNKNOWN } }, "enableLogFileValidation"] },
});

const personal = { tags: { "data-class": "personal" } };
specify(accessLogs, {
  passes: {
    "a cluster's audit": { type: "aws:eks/cluster:Cluster", props: { enabledClusterLogTypes: ["audit", "api", "scheduler"] } },
    "a search of people": {
      type: "aws:opensearch/domain:Domain",
      props: { ...personal, logPublishingOptions: [{ logType: "AUDIT_LOGS", cloudwatchLogGroupArn: "a" }] },
    },
    "a search of nobody": { type: "aws:opensearch/domain:Domain", props: { tags: { "data-class": "public" } } },
    "a broker without such a log": { type: "aws:mq/broker:Broker", props: { engineType: "RabbitMQ" } },
    "a cluster of Google": { type: "gcp:container/cluster:Cluster", props: {} },
  },
  fails: {
    "a cluster that records nothing": [{ type: "aws:eks/cluster:Cluster", props: {} }, "enabledClusterLogTypes leaves out api and audit"],
    "a search of people": [{ type: "aws:elasticsearch/domain:Domain", props: personal }, "leave out AUDIT_LOGS"],
    "one that is switched off": [
      { type: "aws:opensearch/domain:Domain", props: { ...personal, logPublishingOptions: [{ logType: "AUDIT_LOGS", enabled: false }] } },
      "enabled is false",
    ],
    "a graph of people": [{ type: "aws:neptune/cluster:Cluster", props: personal }, "enableCloudwatchLogsExports leaves out audit"],
    "documents of people": [
      { type: "aws:docdb/cluster:Cluster", props: { ...personal, enabledCloudwatchLogsExports: ["profiler"] } },
      "leaves out audit",
    ],
    "a broker": [{ type: "aws:mq/broker:Broker", props: { engineType: "ActiveMQ" } }, "logs.audit is not set"],
    "a cluster of Google without logs": [{ type: "gcp:container/cluster:Cluster", props: { loggingService: "none" } }, "loggingService"],
    "one with workloads' logs only": [
      { type: "gcp:container/cluster:Cluster", props: { loggingConfig: { enableComponents: ["WORKLOADS"] } } },
      "leaves out SYSTEM_COMPONENTS",
    ],
  },
  notApplicable: { "what keeps no such log": bucket },
  undecided: { "a list": [{ type: "aws:eks/cluster:Cluster", props: { enabledClusterLogTypes: UNKNOWN } }, "enabledClusterLogTypes"] },
});

const policy = "gcp:monitoring/alertPolicy:AlertPolicy";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const notification = "cloudflare:index/notificationPolicy:NotificationPolicy";
specify(alertRoute, {
  passes: {
    "a policy with a channel": { type: policy, props: { notificationChannels: [UNKNOWN] } },
    "an alarm": { type: alarm, props: { alarmActions: ["arn:aws:sns:eu-central-1:1:on-duty"] } },
    "a notification": { type: notification, props: { enabled: true, mechanisms: { emails: [{ id: "on-duty@brand.example" }] } } },
  },
  fails: {
    "a policy that tells nobody": [{ type: policy, props: { notificationChannels: [] } }, "notificationChannels names nobody"],
    "a muted alarm": [{ type: alarm, props: { actionsEnabled: false, alarmActions: ["t"] } }, "actionsEnabled is false"],
    "a muted policy": [{ type: policy, props: { enabled: false, notificationChannels: ["c"] } }, "enabled is false"],
    "a muted channel": [{ type: "gcp:monitoring/notificationChannel:NotificationChannel", props: { enabled: false } }, "enabled is false"],
    "a notification to nobody": [{ type: notification, props: { mechanisms: {} } }, "mechanisms names nobody"],
  },
  notApplicable: { "what is no alert": bucket },
  undecided: { "a switch": [{ type: alarm, props: { actionsEnabled: UNKNOWN } }, "actionsEnabled"] },
});

describe("telemetry/alert-route", () => {
  const alone: Member = { type: alarm, name: "errors", props: { name: "errors" } };

  it("refuses an alarm that nothing listens to", () => {
    expect(said(alertRoute, [alone])).toEqual(["errors: alarmActions names nobody: the alert shows on a page, and nobody is called"]);
    expect(said(alertRoute, [{ ...alone, props: { alarmActions: ["t"] } }])).toEqual([]);
  });

  it("is content where another alarm or a rollout listens", () => {
    const composite: Member = {
      type: "aws:cloudwatch/compositeAlarm:CompositeAlarm",
      name: "all",
      props: { alarmRule: 'ALARM("errors")' },
    };
    const rollout: Member = { type: "aws:ecs/service:Service", name: "api", props: { alarms: UNKNOWN }, from: { alarms: ["errors"] } };
    expect(said(alertRoute, [alone, composite])).toEqual([]);
    expect(said(alertRoute, [alone, rollout])).toEqual([]);
  });
});

describe("telemetry/dead-letter", () => {
  const queue: Member = { type: "aws:sqs/queue:Queue", name: "orders", props: { name: "orders" } };
  const target: Member = {
    type: "aws:cloudwatch/eventTarget:EventTarget",
    name: "target",
    props: { rule: "r", arn: UNKNOWN },
    from: { arn: ["fn"] },
  };
  const fn: Member = { type: "aws:lambda/function:Function", name: "fn", props: { name: "fn" } };
  const consumer: Member = {
    type: "cloudflare:index/queueConsumer:QueueConsumer",
    name: "consumer",
    props: { queueId: UNKNOWN, type: "worker" },
    from: { queueId: ["spool"] },
  };
  const spool: Member = { type: "cloudflare:index/queue:Queue", name: "spool", props: { queueName: "spool" } };
  const subscription: Member = { type: "gcp:pubsub/subscription:Subscription", name: "sub", props: { topic: "orders" } };

  it.each([
    ["a queue", [queue], "orders: redrivePolicy"],
    ["an event's target", [target], "target: deadLetterConfig"],
    [
      "a schedule",
      [{ type: "aws:scheduler/schedule:Schedule", name: "nightly", props: { target: { arn: "a" } } }],
      "nightly: target.deadLetterConfig",
    ],
    [
      "a function that events call",
      [fn, { ...target, props: { ...target.props, deadLetterConfig: { arn: "d" } } }],
      "fn: deadLetterConfig",
    ],
    [
      "a stream's reader",
      [{ type: "aws:lambda/eventSourceMapping:EventSourceMapping", name: "m", props: { startingPosition: "LATEST" } }],
      "m: destinationConfig",
    ],
    [
      "a webhook",
      [{ type: "aws:sns/topicSubscription:TopicSubscription", name: "hook", props: { protocol: "https" } }],
      "hook: redrivePolicy",
    ],
    ["a consumer at the edge", [spool, consumer], "consumer: deadLetterQueue"],
    ["a subscription", [subscription], "sub: deadLetterPolicy"],
  ] as const)("refuses %s", (_name, members, problem) => {
    expect(said(deadLetter, members).join()).toContain(`${problem} is not set`);
  });

  it.each([
    [
      "a queue with its destination, and the destination",
      [
        { ...queue, props: { redrivePolicy: UNKNOWN }, from: { redrivePolicy: ["dead"] } },
        { ...queue, name: "dead", props: {} },
      ],
    ],
    [
      "a queue whose policy stands apart",
      [queue, { type: "aws:sqs/redrivePolicy:RedrivePolicy", name: "p", props: { queueUrl: UNKNOWN }, from: { queueUrl: ["orders"] } }],
    ],
    ["a queue that says whose destination it is", [{ ...queue, props: { redriveAllowPolicy: "{}" } }]],
    ["a destination of events", [{ ...target, props: { deadLetterConfig: { arn: "arn:aws:sqs:eu-central-1:1:orders" } } }, queue]],
    ["a function that people call", [fn]],
    [
      "a function whose failures go somewhere",
      [
        fn,
        { ...target, props: { ...target.props, deadLetterConfig: { arn: "d" } } },
        {
          type: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
          name: "c",
          props: { functionName: "fn", destinationConfig: { onFailure: { destination: "d" } } },
        },
      ],
    ],
    [
      "a reader of a queue",
      [{ type: "aws:lambda/eventSourceMapping:EventSourceMapping", name: "m", props: { eventSourceArn: "arn:aws:sqs:x" } }],
    ],
    [
      "a subscription of one of our own services",
      [{ type: "aws:sns/topicSubscription:TopicSubscription", name: "s", props: { protocol: "sqs" } }],
    ],
    [
      "a consumer with its destination, and the reader of that",
      [
        spool,
        { ...consumer, props: { ...consumer.props, deadLetterQueue: "spool-dead" } },
        { ...spool, name: "dead", props: { queueName: "spool-dead" } },
        { ...consumer, name: "reader", from: { queueId: ["dead"] } },
      ],
    ],
    [
      "a subscription with its destination, and the subscription of that",
      [
        {
          ...subscription,
          props: { topic: "orders", deadLetterPolicy: { deadLetterTopic: UNKNOWN } },
          from: { deadLetterPolicy: ["dead"] },
        },
        { type: "gcp:pubsub/topic:Topic", name: "dead", props: { name: "dead" } },
        { ...subscription, name: "reader", props: { topic: UNKNOWN }, from: { topic: ["dead"] } },
      ],
    ],
  ] as readonly (readonly [string, readonly Member[]])[])("is content with %s", (_name, members) => {
    expect(said(deadLetter, members)).toEqual([]);
  });

  it("leaves alone what may be thrown away", () => {
    expect(said(deadLetter, [queue], context("eu", { "bailiwick:lifecycle": "ephemeral" }))).toEqual([]);
  });
});
