// Pub/Sub: topics, subscriptions, who may use them, and the API.
import type { Ground } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import { withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { iamMember } from "./iam-member.ts";
import type { KeyMaterial } from "./kms-keys.ts";
import { labelOutputs } from "./labels.ts";
import { objectOf } from "./outputs.ts";
import { projectOf } from "./projects.ts";
import { pubsubApi } from "./pubsub-api.ts";
import { api, type Inside, PubSub, subscriptionToken, topicToken } from "./pubsub-delivery.ts";
import type { GcpService } from "./service.ts";
import { agentOf, requireApi } from "./services.ts";

const test = "test/sandbox/gcp/pubsub.test.ts";
const nameRule = /^(?!goog)[a-z][a-z0-9._~+%-]{2,254}$/i; // cloud.google.com/pubsub/docs/pubsub-basics, resource names

const badName = ({ name }: Properties): Failure[] =>
  typeof name === "string" && name !== UNKNOWN && !nameRule.test(name)
    ? [{ property: "name", reason: `"${name}": 3 to 255 letters, digits and -._~+%, a letter first, not beginning with "goog"` }]
    : [];

const unavailable = (inputs: Properties, names: readonly string[]): Failure[] =>
  names
    .filter((name) => inputs[name] !== undefined)
    .map((property) => ({ property, reason: "is not available here, and leaving it out would change what arrives" }));

const secondsOf = (duration: unknown) =>
  typeof duration === "string" && /^\d+(\.\d+)?s$/.test(duration) ? Number.parseFloat(duration) : undefined;

function outside(inputs: Properties, property: string, least: number, most: number): Failure[] {
  const value = property.split(".").reduce<unknown>((inner, part) => objectOf(inner as Properties)[part], inputs);
  if (value === undefined || value === UNKNOWN) return [];
  const duration = secondsOf(value);
  return duration !== undefined && duration >= least && duration <= most
    ? []
    : [{ property, reason: `"${value}" is not from "${least}s" to "${most}s"` }];
}

/** `projects/P/topics/T`, from any of its spellings. */
const fullName = (kind: "topics" | "subscriptions", project: string, given: string) =>
  given.startsWith("projects/") ? given : `projects/${project}/${kind}/${given}`;

const conflict = (kind: string, name: unknown) =>
  new CloudError(
    "alreadyExists",
    `Error creating ${kind}: googleapi: Error 409: Resource already exists in the project (resource=${name})., alreadyExists`,
  );
const missing = (kind: string, name: string) =>
  new CloudError(
    "notFound",
    `Error creating ${kind}: googleapi: Error 404: Resource not found (resource=${name.slice(name.lastIndexOf("/") + 1)})., notFound`,
  );

function topic(iam: Iam): ResourceDefinition {
  const requireKeyGrant = (context: Context, project: string, key: unknown) => {
    const agent = agentOf(context, project, api);
    if (key === undefined || iam.allows(`serviceAccount:${agent}`, "cloudkms.cryptoKeyVersions.useToEncrypt", String(key))) return;
    throw new CloudError(
      "badRequest",
      `Error creating Topic: googleapi: Error 400: Cloud Pub/Sub did not have the necessary permissions configured to support this operation. Please verify that the service account ${agent} was granted the Cloud KMS CryptoKey Encrypter/Decrypter role for ${key}., badRequest`,
    );
  };
  const outputs = (context: Context, project: string, inputs: Properties): Properties => ({
    project,
    ...labelOutputs(context, inputs),
    ...(inputs.messageStoragePolicy === undefined
      ? { messageStoragePolicy: { allowedPersistenceRegions: [], enforceInTransit: false } }
      : {}),
  });
  return {
    token: topicToken,
    fidelity: { level: "runs", how: "what is published is on disk for every subscription", test },
    autoname: { property: "name", maxLength: 255 },
    replaceOn: ["name", "project", "tags"], // [MM Topic.yaml: immutable]
    recomputed: ["pulumiLabels", "effectiveLabels"],
    unordered: ["messageStoragePolicy.allowedPersistenceRegions"],
    refuse: (inputs) => [
      ...badName(inputs),
      ...unavailable(inputs, ["ingestionDataSourceSettings", "messageTransforms", "schemaSettings"]),
      ...outside(inputs, "messageRetentionDuration", 600, 2_678_400),
    ],
    create(context, inputs): Created {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      const id = fullName("topics", project, String(inputs.name));
      if (context.store.get(topicToken, id) && context.orphan?.id !== id) throw conflict("Topic", inputs.name);
      requireKeyGrant(context, project, inputs.kmsKeyName);
      return { id, outputs: outputs(context, project, inputs) };
    },
    update(context, _old, inputs) {
      const project = projectOf(context, inputs);
      requireKeyGrant(context, project, inputs.kmsKeyName);
      return outputs(context, project, inputs);
    },
  };
}

function subscription(iam: Iam, pubsub: PubSub): ResourceDefinition {
  /** @throws CloudError for what it names and is not there */
  const admit = (context: Context, project: string, inputs: Properties): Properties => {
    const from = fullName("topics", project, String(inputs.topic));
    if (!context.store.get(topicToken, from)) throw missing("Subscription", from);
    const { deadLetterTopic } = objectOf(inputs.deadLetterPolicy);
    if (deadLetterTopic !== undefined && !context.store.get(topicToken, String(deadLetterTopic)))
      throw missing("Subscription", String(deadLetterTopic));
    const { serviceAccountEmail } = objectOf(objectOf(inputs.pushConfig).oidcToken);
    if (serviceAccountEmail !== undefined && !iam.account(String(serviceAccountEmail)))
      throw missing("Subscription", `serviceAccounts/${serviceAccountEmail}`);
    return {
      ...labelOutputs(context, inputs),
      project,
      topic: from,
      ackDeadlineSeconds: Number(inputs.ackDeadlineSeconds ?? 0) || 10,
      ...(inputs.messageRetentionDuration === undefined ? { messageRetentionDuration: "604800s" } : {}),
      ...(inputs.expirationPolicy === undefined ? { expirationPolicy: { ttl: "2678400s" } } : {}),
    };
  };
  const keep = (context: Context, id: string, inputs: Properties, outputs: Properties) => {
    context.store.put({ token: subscriptionToken, id, urn: context.urn, inputs, state: { ...inputs, ...outputs } });
    pubsub.refresh();
    return outputs;
  };
  return {
    token: subscriptionToken,
    fidelity: { level: "runs", how: "messages wait on disk until they are acknowledged; pushed with an ID token, or pulled", test },
    autoname: { property: "name", maxLength: 255 },
    replaceOn: ["name", "project", "topic", "filter", "enableMessageOrdering", "tags"], // [MM Subscription.yaml: immutable]
    recomputed: ["pulumiLabels", "effectiveLabels"],
    refuse(inputs) {
      const failures = [
        ...badName(inputs),
        ...unavailable(inputs, ["bigqueryConfig", "cloudStorageConfig", "filter", "messageTransforms"]),
        ...outside(inputs, "messageRetentionDuration", 600, 2_678_400),
        ...outside(inputs, "retryPolicy.minimumBackoff", 0, 600),
        ...outside(inputs, "retryPolicy.maximumBackoff", 0, 600),
      ];
      const { ackDeadlineSeconds: deadline } = inputs;
      if (typeof deadline === "number" && deadline !== 0 && (deadline < 10 || deadline > 600))
        failures.push({ property: "ackDeadlineSeconds", reason: `${deadline} is not from 10 to 600` });
      const { maxDeliveryAttempts: attempts } = objectOf(inputs.deadLetterPolicy);
      if (typeof attempts === "number" && attempts !== 0 && (attempts < 5 || attempts > 100))
        failures.push({ property: "deadLetterPolicy.maxDeliveryAttempts", reason: `${attempts} is not from 5 to 100` });
      const { pushEndpoint } = objectOf(inputs.pushConfig);
      if (
        typeof pushEndpoint === "string" &&
        pushEndpoint !== UNKNOWN &&
        !pushEndpoint.includes(UNKNOWN) &&
        !pushEndpoint.startsWith("https://")
      )
        failures.push({ property: "pushConfig.pushEndpoint", reason: `"${pushEndpoint}" is no https address` });
      const { ttl } = objectOf(inputs.expirationPolicy);
      return ttl === undefined || ttl === "" ? failures : [...failures, ...outside(inputs, "expirationPolicy.ttl", 86_400, 31_536_000)];
    },
    create(context, inputs): Created {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      const id = fullName("subscriptions", project, String(inputs.name));
      if (context.store.get(subscriptionToken, id) && context.orphan?.id !== id) throw conflict("Subscription", inputs.name);
      return { id, outputs: keep(context, id, inputs, admit(context, project, inputs)) };
    },
    update: (context, old, inputs) => keep(context, old.id, inputs, admit(context, projectOf(context, inputs), inputs)),
    delete({ store }, { id }) {
      store.remove(subscriptionToken, id);
      pubsub.refresh();
      pubsub.log.drop(id);
    },
  };
}

export interface PubSubService extends GcpService {
  readonly publish: PubSub["publish"];
}

export function createPubSub(ground: Ground, iam: Iam, keys: KeyMaterial, inside: Inside): PubSubService {
  const pubsub = new PubSub(ground, iam, keys, inside);
  let offline = () => {};
  const member = (kind: "topics" | "subscriptions", input: string, token: string, of: string) =>
    iamMember(iam, {
      token,
      test,
      replaceOn: [input, "project"],
      target(context, inputs) {
        const given = String(inputs[input]);
        const project = given.startsWith("projects/") ? (given.split("/")[1] as string) : projectOf(context, inputs);
        const name = fullName(kind, project, given);
        if (context.store.get(of, name)) return { name, outputs: { project } };
        throw new CloudError(
          "notFound",
          `Error applying IAM policy for pubsub ${input} "${name}": googleapi: Error 404: Resource not found (resource=${given})., notFound`,
        );
      },
    });
  return {
    resources: [
      withDeletionPolicy(topic(iam)),
      withDeletionPolicy(subscription(iam, pubsub)),
      member("topics", "topic", "gcp:pubsub/topicIAMMember:TopicIAMMember", topicToken),
      member("subscriptions", "subscription", "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember", subscriptionToken),
    ],
    functions: [],
    publish: (name, messages) => pubsub.publish(name, messages),
    async start() {
      pubsub.start();
      offline = ground.internet.register(api, pubsubApi(ground.store, iam, pubsub));
    },
    async stop() {
      offline();
      await pubsub.stop();
    },
    parts: () => pubsub.parts(),
  };
}
