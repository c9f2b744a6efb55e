import type * as pulumi from "@pulumi/pulumi";
import type { DataClass, Jurisdiction } from "../../../stacks/residency.ts";

/** What a bucket is, in whichever cloud. */
export interface BucketShape {
  readonly parent: pulumi.Resource;
  readonly bucket: string;
  readonly jurisdiction: Jurisdiction;
  readonly dataClass: DataClass;
  readonly durable: boolean;
  readonly noncurrentDays: number;
  readonly keptDays: number | undefined;
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
}
