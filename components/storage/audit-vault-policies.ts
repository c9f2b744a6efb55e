// Who may do what with an audit vault, as AWS reads it. Each function gives a policy document as JSON.

const document = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

/**
 * Lets one Google service account assume a role with its identity token. Google's token has an `azp`, so AWS reads `aud` from that
 * (the account's numeric id, as in `sub`) and the token's own `aud` as `oaud`
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html, "Google").
 */
export const trustOfGoogleAccount = (uniqueId: string, audience: string): string =>
  document({
    Sid: "TheWriterOnly",
    Effect: "Allow",
    Principal: { Federated: "accounts.google.com" },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
      StringEquals: { "accounts.google.com:aud": uniqueId, "accounts.google.com:sub": uniqueId, "accounts.google.com:oaud": audience },
    },
  });

/** The account's administrators keep the key manageable; only the writer uses it. Decrypt is what a multipart upload needs. */
export const keyPolicy = (awsAccountId: string, writerArn: string): string =>
  document(
    {
      Sid: "AccountAdministers",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${awsAccountId}:root` },
      Action: "kms:*",
      Resource: "*",
    },
    {
      Sid: "WriterEncrypts",
      Effect: "Allow",
      Principal: { AWS: writerArn },
      Action: ["kms:GenerateDataKey", "kms:Decrypt"],
      Resource: "*",
    },
  );

export const writerPolicy = (bucketArn: string, keyArn: string): string =>
  document(
    { Sid: "Append", Effect: "Allow", Action: ["s3:PutObject", "s3:AbortMultipartUpload"], Resource: `${bucketArn}/*` },
    { Sid: "UnderTheVaultsKey", Effect: "Allow", Action: ["kms:GenerateDataKey", "kms:Decrypt"], Resource: keyArn },
  );

/**
 * What nobody may do. A condition of the negated kind also matches where its key is absent, hence the `Null` beside each: the
 * bucket's defaults then apply.
 */
export function auditVaultPolicy(bucketArn: string, keyArn: string, retention: { readonly mode: string; readonly days: number }): string {
  const objects = `${bucketArn}/*`;
  const everybody = { Effect: "Deny", Principal: "*" };
  const otherThan = (key: string, value: string) => ({ StringNotEquals: { [key]: value }, Null: { [key]: "false" } });
  return document(
    {
      Sid: "OnlyOverTls",
      ...everybody,
      Action: "s3:*",
      Resource: [bucketArn, objects],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    {
      Sid: "OnlyEncryptedByKms",
      ...everybody,
      Action: "s3:PutObject",
      Resource: objects,
      Condition: otherThan("s3:x-amz-server-side-encryption", "aws:kms"),
    },
    {
      Sid: "OnlyUnderThisKey",
      ...everybody,
      Action: "s3:PutObject",
      Resource: objects,
      Condition: otherThan("s3:x-amz-server-side-encryption-aws-kms-key-id", keyArn),
    },
    {
      Sid: "OnlyLockedAsDeep",
      ...everybody,
      Action: ["s3:PutObject", "s3:PutObjectRetention"],
      Resource: objects,
      Condition: otherThan("s3:object-lock-mode", retention.mode),
    },
    {
      // A retain-until date given to the second has lost a part of its last day on arrival.
      Sid: "OnlyLockedAsLong",
      ...everybody,
      Action: ["s3:PutObject", "s3:PutObjectRetention"],
      Resource: objects,
      Condition: { NumericLessThan: { "s3:object-lock-remaining-retention-days": String(retention.days - 1) } },
    },
  );
}
