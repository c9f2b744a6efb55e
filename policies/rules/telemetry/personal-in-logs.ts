// Logs are read by many, copied widely and kept long: what says who a person is does not go into them. Who must keep addresses (to trace
// an attack, say) keeps them in a store that declares it, by an exemption that names the reason.
import { byType, type Check, mustBe, mustNot, where } from "../../arguments.ts";
import { dataClassOf } from "../../declaration.ts";
import { read, select, textOf, UNKNOWN, type Value } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";

const nobody = "what happened, without who it happened to";

/** Variables of API Gateway that hold an address, a browser's name, or what a token says of its bearer. */
const gatewayVariables =
  /\$context\.(identity\.(sourceIp|userAgent|caller|user|userArn|cognito\w*|clientCert[\w.]*)|authorizer\.(claims|jwt\.claims|principalId)\b[\w.]*)/;
const format = mustNot(
  "accessLogSettings.format",
  (value) => gatewayVariables.test(textOf(value)),
  nobody,
  "it names who called, or from where",
);

/** Datasets of Cloudflare that describe visitors; fields in them that tell who they are. */
const visitors =
  /^(http_requests|firewall_events|page_shield_events|nel_reports|spectrum_events|gateway_http|zaraz_events|workers_trace_events)$/;
const visitorFields =
  /\b(ClientIP|ClientIPv6|ClientRequestURI|ClientRequestQuery|ClientRequestUserAgent|Cookies|RequestHeaders|ResponseHeaders|XForwardedFor|UserAgent|Email)\b/;
const logpush: Check = (resource, context) =>
  where(
    "dataset",
    (dataset) => dataset === UNKNOWN || dataset === undefined || visitors.test(textOf(dataset)),
    mustNot("outputOptions.fieldNames[*]", (value) => visitorFields.test(textOf(value)), nobody),
    mustNot("logpullOptions", (value) => visitorFields.test(textOf(value)), nobody, "its fields tell who the visitor is"),
  )(resource, context);

/** Invocation logs hold each request's address and headers; they are on where logs are (developers.cloudflare.com/workers/observability/logs/workers-logs). */
const invocations: Check = (resource, context) => {
  const on = (path: string) => read(resource.props, path);
  if (on("observability.enabled") !== true && on("observability.logs.enabled") !== true) return [];
  if (on("observability.logs.enabled") === false) return [];
  return mustBe("observability.logs.invocationLogs", false, true)(resource, context);
};

/** Settings of databases that write the values of statements into the log: name -> value that does. */
const statements: Readonly<Record<string, RegExp>> = {
  general_log: /^(1|on|true)$/i,
  log_min_duration_statement: /^\d/,
  log_parameter_max_length: /^(-1|[1-9])/,
  log_statement: /^(all|mod|ddl,mod)$/i,
  "pgaudit.log_parameter": /^(1|on|true)$/i,
  server_audit_logging: /^(1|on|true)$/i,
  slow_query_log: /^(1|on|true)$/i,
};
/** Without their values, statements say nothing of anybody: PostgreSQL 13 and later can leave them out. */
const flags =
  (list: string): Check =>
  (resource) => {
    const all = select(resource.props, `${list}[*]`).map(({ path }): { path: string; name?: Value; value?: Value } => ({
      path,
      name: read(resource.props, `${path}.name`),
      value: read(resource.props, `${path}.value`),
    }));
    const withoutValues = all.some(({ name, value }) => name === "log_parameter_max_length" && textOf(value) === "0");
    const silent = new Set(withoutValues ? ["log_parameter_max_length", "log_min_duration_statement"] : []);
    return all
      .filter(({ name }) => typeof name === "string" && Object.hasOwn(statements, name) && !silent.has(name))
      .flatMap(({ path, name }) =>
        judge(resource, `${path}.value`, (place) =>
          (statements[name as string] as RegExp).test(textOf(place.value))
            ? {
                problem: `the flag ${textOf(name)} writes statements with their values into the log: ${is(resource, place)}`,
                allowed: nobody,
              }
            : undefined,
        ),
      );
  };

/** A database that declares that it holds nothing of people may log what it is asked. */
const unlessHarmless =
  (check: Check): Check =>
  (resource, context) => {
    const declared = dataClassOf(resource, context.register);
    return declared.kind === "declared" && ["public", "operational"].includes(declared.value) ? [] : check(resource, context);
  };

const isTrue = (value: Value) => value === true;
const redacted = ["authorization", "cookie"];

