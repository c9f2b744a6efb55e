// A queue that is full refuses what is new and keeps what it has; its neighbours do not notice.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QUEUE, QueueDelivery } from "../../../sandbox/clouds/cloudflare/queue-delivery.ts";
import { Store } from "../../../sandbox/engine/store.ts";
import { until } from "../../until.ts";

let folder: string;
let store: Store;
let queues: QueueDelivery;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "queues-"));
  store = new Store(join(folder, "store.db"));
  for (const id of ["full", "other"]) {
    const state = {
      queueName: id,
      accountId: "account",
      settings: { deliveryDelay: 0, deliveryPaused: false, messageRetentionPeriod: 3600 },
    };
    store.put({ token: QUEUE, id, urn: `urn:${id}`, inputs: {}, state });
  }
  queues = new QueueDelivery(store, join(folder, "queues.db"), async () => undefined, 10_000);
  queues.start();
});
afterEach(async () => {
  await queues.stop();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const send = (queue: string) => queues.send(queue, [{ body: Buffer.alloc(4000), contentType: "bytes" }]);

test("a queue whose storage is used up refuses with Cloudflare's error until something is taken out", async () => {
  for (let i = 0; i < 3; i++) await send("full");
  // Its numbers are a second old at the most.
  await until(
    () =>
      send("full").then(
        () => false,
        (error) => error.code === 10251 && error.status === 429 && error.message === "Queue storage limit exceeded",
      ),
    "the queue to be full",
  );
  const held = queues.measure("full").backlogCount;
  expect(held).toBeGreaterThanOrEqual(3);
  await send("other");
  const leased = queues.log.lease("full", held, 60_000);
  expect(leased).toHaveLength(held);
  queues.log.acknowledge(
    "full",
    leased.map(({ lease }) => lease),
  );
  await until(
    () =>
      send("full").then(
        () => true,
        () => false,
      ),
    "the queue to take messages again",
  );
});
