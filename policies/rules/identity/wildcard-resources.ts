// An action that can name its resource does so. Source of the list of those that cannot: the AWS Service Authorization Reference
// (docs.aws.amazon.com/service-authorization/latest/reference), actions whose column "Resource types" is empty.
import type { Rule } from "../../rule.ts";
import { escalates, passesRoles } from "./escalation.ts";
import { covers, isAnyResource } from "./patterns.ts";
import { type Condition, narrowing, overStatements, shown, texts } from "./statements.ts";

/** As patterns, since a policy may write them as such: `ec2:Describe*` is covered by itself. */
const cannotName = [
  "acm:ListCertificates acm:GetAccountConfiguration",
  "application-autoscaling:Describe*",
  "aws-marketplace:*",
  "autoscaling:Describe*",
  "budgets:View* ce:Get* ce:List* ce:Describe* cur:Describe* pricing:*",
  "cloudformation:ListStacks cloudformation:ValidateTemplate cloudformation:ListExports",
  "cloudfront:List*",
  "cloudtrail:LookupEvents cloudtrail:DescribeTrails cloudtrail:ListTrails",
  "cloudwatch:GetMetricData cloudwatch:GetMetricStatistics cloudwatch:ListMetrics cloudwatch:PutMetricData cloudwatch:ListDashboards",
  "comprehend:Detect* comprehend:BatchDetect* polly:* rekognition:Detect* textract:AnalyzeDocument textract:DetectDocumentText translate:TranslateText",
  "dynamodb:ListTables dynamodb:DescribeLimits dynamodb:ListStreams",
  "ec2:Describe* ec2:GetConsole* ec2messages:*",
  "ecr:GetAuthorizationToken ecr-public:GetAuthorizationToken",
  "ecs:CreateCluster ecs:DeregisterTaskDefinition ecs:DescribeTaskDefinition ecs:DiscoverPollEndpoint ecs:ListClusters ecs:ListTaskDefinition*",
  "eks:ListClusters eks:DescribeAddonVersions",
  "elasticache:DescribeEngineDefaultParameters elasticloadbalancing:Describe*",
  "freetier:* health:Describe* servicequotas:List* support:* trustedadvisor:Describe*",
  "iam:GetAccount* iam:ListAccountAliases iam:ListPolicies iam:ListRoles iam:ListUsers iam:ListGroups iam:ListInstanceProfiles iam:ListOpenIDConnectProviders",
  "kinesis:ListStreams kms:ListAliases kms:ListKeys kms:GenerateRandom",
  "lambda:GetAccountSettings lambda:ListFunctions lambda:ListEventSourceMappings lambda:ListLayers",
  "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery",
  "organizations:DescribeOrganization organizations:List*",
  "rds:DescribeDBEngineVersions rds:DescribeOrderableDBInstanceOptions",
  "route53:GetChange route53:ListHostedZones route53:ListHostedZonesByName route53domains:*",
  "s3:GetAccountPublicAccessBlock s3:ListAllMyBuckets s3:ListAccessPoints",
  "secretsmanager:GetRandomPassword secretsmanager:ListSecrets secretsmanager:BatchGetSecretValue",
  "ses:GetAccount ses:GetSendQuota ses:ListIdentities sns:ListTopics sqs:ListQueues",
  "ssm:DescribeParameters ssm:GetManifest ssm:ListAssociations ssm:UpdateInstanceInformation ssmmessages:*",
  "sts:DecodeAuthorizationMessage sts:GetCallerIdentity sts:GetServiceBearerToken sts:GetSessionToken",
  "tag:Get* transcribe:StartStreamTranscription* wafv2:ListWebACLs",
  "xray:BatchGetTraces xray:Get* xray:PutSpans xray:PutSpansForIndexing xray:PutTelemetryRecords xray:PutTraceSegments",
].flatMap((line) => line.split(" "));

/** Says who calls or from where, not on what: it narrows nothing here. */
const isAboutTheResource = ({ key }: Condition): boolean => !key.startsWith("aws:") || /^aws:(resourcetag|requesttag|tagkeys)/.test(key);

export const wildcardResources: Rule = {
  id: "identity/wildcard-resources",
  title: "Policies name the resources that they are about",
  severity: "high",
  why: "A right to read one bucket that is written for all of them reads the next team's personal data as well.",
  remediation:
    "Name the ARNs, or the beginning of their names; where a resource can carry it, a condition on aws:ResourceTag does as well.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "ISO 27001", clause: "A.8.3" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:iam/rolePolicy:RolePolicy",
        props: {
          policy:
            '{"Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:123456789012:orders"}]}',
        },
      },
    ],
    fails: [
      {
        type: "aws:iam/rolePolicy:RolePolicy",
        props: { policy: '{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}]}' },
      },
    ],
  },
  ...overStatements(["identity"], (statement, resource) => {
    const wild = statement.resources.filter(isAnyResource);
    if (wild.length === 0 || narrowing(statement).some(isAboutTheResource)) return undefined;
    const careless = texts(statement.actions).filter(
      (action) => !cannotName.some((pattern) => covers(pattern, action)) && !escalates(action) && !passesRoles(action),
    );
    if (careless.length === 0) return undefined;
    return {
      problem: `${statement.property} allows ${shown(resource, statement, careless)} on ${shown(resource, statement, wild)} (${statement.name})`,
      allowed: "ARNs that name resources; * only for actions that know none, such as ecr:GetAuthorizationToken",
    };
  }),
};
