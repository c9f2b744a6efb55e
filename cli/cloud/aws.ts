// AWS, asked through its own command line: it knows every way in which a person may be signed in.
import type { Prerequisite } from "./prerequisite.ts";

const area = "AWS" as const;

/** Runs `aws <args> --output json`; undefined when the command is not there. */
export type Aws = (args: readonly string[]) => Promise<{ readonly ok: boolean; readonly output: string } | undefined>;

/** What the program makes, for IAM's simulator. */
export const actions = [
  "acm:RequestCertificate",
  // With the two of Logs: to let traces go to CloudWatch Logs (docs.aws.amazon.com/AmazonCloudWatch, CloudWatch-Transaction-Search-getting-started).
  "application-signals:StartDiscovery",
  "cloudwatch:PutMetricAlarm",
  "ecr:CreateRepository",
  "ecs:CreateService",
  "elasticloadbalancing:CreateLoadBalancer",
  "iam:CreateRole",
  // The first cluster, load balancer and trace destination of an account each bring a role of their service's own.
  "iam:CreateServiceLinkedRole",
  "kms:CreateKey",
  "logs:CreateLogGroup",
  "logs:PutResourcePolicy",
  "logs:PutRetentionPolicy",
  "s3:CreateBucket",
  "s3:PutBucketObjectLockConfiguration",
  "ec2:CreateVpc",
  "ssm:PutParameter",
  "xray:UpdateTraceSegmentDestination",
] as const;

export async function awsPrerequisites(accountId: string, aws: Aws): Promise<Prerequisite[]> {
  const what = `account ${accountId}`;
  const signIn = "aws sso login, or the credentials of a role in the account (docs.aws.amazon.com/cli, configure)";
  const caller = await aws(["sts", "get-caller-identity"]);
  if (!caller) {
    const found = "the command aws is not there to ask with";
    return [{ area, what, verdict: "unknown", found, provide: "docs.aws.amazon.com/cli, install" }];
  }
  if (!caller.ok) return [{ area, what, verdict: "unknown", found: lastLine(caller.output), provide: signIn }];
  const { Account, Arn } = JSON.parse(caller.output) as { Account: string; Arn: string };
  if (Account !== accountId) return [{ area, what, verdict: "missing", found: `signed in to ${Account} as ${Arn}`, provide: signIn }];
  return [{ area, what, verdict: "there", found: Arn, provide: signIn }, await rights(roleOf(Arn), aws), await pipelineTrust(aws)];
}

async function rights(principal: string, aws: Aws): Promise<Prerequisite> {
  const what = "your rights";
  const provide = "a role for deployments with the actions that are denied (docs.aws.amazon.com/IAM, access_policies_testing-policies)";
  const answer = await aws(["iam", "simulate-principal-policy", "--policy-source-arn", principal, "--action-names", ...actions]);
  if (!answer?.ok) return { area, what, verdict: "unknown", found: lastLine(answer?.output ?? ""), provide };
  const { EvaluationResults } = JSON.parse(answer.output) as { EvaluationResults: { EvalActionName: string; EvalDecision: string }[] };
  const denied = EvaluationResults.filter(({ EvalDecision }) => EvalDecision !== "allowed").map(({ EvalActionName }) => EvalActionName);
  const found = denied.length === 0 ? `all ${actions.length} actions` : `denied: ${denied.join(", ")}`;
  return { area, what, verdict: denied.length === 0 ? "there" : "missing", found, provide };
}

/** Whether a pipeline can sign in without a key; one provider serves the whole account. */
async function pipelineTrust(aws: Aws): Promise<Prerequisite> {
  const issuer = "token.actions.githubusercontent.com";
  const what = `trust in ${issuer}`;
  const provide = `aws iam create-open-id-connect-provider --url https://${issuer} --client-id-list sts.amazonaws.com`;
  const answer = await aws(["iam", "list-open-id-connect-providers"]);
  if (!answer?.ok) return { area, what, verdict: "unknown", found: lastLine(answer?.output ?? ""), provide };
  const { OpenIDConnectProviderList } = JSON.parse(answer.output) as { OpenIDConnectProviderList: { Arn: string }[] };
  const found = OpenIDConnectProviderList.find(({ Arn }) => Arn.endsWith(`/${issuer}`))?.Arn;
  return { area, what, verdict: found ? "there" : "missing", found: found ?? "there is none: only people can deploy", provide };
}

/** The role behind a session: the simulator takes no session (`arn:aws:sts::1:assumed-role/deploy/anna`). */
export function roleOf(arn: string): string {
  const session = /^arn:(aws[a-z-]*):sts::(\d+):assumed-role\/(.+)\/[^/]+$/.exec(arn);
  return session ? `arn:${session[1]}:iam::${session[2]}:role/${session[3]}` : arn;
}

const lastLine = (output: string) => output.trim().split("\n").at(-1) ?? "";
