// Where logs are sent: they name people by address, account and path, and so are their data.
import { parseJson } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { type Resource, select, textOf, UNKNOWN, type Value } from "../../resource.ts";
import { is, judge, type Outcome, type Rule } from "../../rule.ts";
import { allowedPlaces, lawOf, nameOf, refuse, under } from "./demand.ts";
import { type Arguments, at, judgeArguments, madeHere, reference } from "./places.ts";

const sink = [reference("destination")];

export const logArguments: Arguments = {
  "aws:apigateway/stage:Stage": [reference("accessLogSettings.destinationArn")],
  "aws:apigatewayv2/stage:Stage": [reference("accessLogSettings.destinationArn")],
  "aws:cloudtrail/trail:Trail": [reference("cloudWatchLogsGroupArn"), reference("snsTopicName")],
  "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": [reference("deliveryDestinationConfiguration.destinationResourceArn")],
  "aws:cloudwatch/logDestination:LogDestination": [reference("targetArn")],
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": [reference("destinationArn")],
  "aws:cloudwatch/metricStream:MetricStream": [reference("firehoseArn")],
  "aws:ec2/flowLog:FlowLog": [reference("logDestination")],
  "aws:guardduty/publishingDestination:PublishingDestination": [reference("destinationArn")],
  "aws:oam/link:Link": [reference("sinkIdentifier")],
  "aws:observabilityadmin/centralizationRuleForOrganization:CentralizationRuleForOrganization": [
    at("rule.destination.region"),
    at("rule.destination.destinationLogsConfiguration.backupConfiguration.region"),
  ],
  "aws:route53/queryLog:QueryLog": [reference("cloudwatchLogGroupArn")],
  "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": [reference("destinationArn")],
  "aws:sfn/stateMachine:StateMachine": [reference("loggingConfiguration.logDestination")],
  "aws:ssm/resourceDataSync:ResourceDataSync": [at("s3Destination.region")],
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": [reference("logDestinationConfigs[*]")],
  "gcp:logging/billingAccountSink:BillingAccountSink": sink,
  "gcp:logging/folderSink:FolderSink": sink,
  "gcp:logging/organizationSink:OrganizationSink": sink,
  "gcp:logging/projectSink:ProjectSink": sink,
};

const taskType = "aws:ecs/taskDefinition:TaskDefinition";
const sinkTypes = /^gcp:logging\/(billingAccount|folder|organization|project)Sink:/;
const logpushType = "cloudflare:index/logpushJob:LogpushJob";
const judgeTable = judgeArguments(logArguments);

function check(resource: Resource, context: Context): Outcome {
  if (resource.type === logpushType) return logpush(resource, context);
  if (resource.type === taskType) return containers(resource, context);
  if (!sinkTypes.test(resource.type)) return judgeTable(resource, context);
  const named = judgeTable(resource, context);
  return Array.isArray(named) ? named : everywhere(resource, context);
}

/** The log driver of a container may name a region of its own: `awslogs-region`, in a JSON text. */
function containers(resource: Resource, context: Context): Outcome {
  const definitions = parseJson(resource, "containerDefinitions");
  if (definitions === undefined || definitions === UNKNOWN) return "notApplicable";
  const inside: Resource = { ...resource, props: { containerDefinitions: definitions } };
  return judgeArguments({ [taskType]: [at("containerDefinitions[*].logConfiguration.options.awslogs-region")] })(inside, context);
}

/** A sink to a log bucket of many regions: `.../locations/global/buckets/_Default`. */
const everywhere = (resource: Resource, context: Context): Outcome =>
  under(resource, context, (demand) =>
    judge(resource, "destination", (place) => {
      const location = /^logging\.googleapis\.com\/.*\/locations\/(global|us|eu)\/buckets\//.exec(textOf(place.value))?.[1];
      return location === undefined || demand.dataClass === "public"
        ? undefined
        : refuse(demand, {
            problem: `${is(resource, place)}, a log bucket in ${location}, which is no place of ${nameOf(demand)}`,
            allowed: allowedPlaces(demand).join(", "),
          });
    }),
  );

/**
 * Logpush names a region in the destination's query (`s3://logs/site?region=us-east-1`) or host, and R2 only by an endpoint with a
 * jurisdiction. Source: developers.cloudflare.com/logs/logpush, /r2/reference/data-location.
 */
function logpush(resource: Resource, context: Context): Outcome {
  const destinations = select(resource.props, "destinationConf");
  if (destinations.length === 0) return "notApplicable";
  return under(resource, context, (demand) => {
    const aws = allowedPlaces({ ...demand, cloud: "aws" });
    return judge(resource, "destinationConf", (place) => {
      const region = regionOfDestination(place.value);
      if (demand.dataClass === "public" || region === undefined || aws.includes(region)) return undefined;
      const where = region === "unpinned" ? "a bucket of R2 without a jurisdiction" : region;
      return {
        problem: `destinationConf sends logs to ${where}, outside ${nameOf(demand)}`,
        law: lawOf(demand),
        allowed: `a bucket in ${aws.join(", ")}, or R2's endpoint of the jurisdiction`,
      };
    });
  });
}

/** The region that a destination names; `unpinned` for R2 by its own scheme; undefined where nothing names one. */
function regionOfDestination(value: Value): string | undefined {
  if (typeof value !== "string") return undefined;
  if (value.startsWith("r2://")) return "unpinned";
  return /[?&]region=([a-z]{2}(?:-[a-z]+)+-\d)/.exec(value)?.[1];
}

export const logDestination: Rule = {
  id: "residency/log-destination",
  title: "Logs are sent to places of the jurisdiction only",
  severity: "high",
  why: "Access logs and audit logs say who did what and from where; sent abroad they are a transfer of personal data that no notice mentions.",
  remediation: "Send logs to a log group, bucket or stream in a region of the residency map for this jurisdiction.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:logging/projectSink:ProjectSink",
        props: { destination: "logging.googleapis.com/projects/shop/locations/europe-west3/buckets/app" },
      },
    ],
    fails: [
      {
        type: "gcp:logging/projectSink:ProjectSink",
        props: { destination: "logging.googleapis.com/projects/shop/locations/us-central1/buckets/app" },
      },
    ],
  },
  check,
  settles: madeHere(logArguments),
};
