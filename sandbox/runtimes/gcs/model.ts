// What is kept of a bucket and of an object: the parts of their JSON API resources that are not computed.
// Source: cloud.google.com/storage/docs/json_api/v1/buckets and .../objects

export interface RetentionPolicy {
  /** Seconds. */
  readonly retentionPeriod: number;
  /** RFC 3339 */
  readonly effectiveTime: string;
  readonly isLocked: boolean;
}

export interface BucketConfig {
  /** Upper case, as the API answers it: `EUROPE-WEST3`. */
  readonly location: string;
  readonly storageClass: string;
  readonly versioning: boolean;
  readonly retentionPolicy?: RetentionPolicy;
  /** Seconds; 0 = deleted is deleted. */
  readonly softDeleteSeconds: number;
  readonly defaultEventBasedHold: boolean;
  readonly uniformBucketLevelAccess: boolean;
  readonly publicAccessPrevention: "enforced" | "inherited";
  readonly defaultKmsKeyName?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Bucket {
  readonly name: string;
  readonly project: string;
  readonly projectNumber: string;
  readonly metageneration: number;
  readonly timeCreated: string;
  readonly updated: string;
  readonly config: BucketConfig;
}

/** What a client may say about an object. */
export interface ObjectMetadata {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
  readonly customTime?: string;
  readonly storageClass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly temporaryHold?: boolean;
  readonly eventBasedHold?: boolean;
}

const metadataFields = [
  "contentType",
  "contentEncoding",
  "contentDisposition",
  "contentLanguage",
  "cacheControl",
  "customTime",
  "storageClass",
  "metadata",
  "temporaryHold",
  "eventBasedHold",
] as const satisfies readonly (keyof ObjectMetadata)[];

/** The fields of a resource that a client may set. */
export function metadataOf(resource: Readonly<Record<string, unknown>>): ObjectMetadata {
  return Object.fromEntries(metadataFields.filter((field) => resource[field] !== undefined).map((field) => [field, resource[field]]));
}

export type ObjectState = "live" | "noncurrent" | "softDeleted";

export interface StoredObject extends ObjectMetadata {
  readonly bucket: string;
  readonly name: string;
  /** Microseconds since 1970, growing. */
  readonly generation: number;
  readonly metageneration: number;
  readonly state: ObjectState;
  /** Bytes. */
  readonly size: number;
  /** Base64. */
  readonly md5Hash: string;
  /** Base64 of the big-endian number. */
  readonly crc32c: string;
  readonly timeCreated: string;
  readonly updated: string;
  /** When it stopped being the live version. */
  readonly timeDeleted?: string;
  readonly softDeleteTime?: string;
  readonly hardDeleteTime?: string;
  /** Since when its retention counts, if an event-based hold was released. */
  readonly retentionStart?: string;
  readonly kmsKeyName?: string;
  /** Name of the file with its bytes. */
  readonly file: string;
}

export function bucketResource(bucket: Bucket): object {
  const { config } = bucket;
  return {
    kind: "storage#bucket",
    id: bucket.name,
    name: bucket.name,
    selfLink: `https://www.googleapis.com/storage/v1/b/${bucket.name}`,
    projectNumber: bucket.projectNumber,
    metageneration: String(bucket.metageneration),
    etag: etag(bucket.metageneration),
    location: config.location,
    locationType: config.location.includes("-") ? "region" : "multi-region",
    storageClass: config.storageClass,
    timeCreated: bucket.timeCreated,
    updated: bucket.updated,
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: config.uniformBucketLevelAccess },
      publicAccessPrevention: config.publicAccessPrevention,
    },
    versioning: { enabled: config.versioning },
    softDeletePolicy: { retentionDurationSeconds: String(config.softDeleteSeconds), effectiveTime: bucket.timeCreated },
    defaultEventBasedHold: config.defaultEventBasedHold,
    ...(config.retentionPolicy
      ? { retentionPolicy: { ...config.retentionPolicy, retentionPeriod: String(config.retentionPolicy.retentionPeriod) } }
      : {}),
    ...(config.defaultKmsKeyName ? { encryption: { defaultKmsKeyName: config.defaultKmsKeyName } } : {}),
    ...(config.labels ? { labels: config.labels } : {}),
  };
}

/** @param retainedUntil RFC 3339, when the bucket's retention policy lets go of it */
export function objectResource(object: StoredObject, retainedUntil: string | undefined): object {
  const { state: _, file: __, retentionStart: ___, ...shown } = object;
  const path = `https://www.googleapis.com/storage/v1/b/${object.bucket}/o/${encodeURIComponent(object.name)}`;
  return {
    kind: "storage#object",
    id: `${object.bucket}/${object.name}/${object.generation}`,
    selfLink: path,
    mediaLink: `https://storage.googleapis.com/download/storage/v1/b/${object.bucket}/o/${encodeURIComponent(object.name)}?generation=${object.generation}&alt=media`,
    ...shown,
    generation: String(object.generation),
    metageneration: String(object.metageneration),
    size: String(object.size),
    etag: etag(object.generation, object.metageneration),
    timeStorageClassUpdated: object.timeCreated,
    ...(retainedUntil ? { retentionExpirationTime: retainedUntil } : {}),
  };
}

export const etag = (...numbers: number[]) => Buffer.from(numbers.join("/")).toString("base64");
