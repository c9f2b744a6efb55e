import type { ExampleResource } from "../../../policies/rule.ts";
import { accessLogs } from "../../../policies/rules/telemetry/access-logs.ts";
import { auditTrail } from "../../../policies/rules/telemetry/audit-trail.ts";
import { logIntegrity } from "../../../policies/rules/telemetry/log-integrity.ts";
import { personalInLogs } from "../../../policies/rules/telemetry/personal-in-logs.ts";
import { unsampledAudit } from "../../../policies/rules/telemetry/unsampled-audit.ts";
import { UNKNOWN } from "../judging.ts";
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
const observed = (logs: ExampleResource["props"]) => ({
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
