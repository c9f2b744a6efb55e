// Programs of other teams, in other shapes, as a first preview sees them. They are in order: these topics have nothing to say.
import { describe, expect, it } from "vitest";
import type { Example, ExampleResource } from "../../../policies/rule.ts";
import { identityRules } from "../../../policies/rules/identity/index.ts";
import { recoverabilityRules } from "../../../policies/rules/recoverability/index.ts";
import { findingsOf, UNKNOWN } from "../judging.ts";

const json = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const trust = (service: string) => json({ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" });
const tags = (dataClass: string) => ({ tags: { "data-class": dataClass } });
const labels = (dataClass: string) => ({ labels: { "data-class": dataClass } });
const role = (name: string, service: string): ExampleResource => ({
  type: "aws:iam/role:Role",
  name,
  props: { name, assumeRolePolicy: trust(service) },
});

const serverlessShop: Example = [
  {
    type: "aws:dynamodb/table:Table",
    name: "orders",
    protect: true,
    props: { ...tags("personal"), deletionProtectionEnabled: true, pointInTimeRecovery: { enabled: true } },
  },
  role("checkout", "lambda.amazonaws.com"),
  role("mailer", "lambda.amazonaws.com"),
  {
    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    name: "logs",
    props: { role: "checkout", policyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" },
  },
  {
    // As aws.iam.getPolicyDocumentOutput gives it before the table exists.
    type: "aws:iam/rolePolicy:RolePolicy",
    name: "reads",
    props: { role: UNKNOWN, policy: UNKNOWN },
    dependsOn: { role: ["checkout"], policy: ["orders"] },
  },
  {
    // As an object literal with an output in it.
    type: "aws:iam/rolePolicy:RolePolicy",
    name: "sends",
    props: {
      role: UNKNOWN,
      policy: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: ["ses:SendEmail"], Resource: UNKNOWN },
          { Effect: "Allow", Action: ["xray:PutTraceSegments", "cloudwatch:PutMetricData"], Resource: "*" },
        ],
      },
    },
    dependsOn: { role: ["mailer"], policy: ["orders"] },
  },
  { type: "aws:lambda/function:Function", name: "f1", props: { role: UNKNOWN }, dependsOn: { role: ["checkout"] } },
  { type: "aws:lambda/function:Function", name: "f2", props: { role: UNKNOWN }, dependsOn: { role: ["mailer"] } },
  { type: "aws:sqs/queue:Queue", name: "mails", protect: true, props: tags("personal") },
  {
    type: "aws:sqs/queuePolicy:QueuePolicy",
    name: "from-topic",
    props: { queueUrl: UNKNOWN, policy: UNKNOWN },
    dependsOn: { queueUrl: ["mails"], policy: ["mails"] },
  },
  {
    type: "aws:cloudwatch/logGroup:LogGroup",
    name: "log",
    protect: true,
    props: { ...tags("operational"), retentionInDays: 90, deletionProtectionEnabled: true },
  },
  { type: "aws:kms/key:Key", name: "key", protect: true, props: { enableKeyRotation: true } },
  { type: "aws:secretsmanager/secret:Secret", name: "stripe", protect: true, props: tags("sensitive") },
];

