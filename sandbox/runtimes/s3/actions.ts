// Which permission a request to S3 needs.
// Source: docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
import type { Target } from "./target.ts";

export interface Needed {
  readonly action: string;
  /** ARN of the bucket or of the object. */
  readonly resource: string;
}

/** By `METHOD subresource`, without the `s3:`. What is not listed needs the plain right to the bucket or object. */
const ofBucket: Readonly<Record<string, string>> = {
  "GET versions": "ListBucketVersions",
  "GET uploads": "ListBucketMultipartUploads",
  "GET location": "GetBucketLocation",
  "GET acl": "GetBucketAcl",
  "PUT acl": "PutBucketAcl",
  "GET versioning": "GetBucketVersioning",
  "PUT versioning": "PutBucketVersioning",
  "GET object-lock": "GetBucketObjectLockConfiguration",
  "PUT object-lock": "PutBucketObjectLockConfiguration",
  "GET encryption": "GetEncryptionConfiguration",
  "PUT encryption": "PutEncryptionConfiguration",
  "DELETE encryption": "PutEncryptionConfiguration",
  "GET lifecycle": "GetLifecycleConfiguration",
  "PUT lifecycle": "PutLifecycleConfiguration",
  "DELETE lifecycle": "PutLifecycleConfiguration",
  "GET publicAccessBlock": "GetBucketPublicAccessBlock",
  "PUT publicAccessBlock": "PutBucketPublicAccessBlock",
  "DELETE publicAccessBlock": "PutBucketPublicAccessBlock",
  "GET policy": "GetBucketPolicy",
  "PUT policy": "PutBucketPolicy",
  "DELETE policy": "DeleteBucketPolicy",
  "GET ownershipControls": "GetBucketOwnershipControls",
  "PUT ownershipControls": "PutBucketOwnershipControls",
  "DELETE ownershipControls": "PutBucketOwnershipControls",
  "GET tagging": "GetBucketTagging",
  "PUT tagging": "PutBucketTagging",
  "DELETE tagging": "PutBucketTagging",
};

const ofObject: Readonly<Record<string, string>> = {
  "GET acl": "GetObjectAcl",
  "PUT acl": "PutObjectAcl",
  "GET tagging": "GetObjectTagging",
  "PUT tagging": "PutObjectTagging",
  "DELETE tagging": "DeleteObjectTagging",
  "GET retention": "GetObjectRetention",
  "PUT retention": "PutObjectRetention",
  "GET legal-hold": "GetObjectLegalHold",
  "PUT legal-hold": "PutObjectLegalHold",
  "GET uploadId": "ListMultipartUploadParts",
  "DELETE uploadId": "AbortMultipartUpload",
};

/** Several where a request does several things: a copy reads its source, a retention besides the write is a right of its own. */
export function neededFor({ method, headers, url }: Request, { bucket, key, subresource }: Target): readonly Needed[] {
  if (bucket === undefined) return [{ action: "s3:ListAllMyBuckets", resource: "*" }];
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const verb = method === "HEAD" ? "GET" : method;
  if (key === undefined) {
    // The objects of a list are judged one by one where they are deleted; the list itself needs no right.
    if (verb === "POST" && subresource === "delete") return [{ action: "s3:DeleteObject", resource: `${bucketArn}/*` }];
    const plain = { GET: "ListBucket", PUT: "CreateBucket", DELETE: "DeleteBucket" }[verb] ?? "ListBucket";
    return [{ action: `s3:${ofBucket[`${verb} ${subresource}`] ?? plain}`, resource: bucketArn }];
  }
  const resource = `${bucketArn}/${key}`;
  const version = new URL(url).searchParams.has("versionId") ? "Version" : "";
  const plain = { GET: `GetObject${version}`, DELETE: `DeleteObject${version}` }[verb] ?? "PutObject";
  const needed: Needed[] = [{ action: `s3:${ofObject[`${verb} ${subresource}`] ?? plain}`, resource }];
  const source = headers.get("x-amz-copy-source");
  if (source !== null) {
    const [path = "", query] = decodeURIComponent(source).replace(/^\//, "").split("?");
    needed.push({ action: query?.startsWith("versionId=") ? "s3:GetObjectVersion" : "s3:GetObject", resource: `arn:aws:s3:::${path}` });
  }
  if (verb === "PUT" && headers.has("x-amz-object-lock-mode")) needed.push({ action: "s3:PutObjectRetention", resource });
  if (verb === "PUT" && headers.has("x-amz-object-lock-legal-hold")) needed.push({ action: "s3:PutObjectLegalHold", resource });
  if (headers.get("x-amz-bypass-governance-retention") === "true") needed.push({ action: "s3:BypassGovernanceRetention", resource });
  return needed;
}
