// S3's errors. Codes, statuses and messages: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
import { randomBytes } from "node:crypto";
import { element } from "./xml.ts";

export interface S3Error {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Elements beside code and message (`Region`, `BucketName`). */
  readonly details?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const error = (status: number, code: string, message: string, details?: Record<string, string>): S3Error => ({
  status,
  code,
  message,
  details,
});

export const anonymous = error(403, "AccessDenied", "Access Denied");
export const accessDenied = (why: string) => error(403, "AccessDenied", why);
export const unknownKey = (id: string) =>
  error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", { AWSAccessKeyId: id });
export const badToken = error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
export const expiredToken = error(400, "ExpiredToken", "The provided token has expired.");
export const badSignature = error(
  403,
  "SignatureDoesNotMatch",
  "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
);
export const skewed = error(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.");
export const expiredUrl = error(403, "AccessDenied", "Request has expired");
export const wrongRegion = (given: string, expected: string) =>
  error(
    400,
    "AuthorizationHeaderMalformed",
    `The authorization header is malformed; the region '${given}' is wrong; expecting '${expected}'`,
    {
      Region: expected,
    },
  );
export const noSuchBucket = (bucket: string) => error(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: bucket });
export const elsewhere = (bucket: string, region: string): S3Error => ({
  status: 301,
  code: "PermanentRedirect",
  message:
    "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
  details: { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket },
  headers: { "x-amz-bucket-region": region },
});
export const wrongLocation = (given: string) =>
  error(
    400,
    "IllegalLocationConstraintException",
    `The ${given || "unspecified"} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );
export const bodyMismatch = error(
  400,
  "XAmzContentSHA256Mismatch",
  "The provided 'x-amz-content-sha256' header does not match what was computed.",
);
export const tooLarge = error(400, "MaxMessageLengthExceeded", "Your request was too big.");
export const malformedPolicy = (why: string) => error(400, "MalformedPolicy", why);
export const unavailable = error(503, "ServiceUnavailable", "Service is unable to handle request.");
export const noAcls = error(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");

/** `bucket` is the path of the resource that the error is about. */
export function respond(failure: S3Error, method: string, resource: string): Response {
  const requestId = randomBytes(8).toString("hex").toUpperCase();
  const details = Object.entries(failure.details ?? {}).map(([name, value]) => element(name, value));
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${element("Error", [
    element("Code", failure.code),
    element("Message", failure.message),
    ...details,
    element("Resource", resource),
    element("RequestId", requestId),
  ])}`;
  return new Response(method === "HEAD" ? null : body, {
    status: failure.status,
    headers: { "content-type": "application/xml", "x-amz-request-id": requestId, ...failure.headers },
  });
}
