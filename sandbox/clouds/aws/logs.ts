// CloudWatch Logs: groups and streams.
import { CloudError, type Context, type ResourceDefinition, type Stored } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountIn, accountOf, arn, regionalId, regionDefault, regionOf, tagsAll } from "./account.ts";
import { resourceSays } from "./iam-evaluation.ts";
import { findKey, keyPolicyOf } from "./kms.ts";
import type { LogStore } from "./logs-store.ts";
import { isKnown, oneOf } from "./values.ts";

export const groupToken = "aws:cloudwatch/logGroup:LogGroup";
export const streamToken = "aws:cloudwatch/logStream:LogStream";
const test = "test/sandbox/aws/logs.test.ts";

/** Days that may be named [SDK cloudwatch/logGroup]; 0 and unset mean for ever. */
const retentions = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

export const findGroup = (store: Store, region: string, name: string): Stored | undefined =>
  store.list(groupToken).find(({ state }) => state.region === region && state.name === name);

/** Which KMS operations CloudWatch Logs needs (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html). */
const keyUses = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"];

/** @throws CloudError when the key is not there, not enabled, or does not let the service of its region use it for this group */
function requireKey({ store }: Context, reference: string, region: string, groupArn: string): void {
  const key = findKey(store, reference, region);
  const service = `logs.${region}.amazonaws.com`;
  const principal = { arn: service, service };
  const context = { "kms:encryptioncontext:aws:logs:arn": groupArn, "aws:sourcearn": groupArn, "aws:sourceaccount": accountIn(groupArn) };
  const lets = (action: string) =>
    // GenerateDataKey* and ReEncrypt* are granted by pattern as a rule: the one that is used stands for all.
    key !== undefined && resourceSays(keyPolicyOf(store, key.arn), { principal, action, resource: key.arn, context }) === "allow";
  if (key?.state === "Enabled" && keyUses.every(lets)) return;
  throw new CloudError(
    "AccessDeniedException",
    `creating CloudWatch Logs Log Group: api error AccessDeniedException: The specified KMS key does not exist or is not allowed to be used with Arn '${groupArn}'`,
  );
}

export function logDefinitions(logs: LogStore): readonly ResourceDefinition[] {
  const group: ResourceDefinition = {
    ...recorded({
      token: groupToken,
      why: "",
      fidelity: {
        level: "runs",
        how: "keeps the events of its streams, for its retention, under its key; the API puts, gets and filters them",
        test,
      },
      autoname: { property: "name", maxLength: 512 },
      replaceOn: ["name", "namePrefix", "logGroupClass", "region"], // [logs group.go: ForceNew]
      recomputed: ["tagsAll"],
      defaults: regionDefault,
      refuse: ({ name, retentionInDays, logGroupClass }) => [
        ...(isKnown(name) && !/^[a-zA-Z0-9_\-/.#]{1,512}$/.test(name)
          ? [{ property: "name", reason: `"${name}" may have letters, digits and _-/.# only, 512 at most` }]
          : []),
        ...(typeof retentionInDays === "number" && !retentions.includes(retentionInDays)
          ? [
              {
                property: "retentionInDays",
                reason: `expected retentionInDays to be one of [${retentions.join(" ")}], got ${retentionInDays}`,
              },
            ]
          : []),
        ...oneOf("logGroupClass", logGroupClass, ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]),
      ],
      id(inputs, context) {
        const region = regionOf(inputs, context);
        const name = String(inputs.name);
        const same = findGroup(context.store, region, name);
        if (same && context.orphan?.id !== same.id) {
          throw new CloudError(
            "ResourceAlreadyExistsException",
            `creating CloudWatch Logs Log Group (${name}): api error ResourceAlreadyExistsException: The specified log group already exists`,
          );
        }
        return context.orphan?.id ?? regionalId(context, groupToken, name, region);
      },
      computed(inputs, _id, context, before) {
        const region = regionOf(inputs, context);
        const groupArn = arn("logs", region, accountOf(context), `log-group:${inputs.name}`);
        const { kmsKeyId } = inputs;
        if (kmsKeyId !== undefined && kmsKeyId !== before?.inputs.kmsKeyId) requireKey(context, String(kmsKeyId), region, groupArn);
        return {
          arn: groupArn,
          logGroupClass: inputs.logGroupClass ?? "STANDARD",
          retentionInDays: inputs.retentionInDays ?? 0,
          deletionProtectionEnabled: inputs.deletionProtectionEnabled ?? false,
          namePrefix: inputs.namePrefix ?? "",
          skipDestroy: inputs.skipDestroy ?? false,
          tagsAll: tagsAll(inputs, context),
        };
      },
    }),
    delete(_context, { inputs, state }) {
      if (state.deletionProtectionEnabled === true) {
        throw new CloudError(
          "OperationAbortedException",
          `deleting CloudWatch Logs Log Group (${state.name}): api error ValidationException: The log group has deletion protection: set deletionProtectionEnabled to false first`,
        );
      }
      if (inputs.skipDestroy !== true) logs.drop(String(state.region), String(state.name));
    },
  };

  const stream: ResourceDefinition = {
    ...recorded({
      token: streamToken,
      why: "",
      fidelity: { level: "runs", how: "events are put into it and read from it", test },
      autoname: { property: "name", maxLength: 512 },
      replaceOn: ["name", "logGroupName", "region"],
      defaults: regionDefault,
      refuse: ({ name }) =>
        isKnown(name) && !/^[^:*]{1,512}$/.test(name)
          ? [{ property: "name", reason: `"${name}" must not have ":" or "*", and be 512 characters at most` }]
          : [],
      id(inputs, context) {
        const region = regionOf(inputs, context);
        const [group, name] = [String(inputs.logGroupName), String(inputs.name)];
        if (!findGroup(context.store, region, group)) {
          throw new CloudError(
            "ResourceNotFoundException",
            `creating CloudWatch Logs Log Stream (${name}): api error ResourceNotFoundException: The specified log group does not exist. (${group} in ${region})`,
          );
        }
        if (logs.streams(region, group).includes(name) && !context.orphan) {
          throw new CloudError(
            "ResourceAlreadyExistsException",
            `creating CloudWatch Logs Log Stream (${name}): api error ResourceAlreadyExistsException: The specified log stream already exists`,
          );
        }
        logs.create(region, group, name);
        return `${group}:${name}`;
      },
      computed: (inputs, _id, context) => ({
        arn: arn("logs", regionOf(inputs, context), accountOf(context), `log-group:${inputs.logGroupName}:log-stream:${inputs.name}`),
      }),
    }),
    delete: (_context, { state }) => logs.drop(String(state.region), String(state.logGroupName), String(state.name)),
  };
  return [group, stream];
}

/** What the IAM permissions of a stream are about. */
export const streamArn = (account: string, region: string, group: string, stream: string): string =>
  arn("logs", region, account, `log-group:${group}:log-stream:${stream}`);

/** Why the group's events can be neither written nor read now; undefined where they can. */
export function lockedBy(store: Store, region: string, group: string): string | undefined {
  const key = findGroup(store, region, group)?.state.kmsKeyId;
  if (typeof key !== "string" || key === "" || findKey(store, key, region)?.state === "Enabled") return undefined;
  return `The log group ${group} is encrypted with ${key}, which is disabled, pending deletion or gone`;
}
