// Where X-Ray keeps what it takes, and the policies by which CloudWatch Logs lets other services write
// (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html).
import { CloudError, type ResourceDefinition } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, regionDefault, regionOf } from "./account.ts";
import { resourceSays } from "./iam-evaluation.ts";
import { isKnown, oneOf } from "./values.ts";

const policyToken = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy";
const test = "test/sandbox/aws/xray.test.ts";

/** docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
const mostPolicies = 10;
/** The groups that X-Ray makes and writes by itself. */
const spanGroups = ["aws/spans", "/aws/application-signals/data"];

const fact = (account: string, region: string) => `aws/xray-destination/${account}/${region}`;

/** Whether traces of an account go to CloudWatch Logs: only then X-Ray takes OTLP. */
export const keepsSpansInLogs = (store: Store, account: string, region: string): boolean =>
  store.fact(fact(account, region), () => "XRay") === "CloudWatchLogs";

const isJson = (text: string) => {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
};

const logResourcePolicy: ResourceDefinition = recorded({
  token: policyToken,
  why: "",
  fidelity: { level: "enforces", how: "X-Ray's traces can go to CloudWatch Logs only where one lets it write there", test },
  replaceOn: ["policyName", "resourceArn", "region"],
  recomputed: ["revisionId"],
  defaults: regionDefault,
  refuse: ({ policyName, resourceArn, policyDocument }) => [
    ...((policyName === undefined) === (resourceArn === undefined)
      ? [{ property: "policyName", reason: "exactly one of policyName and resourceArn must be configured" }]
      : []),
    ...(isKnown(policyDocument) && !isJson(policyDocument)
      ? [{ property: "policyDocument", reason: "contains an invalid JSON policy" }]
      : []),
  ],
  id: ({ policyName, resourceArn }) => String(policyName ?? resourceArn),
  existing: "adopt",
  computed(inputs, id, context) {
    const region = regionOf(inputs, context);
    const others = context.store.list(policyToken).filter(({ id: other, state }) => other !== id && state.region === region);
    if (others.length >= mostPolicies) {
      throw new CloudError(
        "LimitExceededException",
        `creating CloudWatch Logs Resource Policy (${id}): api error LimitExceededException: Resource limit exceeded.`,
      );
    }
    return { policyScope: inputs.resourceArn === undefined ? "ACCOUNT" : "RESOURCE", revisionId: "" };
  },
});

const traceSegmentDestination: ResourceDefinition = {
  token: "aws:xray/traceSegmentDestination:TraceSegmentDestination",
  fidelity: { level: "enforces", how: "X-Ray takes spans over OTLP only where they go to CloudWatch Logs", test },
  replaceOn: ["region"],
  defaults: regionDefault,
  refuse: ({ destination }) => oneOf("destination", destination, ["XRay", "CloudWatchLogs"]),
  create(context, inputs) {
    const region = regionOf(inputs, context);
    const account = accountOf(context);
    if (inputs.destination === "CloudWatchLogs") requireLeave(context.store, account, region);
    context.store.setFact(fact(account, region), String(inputs.destination));
    return { id: region, outputs: {} };
  },
  update(context, _old, inputs) {
    const region = regionOf(inputs, context);
    const account = accountOf(context);
    if (inputs.destination === "CloudWatchLogs") requireLeave(context.store, account, region);
    context.store.setFact(fact(account, region), String(inputs.destination));
    return {};
  },
  // Removing it leaves the account as it is [SDK xray/traceSegmentDestination].
};

/** @throws CloudError where no policy lets X-Ray write the groups that it keeps spans in */
function requireLeave(store: Store, account: string, region: string): void {
  const policies = store.list(policyToken).filter(({ state }) => state.region === region);
  const principal = { arn: "xray.amazonaws.com", service: "xray.amazonaws.com" };
  const context = { "aws:sourcearn": `arn:aws:xray:${region}:${account}:destination`, "aws:sourceaccount": account };
  const closed = spanGroups.find((group) => {
    const resource = `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:default`;
    return !policies.some(
      ({ state }) => resourceSays(String(state.policyDocument), { principal, action: "logs:PutLogEvents", resource, context }) === "allow",
    );
  });
  if (closed === undefined) return;
  throw new CloudError(
    "InvalidRequestException",
    `updating X-Ray Trace Segment Destination: api error InvalidRequestException: XRay does not have permission to call PutLogEvents on the ${closed} Log Group`,
  );
}

export const traceDestinationDefinitions: readonly ResourceDefinition[] = [logResourcePolicy, traceSegmentDestination];
