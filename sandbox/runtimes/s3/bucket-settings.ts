// The bucket APIs that the object server refuses, answered from the book: encryption, lifecycle, public access block, policy, ownership.

import { type BucketBook, keptSettings, type Setting } from "./bucket-book.ts";
import { accessDenied, malformedPolicy, type S3Error } from "./errors.ts";
import { element, s3Document, text } from "./xml.ts";

/** What the API answers where nothing was set. */
const absent: Record<Setting, S3Error | string> = {
  // Since 2023 every object is encrypted: docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
  encryption: encryptionDocument({ algorithm: "AES256" }),
  lifecycle: { status: 404, code: "NoSuchLifecycleConfiguration", message: "The lifecycle configuration does not exist" },
  publicAccessBlock: {
    status: 404,
    code: "NoSuchPublicAccessBlockConfiguration",
    message: "The public access block configuration was not found",
  },
  policy: { status: 404, code: "NoSuchBucketPolicy", message: "The bucket policy does not exist" },
  ownershipControls: { status: 404, code: "OwnershipControlsNotFoundError", message: "The bucket ownership controls were not found" },
};

/** What a new bucket has since April 2023: aws.amazon.com/blogs/aws/heads-up-amazon-s3-security-changes-are-coming-in-april-of-2023 */
export const initialSettings: Partial<Record<Setting, string>> = {
  publicAccessBlock: s3Document(
    "PublicAccessBlockConfiguration",
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"].map((name) => element(name, true)),
  ),
  ownershipControls: s3Document("OwnershipControls", [element("Rule", [element("ObjectOwnership", "BucketOwnerEnforced")])]),
};

export const isKept = (subresource: string | undefined): subresource is Setting => keptSettings.includes(subresource as Setting);

/** Answers GET; PUT and DELETE change the book. `body` is the document of a PUT. */
export function answerSetting(
  book: BucketBook,
  bucket: string,
  setting: Setting,
  method: string,
  body: string,
): { status: number; body?: string } | S3Error {
  switch (method) {
    case "GET": {
      const document = book.setting(bucket, setting) ?? absent[setting];
      return typeof document === "string" ? { status: 200, body: document } : document;
    }
    case "PUT": {
      const refusal = refuse(book, bucket, setting, body);
      if (refusal) return refusal;
      book.set(bucket, setting, body);
      return { status: setting === "policy" ? 204 : 200 };
    }
    case "DELETE":
      book.unset(bucket, setting);
      return { status: 204 };
    default:
      return { status: 405, code: "MethodNotAllowed", message: "The specified method is not allowed against this resource." };
  }
}

function refuse(book: BucketBook, bucket: string, setting: Setting, document: string): S3Error | undefined {
  if (setting !== "policy") {
    if (/^\s*<(?:\?xml|[A-Z])/.test(document)) return undefined;
    return {
      status: 400,
      code: "MalformedXML",
      message: "The XML you provided was not well-formed or did not validate against our published schema",
    };
  }
  const statements = policyStatements(document);
  if (!statements) return malformedPolicy("Policies must be valid JSON with a Statement, and the first byte must be '{'");
  const arn = `arn:aws:s3:::${bucket}`;
  const foreign = statements.flatMap((statement) => list(statement.Resource)).find((name) => name !== arn && !name.startsWith(`${arn}/`));
  if (foreign !== undefined) return malformedPolicy(`Policy has invalid resource: "${foreign}" is not "${arn}" or below it`);
  const block = book.setting(bucket, "publicAccessBlock");
  if (block !== undefined && text(block, "BlockPublicPolicy") === "true" && statements.some(isPublic)) {
    return accessDenied(
      "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
    );
  }
  return undefined;
}

interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | Record<string, string | string[]>;
  readonly Resource?: string | string[];
  readonly Condition?: unknown;
}

const list = (value: string | string[] | undefined): string[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

function policyStatements(document: string): Statement[] | undefined {
  try {
    const policy = JSON.parse(document) as { Statement?: Statement | Statement[] };
    return document.trimStart().startsWith("{") && policy.Statement ? [policy.Statement].flat() : undefined;
  } catch {
    return undefined;
  }
}

/** Everyone is allowed, without a condition: docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html */
function isPublic({ Effect, Principal, Condition }: Statement): boolean {
  const everyone = Principal === "*" || (typeof Principal === "object" && list(Principal.AWS).includes("*"));
  return Effect === "Allow" && everyone && Condition === undefined;
}

export interface DefaultEncryption {
  readonly algorithm: string;
  /** Key id, ARN or alias, as it was given. */
  readonly keyId?: string;
}

/** The encryption of new objects in this bucket. */
export function defaultEncryption(book: BucketBook, bucket: string): DefaultEncryption {
  const document = book.setting(bucket, "encryption");
  const keyId = document && text(document, "KMSMasterKeyID");
  return { algorithm: (document && text(document, "SSEAlgorithm")) || "AES256", ...(keyId ? { keyId } : {}) };
}

/** Whether one key of the bucket's stands between KMS and its objects (docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html). */
export const bucketKeyed = (book: BucketBook, bucket: string): boolean => {
  const document = book.setting(bucket, "encryption");
  return document !== undefined && text(document, "BucketKeyEnabled") === "true";
};

function encryptionDocument({ algorithm, keyId }: DefaultEncryption): string {
  return s3Document("ServerSideEncryptionConfiguration", [
    element("Rule", [
      element("ApplyServerSideEncryptionByDefault", [
        element("SSEAlgorithm", algorithm),
        ...(keyId ? [element("KMSMasterKeyID", keyId)] : []),
      ]),
      element("BucketKeyEnabled", false),
    ]),
  ]);
}
