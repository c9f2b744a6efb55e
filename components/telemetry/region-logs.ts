import { ProjectBucketConfig, type ProjectBucketConfigArgs } from "@pulumi/gcp/logging/projectBucketConfig.js";
import { ProjectSink, type ProjectSinkArgs } from "@pulumi/gcp/logging/projectSink.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, refuse, type Transform, transformed } from "../component.ts";

export interface RegionLogsArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** Days that log entries are kept. Default 30. Longer costs storage; shorter leaves less to look at after an incident. */
  readonly retentionDays?: number;
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly bucket?: Transform<ProjectBucketConfigArgs>; readonly sink?: Transform<ProjectSinkArgs> };
}

/**
 * The project's logs, kept inside the jurisdiction.
 *
 * Rests on: the sink `_Default` leads to a bucket in location `global`, so that without this every request log leaves the region; making
 * it again changes the one there is, and deleting it is skipped (magic-modules, resource_logging_project_sink.go). `_Required`, the audit
 * log of administration, cannot be moved by a project; only an organisation's settings can. A log bucket takes no labels.
 */
export class RegionLogs extends pulumi.ComponentResource {
  readonly nodes: { readonly bucket: ProjectBucketConfig; readonly sink: ProjectSink };

  constructor(name: string, args: RegionLogsArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:RegionLogs", name, {}, options);
    const { project, jurisdiction, retentionDays = 30, transform = {} } = args;
    const { region, gcp } = residencyOf(jurisdiction);
    refuse("RegionLogs", name, [
      !(Number.isInteger(retentionDays) && retentionDays >= 1 && retentionDays <= 3650) &&
        `retentionDays ${retentionDays} is not allowed: whole days from 1 to 3650`,
    ]);
    const bucket = new ProjectBucketConfig(
      `${name}-bucket`,
      ...transformed(
        transform.bucket,
        {
          project,
          location: gcp.location,
          bucketId: `bailiwick-${region}`,
          retentionDays,
          description: `Logs of Bailiwick's region ${region}`,
        },
        { parent: this, protect: args.lifecycle === "durable", dependsOn: args.dependsOn },
      ),
    );
    const sink = new ProjectSink(
      `${name}-default`,
      ...transformed(
        transform.sink,
        {
          project,
          name: "_Default",
          destination: pulumi.interpolate`logging.googleapis.com/${bucket.id}`,
          // As the sink's own filter was: what administration does goes to _Required already.
          filter:
            'NOT LOG_ID("cloudaudit.googleapis.com/activity") AND NOT LOG_ID("externalaudit.googleapis.com/activity") AND NOT LOG_ID("cloudaudit.googleapis.com/system_event") AND NOT LOG_ID("externalaudit.googleapis.com/system_event") AND NOT LOG_ID("cloudaudit.googleapis.com/access_transparency") AND NOT LOG_ID("externalaudit.googleapis.com/access_transparency")',
          uniqueWriterIdentity: true,
        },
        { parent: this },
      ),
    );
    this.nodes = { bucket, sink };
    this.registerOutputs({ bucket: bucket.id });
  }
}
