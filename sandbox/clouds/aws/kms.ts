// KMS keys and aliases as resources: who asks about a key (S3) gets its true state. Keys never vanish at once: deleting one schedules it.
import { randomUUID } from "node:crypto";
import type { Part } from "../../engine/cloud.ts";
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import type { KeyState } from "../../runtimes/s3/front.ts";
import { accountOf, arn, homeAccount, regionalId, regionDefault, regionOf, tagsAll } from "./account.ts";
import { KmsKeys } from "./kms-keys.ts";

const keyToken = "aws:kms/key:Key";
const aliasToken = "aws:kms/alias:Alias";
const test = "test/sandbox/aws/kms.test.ts";

/** A key by id, ARN, alias name or alias ARN, as it is seen in this region; undefined when there is none. */
export function findKey(store: Store, reference: string, region: string): KeyState | undefined {
  // Made by AWS in every account when first used; nobody manages it.
  if (/(^|:)alias\/aws\/s3$/.test(reference)) return { arn: arn("kms", region, homeAccount(store), "alias/aws/s3"), state: "Enabled" };
  const keyArn = reference.includes("alias/") ? aliasTarget(store, reference, region) : reference;
  const keys = new KmsKeys(store);
  const found = keys
    .arns()
    .find((each) => each.startsWith(`arn:aws:kms:${region}:`) && (each === keyArn || each.endsWith(`:key/${keyArn}`)));
  const life = found === undefined ? undefined : keys.life(found);
  return found !== undefined && life ? { arn: found, state: life.status } : undefined;
}

function aliasTarget(store: Store, reference: string, region: string): string | undefined {
  const alias = store
    .list(aliasToken)
    .find(({ state }) => state.region === region && (state.arn === reference || state.name === reference));
  return alias && String(alias.state.targetKeyArn);
}

/** The policy of a key that a resource stands for; nothing where there is none. */
export const keyPolicyOf = (store: Store, keyArn: string): string =>
  String(store.list(keyToken).find(({ state }) => state.arn === keyArn)?.state.policy ?? "");

/** The policy that a key has when none is given: docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html */
const defaultPolicy = (account: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Id: "key-default-1",
    Statement: [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });

function outputs(context: Context, id: string, inputs: Properties): Properties {
  const account = accountOf(context);
  const region = regionOf(inputs, context);
  const symmetric = (inputs.customerMasterKeySpec ?? "SYMMETRIC_DEFAULT") === "SYMMETRIC_DEFAULT";
  return {
    keyId: id,
    arn: arn("kms", region, account, `key/${id}`),
    region,
    customerMasterKeySpec: inputs.customerMasterKeySpec ?? "SYMMETRIC_DEFAULT",
    keyUsage: inputs.keyUsage ?? "ENCRYPT_DECRYPT",
    isEnabled: inputs.isEnabled ?? true,
    enableKeyRotation: inputs.enableKeyRotation ?? false,
    multiRegion: inputs.multiRegion ?? false,
    policy: inputs.policy ?? defaultPolicy(account),
    description: inputs.description ?? "",
    ...(symmetric && inputs.enableKeyRotation === true ? { rotationPeriodInDays: inputs.rotationPeriodInDays ?? 365 } : {}),
    tagsAll: tagsAll(inputs, context),
  };
}

