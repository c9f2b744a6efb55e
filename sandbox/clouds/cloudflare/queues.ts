// Queue and QueueConsumer: what Cloudflare refuses and fills in of them.
import { CloudError, type Context, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { CONSUMER, QUEUE, type QueueDelivery } from "./queue-delivery.ts";
import { maxDelaySeconds } from "./queue-producer.ts";
import type { Versions } from "./versions.ts";
import { hexId, now } from "./worker.ts";

const test = "test/sandbox/cloudflare/queues.test.ts";

// developers.cloudflare.com/queues/platform/limits; the delay of a message as its producers have it.
const queueRanges: Ranges = { deliveryDelay: [0, maxDelaySeconds], messageRetentionPeriod: [60, 1_209_600] };
const consumerRanges: Ranges = {
  batchSize: [1, 100],
  maxRetries: [0, 100],
  maxWaitTimeMs: [0, 60_000],
  retryDelay: [0, maxDelaySeconds],
  maxConcurrency: [1, 250],
  visibilityTimeoutMs: [1000, 43_200_000],
};

type Ranges = Readonly<Record<string, readonly [number, number]>>;

const object = (value: unknown): Properties => (typeof value === "object" && value !== null ? (value as Properties) : {});

function outOfRange(settings: Properties, ranges: Ranges): Failure[] {
  return Object.entries(ranges).flatMap(([name, [least, most]]) => {
    const value = settings[name];
    const bad = typeof value === "number" && (value < least || value > most);
    return bad ? [{ property: `settings.${name}`, reason: `${value} is outside of ${least} to ${most}` }] : [];
  });
}

const queueNamed = (store: Store, name: unknown) => store.list(QUEUE).find(({ state }) => state.queueName === name);

/** Whether workerd runs the Worker as a consumer already (or there is none to run). */
const consumes = (store: Store, script: unknown) =>
  script === undefined || store.list(CONSUMER).some(({ state }) => state.scriptName === script);

export function queueDefinitions(delivery: QueueDelivery, versions: Versions): ResourceDefinition[] {
  const described = (store: Store, id: string): Properties => {
    const consumers = store.list(CONSUMER).filter(({ state }) => state.queueId === id);
    const producers = versions.sendersTo(id);
    return {
      queueId: id,
      consumers: consumers.map(({ id: consumerId, state }) => ({
        consumerId,
        type: state.type,
        scriptName: state.scriptName ?? "",
        queueName: state.queueName,
        deadLetterQueue: state.deadLetterQueue ?? "",
        settings: state.settings,
        createdOn: state.createdOn,
      })) as Properties[],
      consumersTotalCount: consumers.length,
      producers: producers.map((script) => ({ type: "worker", script })),
      producersTotalCount: producers.length,
    };
  };

  const queue: ResourceDefinition = {
    token: QUEUE,
    fidelity: { level: "runs", how: "messages on disk, sent by Workers' bindings and delivered in batches", test },
    replaceOn: ["accountId", "jurisdiction"],
    recomputed: ["modifiedOn"],
    defaults: () => ({ settings: { deliveryDelay: 0, deliveryPaused: false, messageRetentionPeriod: 345_600 } }),
    refuse({ queueName, settings }) {
      const failures = outOfRange(object(settings), queueRanges);
      if (typeof queueName === "string" && queueName !== UNKNOWN && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(queueName))
        failures.push({
          property: "queueName",
          reason: `"${queueName}" must have letters, digits and hyphens only, no hyphen at either end, and at most 63 characters`,
        });
      return failures;
    },
    create({ store, orphan, urn }, inputs) {
      const taken = queueNamed(store, inputs.queueName);
      if (taken && taken.id !== orphan?.id)
        throw new CloudError("11009", `Queue name '${inputs.queueName}' is already taken (${taken.urn}). Please use a different name.`);
      const id = orphan?.id ?? hexId();
      const outputs = { ...described(store, id), createdOn: now(), modifiedOn: now() };
      store.put({ token: QUEUE, id, urn, inputs, state: { ...inputs, ...outputs } });
      delivery.refresh();
      return { id, outputs };
    },
    update({ store }, old, inputs) {
      const taken = queueNamed(store, inputs.queueName);
      if (taken && taken.id !== old.id)
        throw new CloudError("11009", `Queue name '${inputs.queueName}' is already taken (${taken.urn}). Please use a different name.`);
      const outputs = { ...described(store, old.id), createdOn: old.state.createdOn ?? now(), modifiedOn: now() };
      store.put({ ...old, inputs, state: { ...inputs, ...outputs } });
      delivery.refresh();
      return outputs;
    },
    read: ({ store }, { id }) => described(store, id),
    delete({ store }, { id }) {
      // Its consumer has nothing to consume any more; what Workers still send is refused.
      for (const consumer of store.list(CONSUMER)) if (consumer.state.queueId === id) store.remove(CONSUMER, consumer.id);
      store.remove(QUEUE, id);
      delivery.refresh();
      delivery.log.drop(id);
    },
  };

  /** @throws CloudError for what the API refuses of a consumer */
  const admit = ({ store }: Context, inputs: Properties): string => {
    const owner = store.get(QUEUE, inputs.queueId as string);
    if (!owner) throw new CloudError("11000", `Queue "${inputs.queueId}" does not exist.`);
    if (inputs.deadLetterQueue !== undefined && inputs.deadLetterQueue !== "" && !queueNamed(store, inputs.deadLetterQueue))
      throw new CloudError("11000", `Dead letter queue "${inputs.deadLetterQueue}" does not exist: create it before the consumer.`);
    if (inputs.type === "worker" && !versions.live(inputs.scriptName as string))
      throw new CloudError("10007", `This Worker does not exist on your account, or is not deployed: "${inputs.scriptName}".`);
    return owner.state.queueName as string;
  };

  const consumer: ResourceDefinition = {
    token: CONSUMER,
    fidelity: { level: "runs", how: "calls the Worker's queue() handler, or is pulled over HTTP", test },
    replaceOn: ["accountId", "queueId"],
    deleteBeforeReplace: true,
    defaults: ({ type }): Properties =>
      type === "http_pull"
        ? { settings: { batchSize: 10, maxRetries: 3, retryDelay: 0, visibilityTimeoutMs: 30_000 } }
        : { settings: { batchSize: 10, maxRetries: 3, maxWaitTimeMs: 5000, retryDelay: 0 } },
    refuse({ type, scriptName, settings }) {
      const failures = outOfRange(object(settings), consumerRanges);
      if (type !== UNKNOWN && type !== "worker" && type !== "http_pull")
        failures.push({ property: "type", reason: `"${type}" is not available here; "worker" and "http_pull" are` });
      if (type === "worker" && scriptName === undefined)
        failures.push({ property: "scriptName", reason: "a consumer of type worker needs the Worker's name" });
      return failures;
    },
    async create(context, inputs) {
      const { store, orphan, urn } = context;
      const queueName = admit(context, inputs);
      const taken = store.list(CONSUMER).find(({ id, state }) => state.queueId === inputs.queueId && id !== orphan?.id);
      if (taken)
        throw new CloudError("11004", `Queue "${queueName}" already has a consumer (${taken.urn}): a queue has one. Remove it first.`);
      const id = orphan?.id ?? hexId();
      const outputs = { consumerId: id, queueName, createdOn: now() };
      const isNew = !consumes(store, inputs.scriptName);
      store.put({ token: CONSUMER, id, urn, inputs, state: { ...inputs, ...outputs } });
      if (isNew) await versions.refresh();
      delivery.refresh();
      return { id, outputs };
    },
    async update(context, old, inputs) {
      const outputs = { consumerId: old.id, queueName: admit(context, inputs), createdOn: old.state.createdOn ?? now() };
      const isNew = !consumes(context.store, inputs.scriptName);
      context.store.put({ ...old, inputs, state: { ...inputs, ...outputs } });
      if (isNew) await versions.refresh();
      delivery.refresh();
      return outputs;
    },
    delete({ store }, { id }) {
      store.remove(CONSUMER, id);
      delivery.refresh();
    },
  };
  return [queue, consumer];
}
