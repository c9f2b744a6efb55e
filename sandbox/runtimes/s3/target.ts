// What a request to S3 is about: the endpoint's region, the bucket and the key, from either form of address.
// Source: docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html

export interface Target {
  /** Undefined where the address names no region (a local endpoint): the signature's counts. */
  readonly region: string | undefined;
  readonly bucket: string | undefined;
  /** Decoded; undefined for the bucket itself. */
  readonly key: string | undefined;
  /** Path-style, encoded, without the signature's query: what the object server takes. */
  readonly path: string;
  /** The query's first name without a value that S3 calls a sub-resource: `policy`, `object-lock`. */
  readonly subresource: string | undefined;
}

const subresources = new Set([
  "accelerate",
  "acl",
  "analytics",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "partNumber",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versioning",
  "versions",
  "website",
]);

/** @throws URIError when the path is not well encoded */
export function targetOf(url: URL): Target {
  const [, inHost, region] = /^(?:(.+)\.)?s3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com$/.exec(url.hostname) ?? [];
  const path = inHost === undefined ? url.pathname : `/${inHost}${url.pathname}`;
  const [, bucket, ...rest] = path.split("/");
  const key = decodeURIComponent(rest.join("/"));
  const query = url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "" && !/^X-Amz-/i.test(pair));
  return {
    region,
    bucket: bucket === "" || bucket === undefined ? undefined : decodeURIComponent(bucket),
    key: key === "" ? undefined : key,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    subresource: query.map((pair) => pair.split("=")[0] as string).find((name) => subresources.has(name)),
  };
}
