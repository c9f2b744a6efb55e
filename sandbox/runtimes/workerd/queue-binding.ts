// The `queue` binding of a Worker, led out of workerd. Miniflare's own broker keeps messages in memory; workerd itself only needs some
// HTTP service behind the binding (`POST /message`, `POST /batch`), so here it is one of ours, and `send()` resolves with its answer.
// Loaded by miniflare as a plugin, from this file's path.

/** What a binding says of where its messages go. */
export interface QueueBinding {
  readonly queue: string;
  /** `host:port` of the HTTP server that takes messages. */
  readonly address: string;
  /** Sent along, so that no other process of the machine is taken for a Worker. */
  readonly secret: string;
}

export const queuePlugin = "queue-out";
export const queueHeader = "x-queue";
export const secretHeader = "x-queue-secret";

interface Bound {
  readonly name: string;
  readonly options: QueueBinding;
}

const serviceName = (queue: string) => `${queuePlugin}:${queue}`;

export const plugins = {
  [queuePlugin]: {
    getBindings: (bound: readonly Bound[] = []) =>
      bound.map(({ name, options }) => ({ name, queue: { name: serviceName(options.queue) } })),
    getNodeBindings: () => ({}),
    getServices: ({ options: bound = [] }: { readonly options?: readonly Bound[] }) =>
      bound.map(({ options: { queue, address, secret } }) => ({
        name: serviceName(queue),
        external: {
          address,
          http: {
            injectRequestHeaders: [
              { name: queueHeader, value: queue },
              { name: secretHeader, value: secret },
            ],
          },
        },
      })),
  },
};