/** A firewall logs whole requests, with the tokens that would let a reader be the person. */
const redaction: Check = (resource) => {
  const names = select(resource.props, "redactedFields[*].singleHeader.name");
  if (names.some(({ value }) => value === UNKNOWN)) return [];
  const missing = redacted.filter((name) => !names.some(({ value }) => textOf(value).toLowerCase() === name));
  return missing.length === 0
    ? []
    : [
        {
          kind: "violation",
          property: "redactedFields",
          problem: `redactedFields leaves the header ${missing.join(" and ")} in the log`,
          allowed: `redactedFields with singleHeader ${redacted.join(" and ")}`,
        },
      ];
};

const realtimeFields = /^(c-ip|cs-cookie|cs-uri-query|cs-user-agent|cs-headers|cs-header-names|x-forwarded-for|cs-referer)$/;

export const personalInLogs: Rule = {
  id: "telemetry/personal-in-logs",
  title: "Logs do not say who a person is",
  severity: "high",
  why: "A log is read by many and kept long: an address or a cookie in it is a copy of the person's data that no withdrawal reaches.",
  remediation:
    "Leave out addresses, cookies, headers, tokens, bodies and the values of statements; a trace id leads from a log to what happened.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(c)" },
    { name: "GDPR", clause: "Art. 25(1)" },
    { name: "CCPA", clause: "Cal. Civ. Code 1798.100(c)" },
    { name: "ISO 27001", clause: "A.8.11" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "P4.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:apigatewayv2/stage:Stage", props: { accessLogSettings: { format: "$context.requestId $context.status" } } }],
    fails: [
      { type: "aws:apigatewayv2/stage:Stage", props: { accessLogSettings: { format: "$context.identity.sourceIp $context.status" } } },
    ],
  },
  check: byType({
    "aws:apigateway/methodSettings:MethodSettings": [
      mustNot("settings.dataTraceEnabled", isTrue, "dataTraceEnabled: false", "whole requests are logged"),
    ],
    "aws:apigateway/stage:Stage": [format],
    "aws:apigatewayv2/stage:Stage": [
      format,
      mustNot("defaultRouteSettings.dataTraceEnabled", isTrue, "dataTraceEnabled: false", "whole requests are logged"),
      mustNot("routeSettings[*].dataTraceEnabled", isTrue, "dataTraceEnabled: false", "whole requests are logged"),
    ],
    "aws:appsync/graphQLApi:GraphQLApi": [
      where("logConfig", (value) => value !== undefined, mustBe("logConfig.excludeVerboseContent", true, false)),
    ],
    "aws:cloudfront/distribution:Distribution": [mustNot("loggingConfig.includeCookies", isTrue, "includeCookies: false")],
    "aws:cloudfront/realtimeLogConfig:RealtimeLogConfig": [mustNot("fields[*]", (value) => realtimeFields.test(textOf(value)), nobody)],
    "aws:pipes/pipe:Pipe": [
      mustNot("logConfiguration.includeExecutionDatas[*]", () => true, "no includeExecutionDatas", "whole events are logged"),
    ],
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": [flags("parameters")],
    "aws:rds/parameterGroup:ParameterGroup": [flags("parameters")],
    "aws:sfn/stateMachine:StateMachine": [
      mustNot("loggingConfiguration.includeExecutionData", isTrue, "includeExecutionData: false", "every step's input is logged"),
    ],
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": [redaction],
    "cloudflare:index/logpushJob:LogpushJob": [logpush],
    "cloudflare:index/worker:Worker": [invocations],
    "cloudflare:index/workersScript:WorkersScript": [invocations],
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": [
      mustNot("advancedOptionsConfig.logLevel", (value) => value === "VERBOSE", "NORMAL", "parts of requests are logged"),
    ],
    "gcp:compute/securityPolicy:SecurityPolicy": [
      mustNot("advancedOptionsConfig.logLevel", (value) => value === "VERBOSE", "NORMAL", "parts of requests are logged"),
    ],
    "gcp:sql/databaseInstance:DatabaseInstance": [
      unlessHarmless(flags("settings.databaseFlags")),
      mustNot("settings.insightsConfig.recordClientAddress", isTrue, "recordClientAddress: false"),
    ],
    "gcp:workflows/workflow:Workflow": [
      mustNot("callLogLevel", (value) => value === "LOG_ALL_CALLS", "LOG_ERRORS_ONLY", "every call's arguments are logged"),
    ],
  }),
};
