import * as pulumi from "@pulumi/pulumi";
import { type CloudName, type DataClass, type Jurisdiction, placesFor, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, refuse } from "../component.ts";
import { createGcsBucket, type GcsTransform } from "./buckets/gcs.ts";
import { createR2Bucket, type R2Transform } from "./buckets/r2.ts";
import { createS3Bucket, type S3Transform } from "./buckets/s3.ts";

export interface ResidentBucketArgs {
  /** `gcp` is Cloud Storage, `aws` S3, `cloudflare` R2. */
  readonly cloud: CloudName;
  readonly jurisdiction: Jurisdiction;
  /** The one class of data that it may hold. */
  readonly dataClass: DataClass;
  readonly lifecycle: Lifecycle;
  /** Unique in the cloud (S3, Cloud Storage) or the account (R2). */
  readonly bucket: string;
  /** Google Cloud project; needed for `gcp`. */
  readonly project?: string;
  /** Cloudflare account; needed for `cloudflare`. */
  readonly accountId?: string;
  /** Id (`gcp`) or ARN (`aws`) of the region's own key. R2 encrypts with keys of its own. */
  readonly key?: pulumi.Input<string>;
  /** Days after which an object goes, for stores whose contract says how long they keep; `gcp` and `aws`. Default: it stays. */
  readonly keptDays?: number;
  /** Days after which a superseded or deleted version of an object is gone for good. Default 30. */
  readonly noncurrentDays?: number;
  readonly dependsOn?: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly gcs?: GcsTransform; readonly s3?: S3Transform; readonly r2?: R2Transform };
}

/** A bucket in the one place of its cloud that may hold this class of data of this jurisdiction: private, encrypted, versioned. */
export class ResidentBucket extends pulumi.ComponentResource {
  /** Name of the bucket. */
  readonly bucket: pulumi.Output<string>;

  constructor(name: string, args: ResidentBucketArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:storage:ResidentBucket", name, {}, options);
    const { cloud, jurisdiction, dataClass } = args;
    const entry = residencyOf(jurisdiction);
    const allowed = placesFor(jurisdiction, dataClass).filter((place) => place.cloud === cloud);
    refuse("ResidentBucket", name, [
      allowed.length === 0 &&
        `${cloud} has no place for ${dataClass} data of "${jurisdiction}" (${entry.law}); allowed are ${[...new Set(placesFor(jurisdiction, dataClass).map((p) => p.cloud))].join(", ")}`,
      cloud === "gcp" && args.project === undefined && "a Cloud Storage bucket needs `project`",
      cloud === "cloudflare" && args.accountId === undefined && "an R2 bucket needs `accountId`",
      args.keptDays !== undefined && !(args.keptDays >= 1) && `keptDays ${args.keptDays}: 1 or more is allowed`,
      args.keptDays !== undefined && cloud === "cloudflare" && "`keptDays` is for `gcp` and `aws`",
      cloud !== "cloudflare" && args.key === undefined && `a bucket in ${cloud} needs the region's \`key\``,
    ]);
    const noncurrentDays = args.noncurrentDays ?? 30;
    const common = {
      parent: this,
      bucket: args.bucket,
      jurisdiction,
      dataClass,
      durable: args.lifecycle === "durable",
      noncurrentDays,
      keptDays: args.keptDays,
      dependsOn: args.dependsOn ?? [],
    };
    switch (cloud) {
      case "gcp":
        this.bucket = createGcsBucket(
          name,
          { ...common, project: args.project as string, location: entry.gcp.location, key: args.key as pulumi.Input<string> },
          args.transform?.gcs,
        );
        break;
      case "aws":
        this.bucket = createS3Bucket(name, { ...common, key: args.key as pulumi.Input<string> }, args.transform?.s3);
        break;
      case "cloudflare":
        this.bucket = createR2Bucket(
          name,
          { ...common, accountId: args.accountId as string, pin: entry.cloudflare.jurisdiction },
          args.transform?.r2,
        );
        break;
    }
    this.registerOutputs({ bucket: this.bucket });
  }
}