const containers: Example = [
  {
    type: "aws:rds/instance:Instance",
    name: "db",
    protect: true,
    props: {
      ...tags("personal"),
      multiAz: true,
      backupRetentionPeriod: 14,
      deletionProtection: true,
      finalSnapshotIdentifier: "last",
      iamDatabaseAuthenticationEnabled: true,
    },
  },
  {
    type: "aws:rds/instance:Instance",
    name: "replica",
    protect: true,
    props: { ...tags("personal"), replicateSourceDb: UNKNOWN, deletionProtection: true, skipFinalSnapshot: true },
  },
  { type: "aws:s3/bucket:Bucket", name: "uploads", protect: true, props: tags("personal") },
  {
    type: "aws:s3/bucketVersioning:BucketVersioning",
    name: "versions",
    props: { bucket: UNKNOWN, versioningConfiguration: { status: "Enabled" } },
    dependsOn: { bucket: ["uploads"] },
  },
  {
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    name: "lifecycle",
    props: {
      bucket: UNKNOWN,
      rules: [
        {
          id: "old",
          status: "Enabled",
          noncurrentVersionExpiration: { noncurrentDays: 90 },
          expiration: { expiredObjectDeleteMarker: true },
        },
      ],
    },
    dependsOn: { bucket: ["uploads"] },
  },
  {
    type: "aws:s3/bucketPolicy:BucketPolicy",
    name: "tls",
    props: {
      bucket: "uploads",
      policy: json({
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: "*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    },
  },
  {
    type: "aws:kms/key:Key",
    name: "key",
    protect: true,
    props: {
      policy: json(
        { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "kms:*", Resource: "*" },
        {
          Effect: "Allow",
          Principal: { Service: "logs.eu-central-1.amazonaws.com" },
          Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
          Resource: "*",
        },
      ),
    },
  },
  { type: "aws:backup/vault:Vault", name: "vault", protect: true, props: { ...tags("personal"), name: "daily" } },
  {
    type: "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    name: "lock",
    props: { backupVaultName: "daily", minRetentionDays: 14 },
  },
  {
    type: "aws:backup/plan:Plan",
    name: "plan",
    props: { rules: [{ ruleName: "daily", targetVaultName: "daily", lifecycle: { deleteAfter: 35 } }] },
  },
  role("task", "ecs-tasks.amazonaws.com"),
  role("execution", "ecs-tasks.amazonaws.com"),
  {
    type: "aws:ecs/taskDefinition:TaskDefinition",
    name: "web",
    props: { taskRoleArn: UNKNOWN, executionRoleArn: UNKNOWN },
    dependsOn: { taskRoleArn: ["task"] },
  },
  {
    type: "aws:iam/role:Role",
    name: "deploy",
    props: {
      assumeRolePolicy: json({
        Effect: "Allow",
        Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
          StringLike: { "token.actions.githubusercontent.com:sub": "repo:brand/shop:ref:refs/heads/main" },
        },
      }),
      inlinePolicies: [
        {
          name: "deploy",
          policy: json(
            {
              Effect: "Allow",
              Action: ["ecs:RegisterTaskDefinition"],
              Resource: "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:*",
            },
            { Effect: "Allow", Action: "ecs:UpdateService", Resource: "arn:aws:ecs:eu-central-1:123456789012:service/shop/*" },
            {
              Effect: "Allow",
              Action: "iam:PassRole",
              Resource: "*",
              Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
            },
            { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
          ),
        },
      ],
    },
  },
];

const kubernetes: Example = [
  { type: "gcp:serviceaccount/account:Account", name: "nodes", props: { accountId: "nodes" } },
  { type: "gcp:serviceaccount/account:Account", name: "web", props: { accountId: "web" } },
  { type: "gcp:container/cluster:Cluster", name: "cluster", props: { removeDefaultNodePool: true, initialNodeCount: 1 } },
  {
    type: "gcp:container/nodePool:NodePool",
    name: "pool",
    props: { cluster: UNKNOWN, nodeConfig: { serviceAccount: UNKNOWN, oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"] } },
    dependsOn: { cluster: ["cluster"], nodeConfig: ["nodes"] },
  },
  {
    type: "gcp:projects/iAMMember:IAMMember",
    name: "metrics",
    props: { role: "roles/monitoring.metricWriter", member: UNKNOWN },
    dependsOn: { member: ["nodes"] },
  },
  {
    type: "gcp:serviceaccount/iAMMember:IAMMember",
    name: "pod",
    props: { serviceAccountId: UNKNOWN, role: "roles/iam.workloadIdentityUser", member: "serviceAccount:brand.svc.id.goog[shop/web]" },
    dependsOn: { serviceAccountId: ["web"] },
  },
  {
    type: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
    name: "github",
    props: {
      oidc: { issuerUri: "https://token.actions.githubusercontent.com" },
      attributeMapping: { "google.subject": "assertion.sub", "attribute.repository_id": "assertion.repository_id" },
      attributeCondition: "assertion.repository_owner_id == '1234'",
    },
  },
  {
    type: "gcp:projects/iAMCustomRole:IAMCustomRole",
    name: "reader",
    props: { roleId: "reader", title: "Reads", permissions: ["pubsub.topics.get"] },
  },
  {
    type: "gcp:projects/iAMMember:IAMMember",
    name: "reads",
    props: { role: UNKNOWN, member: UNKNOWN },
    dependsOn: { role: ["reader"], member: ["web"] },
  },
  {
    type: "gcp:sql/databaseInstance:DatabaseInstance",
    name: "mysql",
    protect: true,
    props: {
      databaseVersion: "MYSQL_8_4",
      settings: {
        tier: "db-n1-standard-2",
        availabilityType: "REGIONAL",
        deletionProtectionEnabled: true,
        finalBackupConfig: { enabled: true, retentionDays: 30 },
        backupConfiguration: { enabled: true, binaryLogEnabled: true },
        userLabels: { "data-class": "personal" },
      },
    },
  },
  { type: "gcp:storage/bucket:Bucket", name: "invoices", protect: true, props: { ...labels("personal"), versioning: { enabled: true } } },
  { type: "gcp:storage/bucket:Bucket", name: "cache", protect: true, props: labels("operational") },
  { type: "gcp:storage/bucket:Bucket", name: "pictures", props: { ...labels("public"), forceDestroy: true } },
  { type: "gcp:bigquery/dataset:Dataset", name: "reports", protect: true, props: labels("pseudonymous") },
];

const edge: Example = [
  {
    type: "cloudflare:index/accountToken:AccountToken",
    name: "deploy",
    props: {
      accountId: "0123",
      name: "deploy",
      expiresOn: new Date(Date.now() + 30 * 86_400_000).toISOString(),
      policies: [
        { effect: "allow", permissionGroups: [{ id: "abc" }], resources: JSON.stringify({ "com.cloudflare.api.account.0123": "*" }) },
      ],
    },
  },
  { type: "cloudflare:index/r2Bucket:R2Bucket", name: "uploads", protect: true, props: { jurisdiction: "eu" } },
  { type: "cloudflare:index/d1Database:D1Database", name: "carts", protect: true, props: { jurisdiction: "eu" } },
  {
    type: "cloudflare:index/workersScript:WorkersScript",
    name: "site",
    props: { scriptName: "site", bindings: [{ name: "CART", type: "durable_object_namespace", className: "Cart", scriptName: "carts" }] },
  },
];

describe.each(Object.entries({ serverlessShop, containers, kubernetes, edge }))("the program %s", (_name, program) => {
  it.each([...identityRules, ...recoverabilityRules].map((rule) => [rule.id, rule] as const))("keeps %s", (_id, rule) => {
    expect(findingsOf(rule, program)).toEqual([]);
  });
});
