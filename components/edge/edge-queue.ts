import { Queue, type QueueArgs } from "@pulumi/cloudflare/queue.js";
import { QueueConsumer, type QueueConsumerArgs } from "@pulumi/cloudflare/queueConsumer.js";
import type { WorkerVersionBinding } from "@pulumi/cloudflare/types/input.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, refuse, type Transform, transformed } from "../component.ts";
import { VersionedWorker, type VersionedWorkerArgs, type WorkerRelease } from "./versioned-worker.ts";

export interface EdgeQueueArgs {
  readonly accountId: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** What waits here, in lower case: `telemetry` gives the queues `telemetry-eu-gcp`, ... and the Worker `telemetry-eu`. */
  readonly spool: string;
  /** One queue each, so that a path that stands still holds up no other. */
  readonly paths: readonly string[];
  /** Of the Worker whose `queue()` handler empties the queues. One or two, oldest first. */
  readonly releases: readonly WorkerRelease[];
  /** What that Worker is bound to, beside the dead letter queues (`DEAD_LETTER_<PATH>`). */
  readonly bindings?: readonly WorkerVersionBinding[];
  readonly transform?: {
    readonly queue?: Transform<QueueArgs>;
    readonly consumer?: Transform<QueueConsumerArgs>;
    readonly worker?: VersionedWorkerArgs["transform"];
  };
}

/** 14 days, the longest that a queue keeps a message (developers.cloudflare.com/queues/platform/limits). */
const retentionSeconds = 1_209_600;

/**
 * A spool at the edge: per path one queue that is pinned to the jurisdiction, its dead letter queue, and one Worker that consumes all.
 *
 * Rests on: a queue's jurisdiction is fixed when it is made, and restricts storing and processing; one consumer a queue; a message that failed
 * `maxRetries` times is deleted unless there is a dead letter queue, which is a queue like any other, so it has the same jurisdiction, a consumer
 * (people read it over HTTP) and the longest retention (developers.cloudflare.com/queues/configuration). The consumer's Worker must be deployed
 * before the consumer, and the queues before the Worker that binds them. Every setting is written out: what is left open comes back from the
 * API as its default and shows as a difference for ever (terraform-provider-cloudflare#6486).
 */
export class EdgeQueue extends pulumi.ComponentResource {
  readonly nodes: {
    readonly queues: readonly Queue[];
    readonly deadLetters: readonly Queue[];
    readonly worker: VersionedWorker;
    readonly consumers: readonly QueueConsumer[];
    readonly readers: readonly QueueConsumer[];
  };
  readonly #spool: string;
  readonly #paths: readonly string[];

  constructor(name: string, args: EdgeQueueArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:edge:EdgeQueue", name, {}, options);
    const { accountId, spool, paths, transform = {} } = args;
    const { region, edgeQueue, cloudflare } = residencyOf(args.jurisdiction);
    refuse("EdgeQueue", name, [
      (edgeQueue === "none" || cloudflare.jurisdiction === "none") &&
        `jurisdiction "${args.jurisdiction}" cannot pin queues (stacks/residency.ts): let a service of the region keep what must wait`,
      paths.length === 0 && "it has no `paths`: give one at least",
      new Set(paths).size < paths.length && `it has a path twice: ${paths.join(", ")}`,
      ...[spool, ...paths].map(
        (word) => !/^[a-z][a-z0-9]*$/.test(word) && `"${word}": a lower case letter, then lower case letters and digits`,
      ),
    ]);
    const child: pulumi.CustomResourceOptions = { parent: this };
    const kept = { ...child, protect: args.lifecycle === "durable" };
    const queue = (part: string, queueName: string) =>
      new Queue(
        `${name}-${part}`,
        ...transformed(
          transform.queue,
          {
            accountId,
            queueName,
            jurisdiction: cloudflare.jurisdiction,
            settings: { deliveryDelay: 0, deliveryPaused: false, messageRetentionPeriod: retentionSeconds },
          },
          kept,
        ),
      );
    const queues = paths.map((path) => queue(path, `${spool}-${region}-${path}`));
    const deadLetters = paths.map((path) => queue(`${path}-dead`, `${spool}-${region}-${path}-dead`));

    const worker = new VersionedWorker(
      `${name}-worker`,
      {
        accountId,
        scriptName: `${spool}-${region}`,
        releases: args.releases,
        bindings: [...(args.bindings ?? []), ...queueBindings("DEAD_LETTER", paths, deadLetters)],
        transform: transform.worker,
      },
      { parent: this },
    );
    const consumers = queues.map(
      (from, i) =>
        new QueueConsumer(
          `${name}-${paths[i]}-consumer`,
          ...transformed<QueueConsumerArgs>(
            transform.consumer,
            {
              accountId,
              queueId: from.queueId,
              type: "worker",
              scriptName: worker.deployedName,
              deadLetterQueue: (deadLetters[i] as Queue).queueName,
              // A second of waiting at most; an hour of trying before people must look. The largest batches, ten at once: at a tenth of a
              // second each that is more than the 5,000 messages a second that a queue takes.
              settings: { batchSize: 100, maxWaitTimeMs: 1000, maxRetries: 100, retryDelay: 36, maxConcurrency: 10 },
            },
            { ...child, deleteBeforeReplace: true },
          ),
        ),
    );
    const readers = deadLetters.map(
      (from, i) =>
        new QueueConsumer(
          `${name}-${paths[i]}-dead-reader`,
          ...transformed<QueueConsumerArgs>(
            transform.consumer,
            {
              accountId,
              queueId: from.queueId,
              type: "http_pull",
              settings: { batchSize: 100, maxRetries: 100, retryDelay: 0, visibilityTimeoutMs: 60_000 },
            },
            { ...child, deleteBeforeReplace: true },
          ),
        ),
    );
    this.#spool = spool;
    this.#paths = paths;
    this.nodes = { queues, deadLetters, worker, consumers, readers };
    this.registerOutputs({ queueNames: queues.map(({ queueName }) => queueName) });
  }

  /** Ids of each path's queue and of its dead letter queue, for people and programs that ask what waits there. */
  get queueIds(): Record<string, { queue: pulumi.Output<string>; deadLetters: pulumi.Output<string> }> {
    const { queues, deadLetters } = this.nodes;
    return Object.fromEntries(
      this.#paths.map((path, i) => [path, { queue: (queues[i] as Queue).queueId, deadLetters: (deadLetters[i] as Queue).queueId }]),
    );
  }

  /** For a Worker that sends: `<SPOOL>_<PATH>`, so `TELEMETRY_GCP`. */
  get senderBindings(): WorkerVersionBinding[] {
    return queueBindings(this.#spool.toUpperCase(), this.#paths, this.nodes.queues);
  }
}

const queueBindings = (prefix: string, paths: readonly string[], queues: readonly Queue[]): WorkerVersionBinding[] =>
  queues.map(({ queueName }, i) => ({ name: `${prefix}_${(paths[i] as string).toUpperCase()}`, type: "queue", queueName }));