export const key: ResourceDefinition = {
  token: keyToken,
  fidelity: { level: "enforces", how: "what it encrypts cannot be used while it is disabled or pending deletion", test },
  // [SDK kms/key: "Forces new resource"]
  replaceOn: ["customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId", "region"],
  recomputed: ["tagsAll"],
  defaults: regionDefault,
  refuse(inputs) {
    const failures: Failure[] = [];
    const range = (property: string, from: number, to: number) => {
      const value = inputs[property];
      if (typeof value === "number" && (value < from || value > to)) {
        failures.push({ property, reason: `expected ${property} to be in the range (${from} - ${to}), got ${value}` });
      }
    };
    range("deletionWindowInDays", 7, 30);
    range("rotationPeriodInDays", 90, 2560);
    if (inputs.rotationPeriodInDays !== undefined && inputs.enableKeyRotation !== true && inputs.enableKeyRotation !== UNKNOWN) {
      failures.push({ property: "rotationPeriodInDays", reason: "needs enableKeyRotation: true" });
    }
    if (
      inputs.enableKeyRotation === true &&
      !["SYMMETRIC_DEFAULT", UNKNOWN, undefined].includes(inputs.customerMasterKeySpec as string | undefined)
    ) {
      failures.push({ property: "enableKeyRotation", reason: "only symmetric keys can be rotated" });
    }
    if (typeof inputs.policy === "string" && inputs.policy !== UNKNOWN && !inputs.policy.trimStart().startsWith("{")) {
      failures.push({ property: "policy", reason: "is not a JSON policy document" });
    }
    return failures;
  },
  create(context, inputs) {
    const uuid = context.orphan?.id ?? randomUUID();
    const id = context.orphan || inputs.multiRegion !== true ? uuid : `mrk-${uuid.replaceAll("-", "")}`;
    const made = outputs(context, id, inputs);
    new KmsKeys(context.store).register(String(made.arn), made.isEnabled === true);
    return { id, outputs: made };
  },
  update(context, old, inputs) {
    const keys = new KmsKeys(context.store);
    const made = outputs(context, old.id, inputs);
    if (keys.life(String(old.state.arn))?.status === "PendingDeletion") {
      throw new CloudError(
        "KMSInvalidStateException",
        `updating KMS Key (${old.id}): KMSInvalidStateException: ${old.state.arn} is pending deletion.`,
      );
    }
    keys.enable(String(old.state.arn), made.isEnabled === true);
    return made;
  },
  // What somebody switched off past the program shows as drift. A key on its way out is gone for the provider.
  read({ store }, { state }) {
    const life = new KmsKeys(store).life(String(state.arn));
    return life === undefined || life.status === "PendingDeletion" ? undefined : { isEnabled: life.status === "Enabled" };
  },
  delete({ store }, { state, inputs }) {
    const keys = new KmsKeys(store);
    if (keys.life(String(state.arn))?.status !== "PendingDeletion") {
      keys.scheduleDeletion(String(state.arn), Number(inputs.deletionWindowInDays ?? 30));
    }
  },
};

/** The keys that resources stand for, and whether they can be used. */
export function keyParts(store: Store): Part[] {
  const keys = new KmsKeys(store);
  return store.list(keyToken).map(({ id, state }) => {
    const status = keys.life(String(state.arn))?.status ?? "Deleted";
    return {
      kind: "key",
      name: String(state.description || id),
      state: status === "Enabled" ? "running" : "failed",
      detail: `${status}, ${state.enableKeyRotation === true ? `rotates every ${state.rotationPeriodInDays} days` : "does not rotate"}, ${state.region}`,
    };
  });
}

export const alias: ResourceDefinition = recorded({
  token: aliasToken,
  why: "an alias is a name for a key",
  fidelity: { level: "enforces", how: "S3 finds a key by it", test },
  replaceOn: ["name", "namePrefix", "region"],
  recomputed: ["targetKeyArn"],
  defaults: regionDefault,
  refuse: ({ name }) =>
    typeof name === "string" && name !== UNKNOWN && (!/^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(name) || name.startsWith("alias/aws/"))
      ? [
          {
            property: "name",
            reason: `"${name}" must begin with "alias/", not with "alias/aws/", and hold letters, digits, "/", "_" and "-" only`,
          },
        ]
      : [],
  id: (inputs, context) =>
    regionalId(context, aliasToken, String(inputs.name ?? `${inputs.namePrefix ?? "alias/"}${Date.now()}`), regionOf(inputs, context)),
  computed(inputs, id, context) {
    const region = regionOf(inputs, context);
    const [name = id] = id.split("@");
    const target = findKey(context.store, String(inputs.targetKeyId), region);
    if (!target) {
      throw new CloudError(
        "NotFoundException",
        `creating KMS Alias (${name}): NotFoundException: Key '${inputs.targetKeyId}' does not exist in ${region}`,
      );
    }
    const account = accountOf(context);
    return { name, region, arn: arn("kms", region, account, name), targetKeyArn: target.arn, targetKeyId: String(inputs.targetKeyId) };
  },
});
