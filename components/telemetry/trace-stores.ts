import { LogResourcePolicy, type LogResourcePolicyArgs } from "@pulumi/aws/cloudwatch/logResourcePolicy.js";
import { TraceSegmentDestination } from "@pulumi/aws/xray/traceSegmentDestination.js";
import { ProjectSettings, type ProjectSettingsArgs } from "@pulumi/gcp/observability/projectSettings.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { refuse, type Transform, transformed } from "../component.ts";

export interface TraceStoresArgs {
  readonly jurisdiction: Jurisdiction;
  readonly project: string;
  /** Twelve digits. The region's traces are switched for the whole account, in the jurisdiction's AWS region. */
  readonly awsAccountId: string;
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly settings?: Transform<ProjectSettingsArgs>; readonly policy?: Transform<LogResourcePolicyArgs> };
}

/**
 * Where each cloud's own store keeps the spans that people look at.
 *
 * Rests on: Google makes the bucket `_Trace` with the first span, in the place that the project's settings name at that time, and else in one of
 * its own choosing (cloud.google.com/stackdriver/docs/observability/observability-bucket-locations): so the settings come before any collector.
 * X-Ray's OTLP endpoint answers 400 until traces go to CloudWatch Logs, which needs leave to write in two log groups that it makes itself
 * (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html). That switch is the account's, not the stack's, and taking
 * the resource away leaves it as it is.
 */
export class TraceStores extends pulumi.ComponentResource {
  readonly nodes: {
    readonly gcp: ProjectSettings;
    readonly awsPolicy: LogResourcePolicy;
    readonly aws: TraceSegmentDestination;
  };

  constructor(name: string, args: TraceStoresArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:TraceStores", name, {}, options);
    const { project, awsAccountId, transform = {} } = args;
    const { region, gcp, aws } = residencyOf(args.jurisdiction);
    refuse("TraceStores", name, [!/^\d{12}$/.test(awsAccountId) && `awsAccountId "${awsAccountId}" is no AWS account: twelve digits`]);

    const settings = new ProjectSettings(
      `${name}-gcp`,
      ...transformed(
        transform.settings,
        { project, location: "global", defaultStorageLocation: gcp.location },
        { parent: this, dependsOn: args.dependsOn },
      ),
    );
    const logs = `arn:aws:logs:${aws.location}:${awsAccountId}:log-group`;
    const awsPolicy = new LogResourcePolicy(
      `${name}-aws-policy`,
      ...transformed(
        transform.policy,
        {
          policyName: `bailiwick-${region}-traces`,
          policyDocument: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Sid: "XRayKeepsSpans",
                Effect: "Allow",
                Principal: { Service: "xray.amazonaws.com" },
                Action: "logs:PutLogEvents",
                Resource: [`${logs}:aws/spans:*`, `${logs}:/aws/application-signals/data:*`],
                Condition: {
                  ArnLike: { "aws:SourceArn": `arn:aws:xray:${aws.location}:${awsAccountId}:*` },
                  StringEquals: { "aws:SourceAccount": awsAccountId },
                },
              },
            ],
          }),
        },
        { parent: this },
      ),
    );
    const destination = new TraceSegmentDestination(
      `${name}-aws`,
      { destination: "CloudWatchLogs" },
      { parent: this, dependsOn: [awsPolicy] },
    );
    this.nodes = { gcp: settings, awsPolicy, aws: destination };
    this.registerOutputs();
  }
}
