import { R2Bucket, type R2BucketArgs } from "@pulumi/cloudflare/r2bucket.js";
import type * as pulumi from "@pulumi/pulumi";
import type { CloudflareJurisdiction } from "../../../stacks/residency.ts";
import { type Transform, transformed } from "../../component.ts";
import type { BucketShape } from "./bucket.ts";

export interface R2Transform {
  readonly bucket?: Transform<R2BucketArgs>;
}

/** R2. The jurisdiction can be given at creation only, and the provider does not replace on it: a later change is an error, not a loss. */
export function createR2Bucket(
  name: string,
  shape: BucketShape & { readonly accountId: string; readonly pin: CloudflareJurisdiction | "none" },
  transform: R2Transform = {},
): pulumi.Output<string> {
  const bucket = new R2Bucket(
    `${name}-bucket`,
    ...transformed(
      transform.bucket,
      { accountId: shape.accountId, name: shape.bucket, ...(shape.pin === "none" ? {} : { jurisdiction: shape.pin }) },
      { parent: shape.parent, protect: shape.durable, dependsOn: shape.dependsOn },
    ),
  );
  return bucket.name;
}
